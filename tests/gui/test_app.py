"""The program with its window from start to end, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QFileOpenEvent
from pytestqt.qtbot import QtBot

from app.gui.app import Application, open_files
from app.gui.new_job.dialog import NewJobDialog
from tests.gui.conftest import Desk

SCRIPT = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from tests.gui.scripted_core import ScriptedCore
from app.gui import app
from app.settings import Settings

made = []
def make_core(sink):
    made.append(ScriptedCore(sink))
    return made[-1]

shown = app.Window.start
def start(window, *given):
    shown(window, *given)
    if sys.argv[2] == "close":
        window.close()
    else:
        os.kill(os.getpid(), signal.SIGTERM)
app.Window.start = start
code = app.run(make_core, Settings())
print(code, made[0].is_closed)
"""


def test_files_that_a_mac_hands_over_are_opened_together(qapp: Application, qtbot: QtBot) -> None:
    asked: list[list[Path]] = []
    qapp.files_asked.connect(lambda: asked.append(qapp.take_files()))
    for name in ("/tmp/a.pdf", "/tmp/b c.pdf"):
        assert qapp.sendEvent(qapp, QFileOpenEvent(name))
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [[Path("/tmp/a.pdf"), Path("/tmp/b c.pdf")]]
    assert qapp.take_files() == []


def test_files_that_are_asked_for_come_into_the_dialog_for_a_new_job(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Water.")
    open_files(desk.window, [])
    assert desk.window.findChild(NewJobDialog) is None
    open_files(desk.window, [file])
    dialog = desk.window.findChild(NewJobDialog)
    assert isinstance(dialog, NewJobDialog)
    desk.until(dialog.isVisible)
    dialog.reject()


@pytest.mark.parametrize("end", ["close", "kill"])
def test_however_the_window_ends_the_core_is_closed_first(end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", SCRIPT, str(Path(__file__).parents[2]), end],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.returncode) == ("0 True\n", 0), done.stderr
