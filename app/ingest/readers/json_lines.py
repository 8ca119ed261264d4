"""JSON Lines: one object a line. As rows, the fields of the first lines are the columns."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from app.ingest.document import TableHead
from app.ingest.encoding import TextFile, open_text
from app.ingest.readers.interface import Note, Piece, Reader, Row, TableRows, replaced, unreadable
from app.ingest.readers.table import column_names, fitted, row_blocks
from app.ingest.readers.text import lines

_LINES_FOR_COLUMNS = 1000

Record = tuple[int, dict[str, str]]  # the number of its line, its fields as text


def open_table(path: Path, sheet: str) -> TableRows:
    """Its rows: strings as they are, null as nothing, other values as compact JSON. There are no sheets."""
    file = open_text(path, sys.maxsize)
    fields: dict[str, None] = {}
    for _, record in islice(_records(path, file), _LINES_FOR_COLUMNS):
        fields.update(dict.fromkeys(record))
    if not fields:
        raise unreadable(path, "has no objects with fields in it. Add a file with one JSON object in each line.")
    columns = column_names(path, list(fields))
    return TableRows(head=TableHead(columns=columns), rows=_rows(path, file, list(fields)))


def _rows(path: Path, file: TextFile, fields: list[str]) -> Iterator[Row | Note]:
    known = set(fields)
    n_replaced = 0
    for number, record in _records(path, file):
        if not record.keys() <= known:
            late = next(field for field in record if field not in known)
            raise unreadable(
                path,
                f"has a field in line {number:,} that none of its first {_LINES_FOR_COLUMNS:,} lines has "
                f"(“{late[:100]}”). Put a line that has all fields first, and add it again.",
            )
        row = fitted(path, f"line {number:,}", [record.get(field, "") for field in fields], len(fields))
        n_replaced += "".join(row).count("\ufffd")
        yield row
    yield from replaced(path, n_replaced)


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its rows as text, each with its own fields."""
    n_replaced = 0
    records = _records(path, open_text(path, max_characters))
    for block in row_blocks(record.items() for _, record in records):
        n_replaced += block.text.count("\ufffd")
        yield block
    yield from replaced(path, n_replaced)


def _records(path: Path, file: TextFile) -> Iterator[Record]:
    decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
    for number, line in enumerate(lines(file.pieces()), 1):
        if not line.strip():
            continue
        try:
            record = {field: _as_text(bytes(value)) for field, value in decoder.decode(line).items()}
        except (msgspec.MsgspecError, RecursionError) as error:
            raise unreadable(
                path,
                f"is not a JSON object in line {number:,} ({error}). Correct that line and add the file again.",
            ) from error
        yield number, record


def _as_text(value: bytes) -> str:
    """Numbers stay as they are written: as floats, long ones would change."""
    if value.startswith(b'"'):
        return msgspec.json.decode(value, type=str)
    return "" if value == b"null" else msgspec.json.format(value, indent=-1).decode()


READER = Reader(
    name="table of JSON objects (JSONL)",
    suffixes=(".jsonl", ".ndjson"),
    recognises=lambda head, path: False,  # only its name says so
    read=read,
    open_table=open_table,
)
