"""The program with its window from start to end, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.gui.scripted_core import ScriptedCore
from app.gui import app
from app.settings import Settings

made = []
def make_core(sink):
    made.append(ScriptedCore(sink))
    return made[-1]

shown = app.Window.start
def start(window):
    shown(window)
    window.close()
app.Window.start = start
code = app.run(make_core, Settings())
print(code, made[0].is_closed)
"""


def test_closing_the_window_closes_the_core_and_ends_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", SCRIPT, str(Path(__file__).parents[2])],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.returncode) == ("0 True\n", 0), done.stderr
