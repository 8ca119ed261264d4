"""How a child process of this program is started. Asyncio is not imported here: the window has children too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CONSOLE_PROGRAM = "rubato-console.exe"


def child_command(role: str, *arguments: str) -> list[str]:
    """The command line of a child, from source and in a frozen build alike.

    -P: a file called app.py in the current folder is not ours.
    """
    program = [_frozen_program()] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "app"]
    return [*program, "child", role, *arguments]


def _frozen_program() -> str:
    """This one; on Windows (not run yet) the one beside it that has standard input and output."""
    console = Path(sys.executable).with_name(CONSOLE_PROGRAM)
    return str(console) if os.name == "nt" and console.exists() else sys.executable
