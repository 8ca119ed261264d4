"""The program with its window from start to end, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("end", ["close", "kill"])
def test_however_the_window_ends_the_core_is_closed_first(end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", SCRIPT, str(Path(__file__).parents[2]), end],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.returncode) == ("0 True\n", 0), done.stderr
