"""What the task process says of a table that it reads as rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.ingest.formats import choose_reader
from app.ingest.messages import RowsRead, TableEvent, TableOpened, TableRead
from app.ingest.readers.interface import Note, Row, unreadable

_BATCH_ROWS = 1000
_BATCH_CHARACTERS = 200_000


def table_events(path: Path, sheet: str) -> Iterator[TableEvent]:
    """Its head, then its rows in batches that are read when they are asked for, then TableRead."""
    reader = choose_reader(path)
    if reader.open_table is None:
        raise unreadable(path, f"is no table but {reader.name}. Add it as a document, or add a CSV or XLSX file.")
    table = reader.open_table(path, sheet)
    yield TableOpened(head=table.head)
    notes: list[str] = []
    batch: list[Row] = []
    n_characters = 0
    for row in table.rows:
        if isinstance(row, Note):
            notes.append(row.sentence)
            continue
        batch.append(row)
        n_characters += sum(map(len, row)) + len(row)
        if len(batch) == _BATCH_ROWS or n_characters >= _BATCH_CHARACTERS:
            yield RowsRead(rows=tuple(batch))
            batch, n_characters = [], 0
    if batch:
        yield RowsRead(rows=tuple(batch))
    yield TableRead(notes=tuple(notes))
