"""The program's side of reading a table as rows: one killable task process a file. Used on the asyncio thread.

    async with open_table(path, log_file=log_file) as table:
        choose_from(table.head.columns)
        async for rows in table.rows():
            store(rows)

Neither side holds more than a few batches of rows, however slowly they are taken.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from app.ingest.archives import ZIP_SIGNATURE
from app.ingest.document import TableHead
from app.ingest.formats import HEAD_BYTES, READERS
from app.ingest.messages import OpenTable, RowsRead, SendRows, TableOpened, TableRead
from app.ingest.ole import OLE_SIGNATURE
from app.ingest.readers import html, pdf
from app.ingest.task import ReadingTask, ReadLimits, reading_task

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

    def __init__(self, head: TableHead, task: ReadingTask) -> None:
        self.head = head
        self.notes: tuple[str, ...] = ()
        self._task = task

    async def rows(self) -> AsyncIterator[tuple[tuple[str, ...], ...]]:
        """All rows, once: batches of rows that are as long as the head's columns. Raises KnownError.

        Only waiting for the next batch counts against the limit of time.
        """
        self._task.send(SendRows())
        while True:
            match await self._task.next_event():
                case RowsRead() as event:
                    self._task.send(SendRows())  # the next ones are read while these are worked on
                    yield event.rows
                case TableRead() as event:
                    self.notes = event.notes
                    return
                case event:
                    raise self._task.unexpected(event)


@contextlib.asynccontextmanager
async def open_table(
    path: Path, *, log_file: Path, limits: ReadLimits = _LIMITS, sheet: str = ""
) -> AsyncIterator[Table]:
    """Open a table of any supported format, or one sheet of a workbook (its first where none is named).

    Raises KnownError with one sentence that names the file. Leaving the block ends the process.
    """
    path = path.absolute()
    command = OpenTable(path=os.fsencode(path), sheet=sheet)
    async with reading_task(path, command, limits, log_file) as task:
        match await task.next_event():
            case TableOpened() as event:
                yield Table(event.head, task)
            case event:
                raise task.unexpected(event)
