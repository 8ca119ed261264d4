"""The format process from the program's side: a model file in another kind of numbers, and what that loses."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from app.children import Child
from app.engine.format_messages import (
    CompareFiles,
    FilesCompared,
    FormatAnswer,
    FormatCommand,
    FormatFailed,
    Loss,
    Requantise,
    Requantised,
)
from app.errors import ErrorKind, KnownError


async def requantise(source: Path, target: Path, kind: str, *, n_threads: int, logs: Path) -> int:
    """Bytes of the file that was written. Where it fails or is cancelled, nothing is left. Raises KnownError."""
    command = Requantise(source=os.fsencode(source), target=os.fsencode(target), kind=kind, n_threads=n_threads)
    try:
        answer = await _ask(command, source, logs)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    assert isinstance(answer, Requantised)
    return answer.n_bytes


async def compare(source: Path, others: Sequence[Path], text: str, *, n_threads: int, logs: Path) -> list[Loss]:
    """What each of the others loses. Raises KnownError."""
    command = CompareFiles(
        source=os.fsencode(source),
        others=tuple(os.fsencode(other) for other in others),
        text=text,
        n_threads=n_threads,
    )
    answer = await _ask(command, source, logs)
    assert isinstance(answer, FilesCompared)
    return list(answer.losses)


async def _ask(command: FormatCommand, source: Path, logs: Path) -> FormatAnswer:
    """In a process of its own, which is ended at once where nobody waits for it any more."""
    child: Child[FormatAnswer] = await Child.start("format", received=FormatAnswer, log_file=logs / "format-native.log")
    try:
        child.send(command)
        async for message in child.messages():
            if isinstance(message, FormatFailed):
                raise KnownError(message.kind, message.sentence)
            return message
        raise KnownError(
            ErrorKind.MODEL_UNREADABLE,
            f"{source.name} makes llama.cpp crash: the file is damaged or not what it says. Choose another model.",
        )
    finally:
        child.kill()
        await asyncio.shield(child.wait())
