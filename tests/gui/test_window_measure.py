"""What `rubato bench window` measures is there: its children do their part, and say so in figures."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from app.child_command import child_command
from app.lab.long_chat import pieces, section, write_chat
from app.lab.many_chats import write_many_chats
from app.lab.window_bench import _LIMITS


def measured(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        child_command("measure-window", *arguments), capture_output=True, text=True, timeout=150, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    write_chat(tmp_path, 12)
    write_chat(tmp_path, 60)
    (tmp_path / "files").mkdir()
    for n in range(3):
        (tmp_path / "files" / f"{n}.txt").write_text(f"Note {n}.")
    return tmp_path


def test_each_limit_has_its_figure(profile: Path, tmp_path: Path) -> None:
    found = measured("start", str(time.time()), str(profile))
    assert found.pop("typed") == 1.0
    found |= measured("stream", str(profile), "long12", "60")
    found |= measured("open", str(profile), "long60", "long12")
    write_many_chats(tmp_path / "many", 300)
    found |= measured("search", str(tmp_path / "many"))
    found |= measured("take", str(profile), str(profile / "files"))
    assert set(_LIMITS) <= set(found)
    assert all(value >= 0 for value in found.values())
    assert found["memory_mb"] > 20
    kinds = ("rare", "common", "ranked", "prefix", "phrase", "everywhere", "typed", "burst")
    worst = [found[f"search_{kind}_worst_seconds"] for kind in kinds]
    assert found["search_seconds"] == max(worst)
    assert all(found[f"search_{kind}_seconds"] <= most for kind, most in zip(kinds, worst, strict=True))


def test_the_reply_is_as_long_as_it_is_said_to_be() -> None:
    assert len(pieces(5_000)) == 5_000
    assert 3_200 < len(section(1)) < 4_800
