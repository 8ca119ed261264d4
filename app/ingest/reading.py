"""The program's side of reading a document: one killable task process a file. Used on the asyncio thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from app.ingest import failures
from app.ingest.document import Block, Document
from app.ingest.messages import BlocksRead, DocumentRead, ReadDocument, ReadProgressed
from app.ingest.task import ReadingTask, ReadLimits, reading_task

OnProgress = Callable[[int, int | None], None]  # pages done, pages in all; None: the format has no pages
_LIMITS = ReadLimits()


async def read_document(
    path: Path, *, log_file: Path, limits: ReadLimits = _LIMITS, on_progress: OnProgress | None = None
) -> Document:
    """Read a file of any supported format. Raises KnownError with one sentence that names the file.

    Cancelling kills the process.
    """
    path = path.absolute()
    command = ReadDocument(path=os.fsencode(path), max_characters=limits.max_characters)
    try:
        async with asyncio.timeout(limits.seconds), reading_task(path, command, limits, log_file) as task:
            return await _document(task, on_progress)
    except TimeoutError:
        raise failures.timed_out(path, limits.seconds) from None


async def _document(task: ReadingTask, on_progress: OnProgress | None) -> Document:
    blocks: list[Block] = []
    while True:
        match await task.next_event():
            case ReadProgressed() as event:
                if on_progress is not None:
                    on_progress(event.n_pages_done, event.n_pages)
            case BlocksRead() as event:
                blocks.extend(event.blocks)
            case DocumentRead() as event:
                return Document(
                    name=event.name,
                    blocks=tuple(blocks),
                    n_pages=event.n_pages,
                    notes=event.notes,
                    unread_pages=event.unread_pages,
                )
            case event:
                raise task.unexpected(event)
