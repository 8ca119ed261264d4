"""What `rubato bench window` measures is there: its children do their part, and say so in figures."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from app.child_command import child_command
from app.lab.long_chat import pieces, section, write_chat
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


def test_each_limit_has_its_figure(profile: Path) -> None:
    found = measured("start", str(time.time()), str(profile))
    assert found.pop("typed") == 1.0
    found |= measured("stream", str(profile), "long12", "60")
    found |= measured("open", str(profile), "long60", "long12")
    found |= measured("take", str(profile), str(profile / "files"))
    assert set(_LIMITS) <= set(found)
    assert all(value >= 0 for value in found.values())
    assert found["memory_mb"] > 20


def test_the_reply_is_as_long_as_it_is_said_to_be() -> None:
    assert len(pieces(5_000)) == 5_000
    assert 3_200 < len(section(1)) < 4_800
