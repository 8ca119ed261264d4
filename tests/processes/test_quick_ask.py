"""`rubato ask` from another start, and the key that asks from any program, on a real X server."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_display import x_server
from tests.processes.program import Program, rows, run, wait_for

__all__ = ["x_server"]
FAKE = ("--engine", "fake")
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}
NOWHERE = {"QT_QPA_PLATFORM": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}


def asked(profile: Path, text: str) -> bool:
    return bool(rows(profile, f"SELECT 1 FROM messages WHERE text = '{text}'"))


def test_a_second_start_asks_in_the_window_that_is_open_and_a_first_one_opens_it(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "ask", "First", "question", env=OFFSCREEN):
        wait_for(lambda: asked(tmp_path, "First question"), "the question that it was started with")
        code, out, err = run(tmp_path, *FAKE, "ask", "Second question", env=OFFSCREEN)
        assert (code, out) == (0, ""), err
        wait_for(lambda: asked(tmp_path, "Second question"), "the question of the second start")
        code, _, err = run(tmp_path, *FAKE, "ask", env=OFFSCREEN)
        assert (code, "quick ask" in err) == (0, True)


def test_without_a_display_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    code, _, err = run(tmp_path, *FAKE, "ask", env=NOWHERE)
    assert code == 1
    assert "rubato chat" in err


def test_the_key_asks_from_any_program_and_is_free_again_at_the_end(tmp_path: Path, x_server: str) -> None:
    if shutil.which("xdotool") is None:
        pytest.skip("this machine has no xdotool")

    def xdotool(*arguments: str) -> str:
        env = {**os.environ, "DISPLAY": x_server}
        return subprocess.run(["xdotool", *arguments], env=env, capture_output=True, text=True, check=False).stdout

    def quick_ask() -> str:
        xdotool("key", "ctrl+alt+space")
        return xdotool("search", "--onlyvisible", "--name", "Quick ask").strip()

    display = {"QT_QPA_PLATFORM": "xcb", "DISPLAY": x_server, "WAYLAND_DISPLAY": ""}
    with Program(tmp_path, *FAKE, env=display) as program:
        program.engine()
        window = wait_for(quick_ask, "the quick ask")
        xdotool("windowfocus", "--sync", window.split()[0])
        xdotool("type", "abc")
        xdotool("key", "Return")
        wait_for(lambda: asked(tmp_path, "abc"), "what was typed")
        xdotool("key", "Escape")
        visible = ("search", "--onlyvisible", "--name", "Quick ask")
        wait_for(lambda: not xdotool(*visible).strip(), "Escape to close it")
        with Program(tmp_path / "other", *FAKE, env=display) as second:
            second.engine()
            wait_for(lambda: "can't be had" in logged(tmp_path / "other"), "a word that the key is taken")
            assert second.process.poll() is None


def logged(profile: Path) -> str:
    return "".join(file.read_text() for file in (profile / "logs").glob("*.log*"))
