"""The format process from the program's side: a model file in another kind of numbers, and what that loses.

llama.cpp's quantiser can't be interrupted, so its process stands still while somebody chats. Nothing is computed twice,
and its threads want no core: neither the system nor the engine, which looks at who wants to run, has to reckon with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakSet

import psutil

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

_OF = "--program"
_chatting: WeakSet[object] = WeakSet()  # whose chats want the machine
_at_work: set[Child[FormatAnswer]] = set()


def give_way_to_chats(whose: object, are_active: bool) -> None:
    """Somebody waits for a reply, or nobody does any more: what is at work stands still meanwhile."""
    (_chatting.add if are_active else _chatting.discard)(whose)
    for child in _at_work:
        _let_go_on(child, not _chatting)


def _let_go_on(child: Child[FormatAnswer], may_work: bool) -> None:
    with contextlib.suppress(psutil.Error):  # it has ended
        process = psutil.Process(child.pid)
        process.resume() if may_work else process.suspend()


def end_what_was_left() -> None:
    """Of a program that was killed while somebody chatted: a process that stands still can't see that it is alone."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ValueError):
            if process.status() == psutil.STATUS_STOPPED and _OF in (words := process.cmdline()):
                program = int(words[-1])
                if process.ppid() != program or not psutil.pid_exists(program):
                    process.kill()


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
    child: Child[FormatAnswer] = await Child.start(
        "format", _OF, str(os.getpid()), received=FormatAnswer, log_file=logs / "format-native.log"
    )
    _at_work.add(child)
    try:
        if _chatting:
            _let_go_on(child, False)
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
        _at_work.discard(child)
        child.kill()
        await asyncio.shield(child.wait())
