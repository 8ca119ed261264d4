"""How fast the window is: its start, a long reply that streams into it, a long chat, a search in very many, much that
is pasted or dropped.

Each in a process of its own (`app/gui/window_measure.py`), without a display, and on a virtual one where Xvfb is.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.child_command import child_command
from app.lab.bench import Lab
from app.lab.long_chat import write_chat
from app.lab.many_chats import write_many_chats
from app.lab.row import Limit, Row

STARTS = 5
MESSAGES_BESIDE, MESSAGES = 500, 2_000
MESSAGES_SEARCHED = 100_000
TOKENS = 20_000
FILES = 500
_LIMITS = {
    "start_seconds": 0.6,
    "stream_busy_seconds": 0.033,
    "stream_cpu_share": 0.25,
    "stream_cost_ratio": 1.25,
    "open_seconds": 0.15,
    "scroll_busy_seconds": 0.033,
    "search_seconds": 0.1,
    "search_busy_seconds": 0.033,
    "paste_busy_seconds": 0.1,
    "drop_busy_seconds": 0.1,
    "memory_mb": 250.0,
    "memory_left_ratio": 1.1,
    "late": 0.0,
}
_SCREEN = "1600x1000x24"


async def window(lab: Lab) -> Row:
    """On the fake engine: what is measured is the window's own process."""
    row = Row("window", facts={"workload": _workload()})
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    usual["PYTHONPYCACHEPREFIX"] = str(lab.folder / "compiled")  # as a program that was started before has it
    displays: dict[str, Mapping[str, str]] = {"": {**usual, "QT_QPA_PLATFORM": "offscreen"}}
    if os.name == "posix" and (xvfb := shutil.which("Xvfb")):
        with _virtual_display(xvfb) as display:
            displays["x11_"] = {**usual, "QT_QPA_PLATFORM": "xcb", "DISPLAY": display}
            await _measure(row, lab, displays)
    else:
        row.facts["display"] = "there is no Xvfb, so only without a display"
        await _measure(row, lab, displays)
    return row


async def _measure(row: Row, lab: Lab, displays: Mapping[str, Mapping[str, str]]) -> None:
    searched = lab.folder / "searched"
    await asyncio.to_thread(write_many_chats, searched, MESSAGES_SEARCHED)
    for prefix, environment in displays.items():
        lab.say(f"  {environment['QT_QPA_PLATFORM']}")
        folder = lab.folder / f"window-{environment['QT_QPA_PLATFORM']}"
        await asyncio.to_thread(_prepare, folder)
        figures = await asyncio.to_thread(_figures, folder, searched, environment)
        row.figures |= {f"{prefix}{key}": value for key, value in figures.items()}
        row.limits += [Limit(f"{prefix}{key}", value) for key, value in _LIMITS.items()]


def _workload() -> str:
    return (
        f"start: median of {STARTS}; {TOKENS:,} tokens at 200 a second beside {MESSAGES_BESIDE} messages; a chat of "
        f"{MESSAGES:,} messages; words searched for in {MESSAGES_SEARCHED:,}; 2 MB pasted; {FILES} files "
        "dropped; late: alarms of 0.2 s"
    )


def _prepare(folder: Path) -> None:
    write_chat(folder, 50)
    write_chat(folder, MESSAGES_BESIDE)
    write_chat(folder, MESSAGES)
    files = folder / "files"
    files.mkdir()
    for n in range(FILES):
        (files / f"note {n}.txt").write_text(f"Note {n}.\n", encoding="utf-8")


def _figures(folder: Path, searched: Path, environment: Mapping[str, str]) -> dict[str, float]:
    starts, start_costs = [], []
    for _ in range(STARTS + 1):  # the first fills the caches
        found = _child(environment, "start", str(time.time()), str(folder))
        assert found.pop("typed") == 1.0
        starts.append(found["start_seconds"])
        start_costs.append(found["start_cpu_seconds"])
    profile = str(folder)
    parts = (
        _child(environment, "stream", profile, f"long{MESSAGES_BESIDE}", str(TOKENS)),
        _child(environment, "open", profile, f"long{MESSAGES}", "long50"),
        _child(environment, "search", str(searched)),
        _child(environment, "take", profile, str(folder / "files")),
    )
    late = sum(part.pop("late") for part in parts)
    figures = {
        "start_seconds": statistics.median(starts[1:]),
        "start_cpu_seconds": statistics.median(start_costs[1:]),
        "late": late,
    }
    for part in parts:
        figures |= part
    return {key: figures[key] for key in [*_LIMITS, *(key for key in figures if key not in _LIMITS)]}


def _child(environment: Mapping[str, str], *arguments: str) -> dict[str, float]:
    done = subprocess.run(
        child_command("measure-window", *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=environment,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def _virtual_display(xvfb: str) -> Iterator[str]:
    """A display that nobody sees: its name."""
    reader, writer = os.pipe()
    command = [xvfb, "-displayfd", str(writer), "-screen", "0", _SCREEN, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writer], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()
