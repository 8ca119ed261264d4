"""Started without a command where no window can be shown: one sentence, and the conversation in the terminal."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.engine.process.fake_llama import reply_to
from tests.processes.program import Program, run

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="other systems always have a display")

FAKE = ("--engine", "fake")
NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}


def terminal_chat(profile: Path, **env: str) -> str:
    """What is said on standard error by a start that must end up in the terminal."""
    code, out, err = run(profile, *FAKE, env={**NO_DISPLAY, **env}, given="Hello")
    assert (code, out) == (0, reply_to("Hello") + "\n"), err
    sentence, figures = err.splitlines()
    assert figures.startswith("TTFT")
    assert sentence.endswith(", so Rubato opens in the terminal.")
    return sentence


@pytest.fixture
def x_server() -> Iterator[str]:
    """A real X server without a screen; the value of DISPLAY for it."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("this machine has no Xvfb")
    reading, writing = os.pipe()
    command = [program, "-displayfd", str(writing), "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as number:
        display = number.readline().strip()
    yield f":{display}"
    server.terminate()
    server.wait(30)


def display_that(answers: bool) -> tuple[socket.socket, str]:
    """A listener on a port of X11, which hangs up on everyone or never says a word; and DISPLAY for it."""
    for number in range(200, 400):
        listener = socket.socket()
        try:
            listener.bind(("127.0.0.1", 6000 + number))
        except OSError:
            listener.close()
            continue
        listener.listen()
        if answers:
            threading.Thread(target=hang_up_on_everyone, args=(listener,), daemon=True).start()
        return listener, f"127.0.0.1:{number}"
    pytest.fail("no free port")


def hang_up_on_everyone(listener: socket.socket) -> None:
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


@pytest.mark.parametrize(
    "env",
    [
        {"DISPLAY": ":4711"},
        {"DISPLAY": "no screen"},
        {"WAYLAND_DISPLAY": "wayland-4711"},
        {"DISPLAY": ":4711", "WAYLAND_DISPLAY": "wayland-4711"},
        {"QT_QPA_PLATFORM": "xcb"},
        {"QT_QPA_PLATFORM": "wayland;xcb", "DISPLAY": ":4711"},
    ],
)
def test_a_display_that_is_not_there_is_told_and_the_terminal_opens(tmp_path: Path, env: dict[str, str]) -> None:
    said = terminal_chat(tmp_path, **env)
    assert said.startswith("There is no display that answers")
    assert all(value in said for name, value in env.items() if name != "QT_QPA_PLATFORM")


@pytest.mark.parametrize("answers", [True, False], ids=["hangs up", "is silent"])
def test_a_display_that_does_not_talk_is_told_and_the_terminal_opens(tmp_path: Path, answers: bool) -> None:
    listener, display = display_that(answers)
    with closing(listener):
        assert terminal_chat(tmp_path, DISPLAY=display).startswith(
            f"There is no display that answers (DISPLAY={display})"
        )


def test_a_wayland_display_that_hangs_up_is_told_and_the_terminal_opens(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "wayland-1"))
        listener.listen()
        threading.Thread(target=hang_up_on_everyone, args=(listener,), daemon=True).start()
        said = terminal_chat(tmp_path / "profile", XDG_RUNTIME_DIR=str(tmp_path), WAYLAND_DISPLAY="wayland-1")
        assert said.startswith("There is no display that answers (WAYLAND_DISPLAY=wayland-1)")


@pytest.mark.parametrize("dead", [{}, {"WAYLAND_DISPLAY": "wayland-4711"}], ids=["X11", "X11 and a dead Wayland"])
def test_the_window_opens_on_a_display_that_answers(tmp_path: Path, x_server: str, dead: dict[str, str]) -> None:
    with Program(tmp_path, *FAKE, env={**NO_DISPLAY, "DISPLAY": x_server, **dead}) as window:
        window.engine()
        code, _, err = run(tmp_path, *FAKE, env={**NO_DISPLAY, "DISPLAY": x_server})
        assert (code, err) == (0, "Rubato is open already; its window comes to the front.\n")
        window.process.terminate()
        assert window.finish()[0] == 0


def test_a_system_library_that_the_display_needs_is_named(tmp_path: Path, x_server: str) -> None:
    (tmp_path / "libxcb-cursor.so.0").touch()  # found first, and no library
    said = terminal_chat(tmp_path / "profile", DISPLAY=x_server, LD_LIBRARY_PATH=str(tmp_path))
    assert said.startswith("Qt needs the system library libxcb-cursor.so.0")
    assert "install libxcb-cursor0)" in said


def test_a_system_library_that_qt_itself_needs_is_named(tmp_path: Path) -> None:
    (tmp_path / "libEGL.so.1").touch()
    said = terminal_chat(tmp_path / "profile", QT_QPA_PLATFORM="offscreen", LD_LIBRARY_PATH=str(tmp_path))
    assert said.startswith("Qt needs the system library libEGL.so.1")
    assert "install libegl1)" in said
