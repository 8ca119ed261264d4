"""`rubato export` and `rubato import`: to another machine, and from other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.codes import OK
from app.core.core import Core
from app.core.instance import Console


async def move(core: Core, parsed: argparse.Namespace, folder: Path, console: Console) -> int:
    """Paths are from `folder` on. Raises KnownError."""
    path = folder / parsed.file
    if parsed.command == "export":
        await core.export_everything(path)
        console.err(f"Everything is in {path}. Take it over elsewhere with “rubato import”.\n")
        return OK
    report = await core.import_file(path)
    said = [f"{_number(report.chats, 'chat')} and {_number(report.messages, 'message')} taken over"]
    said += [f"{_number(report.jobs, 'job')} taken over"] if report.jobs else []
    said += [f"{_number(report.known, 'chat')} here already"] if report.known else []
    console.err("".join(f"{line}\n" for line in (*said, *report.skipped)))
    return OK


def _number(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
