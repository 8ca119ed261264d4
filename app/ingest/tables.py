"""The program's side of reading a table as rows: one killable task process a file. Used on the asyncio thread.

    async with open_table(path, log_file=log_file) as table:
        choose_from(table.head.columns)
        async for rows in table.rows():
            store(rows)

Neither side holds more than a few batches of rows, however slowly they are taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from app.children import Child
from app.errors import KnownError
from app.ingest import failures
from app.ingest.archives import ZIP_SIGNATURE
from app.ingest.document import TableHead
from app.ingest.formats import HEAD_BYTES
from app.ingest.messages import OpenTable, ReadingFailed, RowsRead, SendRows, TableEvent, TableOpened, TableRead
from app.ingest.ole import OLE_SIGNATURE
from app.ingest.readers import READERS, html, pdf
from app.ingest.reading import ReadLimits
from app.logs import topic
from app.wire import WireError

log = topic("documents")
_LIMITS = ReadLimits()


def is_table(path: Path) -> bool:
    """Whether a file is one of rows, by its name and its first bytes; no where it can't be opened. Reads little."""
    suffix = path.suffix.lower()
    if not any(suffix in reader.suffixes and reader.open_table for reader in READERS):
        return False
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return head.startswith((ZIP_SIGNATURE, OLE_SIGNATURE)) or not (
        pdf.recognises(head, path) or html.recognises(head, path)
    )


class Table:
    """A table that is open. `notes` are complete when the rows have ended: what could not be read, a sentence each."""

    def __init__(self, path: Path, child: Child[TableEvent], seconds: float) -> None:
        self._path = path
        self._child = child
        self._events = child.messages()
        self._seconds = seconds
        self.head = TableHead(columns=())
        self.notes: tuple[str, ...] = ()

    async def open(self, sheet: str) -> None:
        self._child.send(OpenTable(path=os.fsencode(self._path), sheet=sheet))
        match await self._next():
            case TableOpened(head=head):
                self.head = head
            case other:
                raise WireError(f"{type(other).__name__} is not how a table begins")

    async def rows(self) -> AsyncIterator[tuple[tuple[str, ...], ...]]:
        """All rows, once: batches of rows that are as long as the head's columns. Raises KnownError."""
        self._child.send(SendRows())
        while True:
            match await self._next():
                case RowsRead(rows=rows):
                    self._child.send(SendRows())  # the next ones are read while these are worked on
                    yield rows
                case TableRead(notes=notes):
                    self.notes = notes
                    return

    async def _next(self) -> TableEvent:
        """What the process says next. Only waiting for it counts against the limit of time."""
        try:
            async with asyncio.timeout(self._seconds):
                event = await anext(self._events)
        except TimeoutError:
            self._child.kill()
            raise failures.timed_out(self._path, self._seconds) from None
        except StopAsyncIteration:
            raise failures.ended_early(self._path, await self._child.wait()) from None
        except WireError as error:
            log.error("the reading process broke the protocol: %s", error)
            raise failures.crashed(self._path, "what it sent made no sense") from error
        if isinstance(event, ReadingFailed):
            raise KnownError(event.kind, event.sentence)
        return event


@contextlib.asynccontextmanager
async def open_table(
    path: Path, *, log_file: Path, limits: ReadLimits = _LIMITS, sheet: str = ""
) -> AsyncIterator[Table]:
    """Open a table of any supported format, or one sheet of a workbook (its first where none is named).

    Raises KnownError with one sentence that names the file. Leaving the block ends the process.
    """
    path = path.absolute()
    child: Child[TableEvent] = await Child.start(
        "read", str(limits.memory_bytes), received=TableEvent, log_file=log_file
    )
    try:
        table = Table(path, child, limits.seconds)
        await table.open(sheet)
        yield table
    except asyncio.CancelledError:
        child.kill()
        raise
    finally:
        await child.close()
