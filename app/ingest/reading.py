"""The program's side of reading a document: one killable task process a file. Used on the asyncio thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.children import Child
from app.errors import KnownError
from app.ingest import failures
from app.ingest.document import Block, Document
from app.ingest.messages import BlocksRead, DocumentEvent, DocumentRead, ReadDocument, ReadingFailed, ReadProgressed
from app.logs import topic
from app.wire import WireError

log = topic("documents")

OnProgress = Callable[[int, int | None], None]  # pages done, pages in all; None: the format has no pages


@dataclass(frozen=True, kw_only=True)
class ReadLimits:
    """How much one file may take. Over a limit it is refused with a sentence, never cut."""

    seconds: float = 120.0  # for a document; for the next rows of a table
    memory_bytes: int = 2 * 1024**3  # of the task process; on Linux only
    max_characters: int = 30_000_000  # of a document: the rows of a table are not held


async def read_document(
    path: Path,
    *,
    log_file: Path,
    limits: ReadLimits = ReadLimits(),
    on_progress: OnProgress | None = None,
) -> Document:
    """Read a file of any supported format. Raises KnownError with one sentence that names the file.

    Cancelling kills the process.
    """
    path = path.absolute()
    try:
        async with asyncio.timeout(limits.seconds):
            return await _read(path, log_file, limits, on_progress)
    except TimeoutError:
        raise failures.timed_out(path, limits.seconds) from None


async def _read(path: Path, log_file: Path, limits: ReadLimits, on_progress: OnProgress | None) -> Document:
    child: Child[DocumentEvent] = await Child.start(
        "read", str(limits.memory_bytes), received=DocumentEvent, log_file=log_file
    )
    try:
        child.send(ReadDocument(path=os.fsencode(path), max_characters=limits.max_characters))
        document = await _answer(child, on_progress)
        if document is None:
            raise failures.ended_early(path, await child.wait())
    except WireError as error:
        log.error("the reading process broke the protocol: %s", error)
        raise failures.crashed(path, "what it sent made no sense") from error
    except asyncio.CancelledError:
        child.kill()
        raise
    finally:
        await child.close()
    return document


async def _answer(child: Child[DocumentEvent], on_progress: OnProgress | None) -> Document | None:
    """The document; None where the process ended without a last word. Raises the KnownError that it reports."""
    blocks: list[Block] = []
    async for event in child.messages():
        match event:
            case ReadProgressed():
                if on_progress is not None:
                    on_progress(event.n_pages_done, event.n_pages)
            case BlocksRead():
                blocks.extend(event.blocks)
            case DocumentRead():
                return Document(
                    name=event.name,
                    blocks=tuple(blocks),
                    n_pages=event.n_pages,
                    notes=event.notes,
                    unread_pages=event.unread_pages,
                )
            case ReadingFailed():
                raise KnownError(event.kind, event.sentence)
    return None
