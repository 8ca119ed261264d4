"""`rubato models` as people type it: the hub, a download, what is there, a token; in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.downloads.local_hub import REPOSITORY, TOKEN, LocalHub, model_bytes


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    served = LocalHub({"tiny-Q4_0.gguf": model_bytes(50_000), "tiny-Q8_0.gguf": model_bytes(90_000)})
    yield served
    served.close()


def rubato(hub: LocalHub, folder: Path, *words: str, typed: str = "") -> tuple[int, str, str]:
    """The exit code, the answer, and what else was said of `rubato models WORDS`."""
    own = {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hf"), "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")} | own
    command = [sys.executable, "-m", "app", "--profile", str(folder / "profile"), "models", *words]
    ended = subprocess.run(command, env=environment, input=typed, capture_output=True, text=True, timeout=120)
    return ended.returncode, ended.stdout, ended.stderr


def test_a_model_from_its_search_until_it_is_removed(hub: LocalHub, tmp_path: Path) -> None:
    code, found, _ = rubato(hub, tmp_path, "search", "tiny")
    assert code == 0
    assert found.split()[0] == REPOSITORY
    _, files, _ = rubato(hub, tmp_path, "files", REPOSITORY)
    assert [line.split()[0] for line in files.splitlines()] == ["Q4_0", "Q8_0"]

    code, _, said = rubato(hub, tmp_path, "get", REPOSITORY)
    assert (code, said) == (1, f"Name one of its files, as in “{REPOSITORY}:Q4_0”: Q4_0, Q8_0.\n")
    code, _, said = rubato(hub, tmp_path, "get", f"{REPOSITORY}:q4_0")
    place = tmp_path / "profile" / "models" / REPOSITORY / "tiny-Q4_0.gguf"
    assert (code, place.read_bytes()) == (0, hub.files["tiny-Q4_0.gguf"])
    assert said.endswith(f"tiny-Q4_0 is in place: {place}\n")

    _, models, _ = rubato(hub, tmp_path)
    assert "smollm2-135m-instruct" in models
    assert str(place) in models
    assert rubato(hub, tmp_path, "remove", str(place))[0] == 0
    assert not place.exists()


def test_a_token_comes_from_standard_input_and_is_said_nowhere(hub: LocalHub, tmp_path: Path) -> None:
    code, _, said = rubato(hub, tmp_path, "token", typed="wrong\n")
    assert code == 1
    assert "does not take this token" in said
    code, out, said = rubato(hub, tmp_path, "token", typed=f"{TOKEN}\n")
    assert (code, out, said) == (0, "", f"The token of ada is kept, and sent to {hub.url} only.\n")
    kept = [file for file in tmp_path.rglob("*") if file.is_file() and TOKEN.encode() in file.read_bytes()]
    assert [file.parent for file in kept] == [tmp_path / "hf"] * len(kept)
    assert rubato(hub, tmp_path, "token", "--forget")[0] == 0
    assert not any(TOKEN.encode() in file.read_bytes() for file in (tmp_path / "hf").iterdir())


@pytest.mark.parametrize("words", [("pause",), ("cancel", "nothing"), ("files", "../.."), ("get", "nonsense")])
def test_what_can_not_be_done_is_said_in_one_sentence(hub: LocalHub, tmp_path: Path, words: tuple[str, ...]) -> None:
    code, out, said = rubato(hub, tmp_path, *words)
    assert (code, out) == (1, "")
    assert said.endswith(".\n")
    assert said.count("\n") == 1
