"""A command in a window's hands when that window is told to end: one sentence, and no traceback on either side."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.processes.program import ENDLESS, Program, wait_for

FAKE = ("--engine", "fake")
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("n_guests", [1, 2])
def test_the_window_ends_while_commands_are_attached(tmp_path: Path, number: signal.Signals, n_guests: int) -> None:
    with Program(tmp_path, *FAKE, env=OFFSCREEN) as window:
        window.engine()
        guests = [Program(tmp_path, *FAKE, "chat", f"Guest {n}. {ENDLESS}") for n in range(n_guests)]
        for guest in guests:
            assert guest.read(10)
        window.process.send_signal(number)
        code, out, err = window.finish()
        ends = [guest.finish() for guest in guests]
    assert (code, out, err) == (0, "", "")
    sentence = "The running Rubato was closed before this was done. Start it again.\n"
    assert [(code, err) for code, _, err in ends] == [(1, sentence)] * n_guests
    assert "Traceback" not in log_of(tmp_path)


def test_a_guest_that_is_killed_while_the_window_ends_is_no_fault(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, env=OFFSCREEN) as window:
        window.engine()
        with Program(tmp_path, *FAKE, "chat", ENDLESS) as guest:
            assert guest.read(10)
            guest.process.kill()
            window.process.terminate()
            assert window.finish() == (0, "", "")
    assert "Traceback" not in log_of(tmp_path)
    assert wait_for(lambda: not (tmp_path / "running.sock").exists(), "the socket's end")


def log_of(profile: Path) -> str:
    return (profile / "logs" / "window.log").read_text()
