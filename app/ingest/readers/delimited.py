"""CSV and TSV: tables as text, with whatever sign divides their cells. The first row names the columns.

Rows with nothing in them are left out. Reads line by line: memory does not grow with the file.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from app.ingest.document import TableHead
from app.ingest.encoding import TextFile, open_text
from app.ingest.readers.interface import Note, Piece, Reader, Row, TableRows, replaced, unreadable
from app.ingest.readers.table import CELL_LIMIT_CHARACTERS, column_names, fitted, no_rows, row_blocks
from app.ingest.readers.text import lines

_DELIMITERS = "\t;|,"  # ; before , because of 1,5
_NONE = "\x1f"  # for a file of one column: no text has it
_SAMPLE_LINES = 200
_SAMPLE_CHARACTERS = 100_000
_DECLARED_DELIMITER = re.compile(r"sep=([^\w\"])\n")  # a first line of Excel's
_END = "\0end\0"

Record = tuple[int, list[str]]  # the line that it begins in, its cells


def open_table(path: Path, sheet: str) -> TableRows:
    """Its rows. There are no sheets: the name is not looked at."""
    records = _records(path, open_text(path, sys.maxsize))
    first, second = next(records, None), next(records, None)
    if first is None or second is None:
        raise no_rows(path)
    columns = column_names(path, first[1])
    return TableRows(head=TableHead(columns=columns), rows=_rows(path, chain([second], records), len(columns)))


def _rows(path: Path, records: Iterable[Record], width: int) -> Iterator[Row | Note]:
    n_replaced = 0
    for line, cells in records:
        row = fitted(path, f"line {line:,}", cells, width)
        n_replaced += "".join(row).count("\ufffd")
        yield row
    yield from replaced(path, n_replaced)


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its rows as text. A row that is too long is read too: cells without a name have their column's number."""
    records = _records(path, open_text(path, max_characters))
    columns = column_names(path, next(records, (0, []))[1])
    n_blocks = n_replaced = 0
    for block in row_blocks(_labelled(columns, records)):
        n_blocks += 1
        n_replaced += block.text.count("\ufffd")
        yield block
    if columns and n_blocks == 0:
        raise no_rows(path)
    yield from replaced(path, n_replaced)


def _labelled(columns: Row, records: Iterable[Record]) -> Iterator[Iterable[tuple[str, str]]]:
    for _, cells in records:
        names = (*columns, *(f"column {number + 1}" for number in range(len(columns), len(cells))))
        yield zip(names, cells, strict=False)


def _records(path: Path, file: TextFile) -> Iterator[Record]:
    """All rows that have something in them. Raises KnownError where quotes swallow the rest."""
    csv.field_size_limit(CELL_LIMIT_CHARACTERS)
    source = _lines(file)
    sample = _sample(file)
    delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") else _best_delimiter(sample)
    n_skipped = 0
    if sample and (declared := _DECLARED_DELIMITER.match(sample[0])):
        delimiter = declared[1]
        next(source)
        n_skipped = 1
    reader = csv.reader(_with_end(source), delimiter=delimiter)
    line = n_skipped + 1
    while True:
        try:
            cells = next(reader)
        except csv.Error:
            raise unreadable(
                path,
                f"has a cell of more than {CELL_LIMIT_CHARACTERS:,} characters from line {line:,} on. "
                "If a quote is not closed there, close it and add the file again.",
            ) from None
        if cells == [_END]:
            return
        if any(_END in cell for cell in cells[-1:]):
            raise unreadable(path, f"has a quote in line {line:,} that is not closed. Close it and add the file again.")
        if any(map(str.strip, cells)):
            yield line, cells
        line = n_skipped + reader.line_num + 1


def _lines(file: TextFile) -> Iterator[str]:
    return (f"{line}\n" for line in lines(file.pieces()))


def _with_end(source: Iterable[str]) -> Iterator[str]:
    """The lines and one more, which comes out as a row of its own unless a quote before it is open."""
    yield from source
    yield _END


def _sample(file: TextFile) -> list[str]:
    """The first lines."""
    sample: list[str] = []
    n_characters = 0
    for line in islice(_lines(file), _SAMPLE_LINES):
        sample.append(line)
        n_characters += len(line)
        if n_characters > _SAMPLE_CHARACTERS:
            break
    return sample


def _best_delimiter(sample: list[str]) -> str:
    """The sign that divides most rows into as many cells as the first one; where several do, more cells win."""
    fits = {delimiter: _fit(sample, delimiter) for delimiter in _DELIMITERS}
    best = max(_DELIMITERS, key=fits.__getitem__)
    return best if fits[best] > (0, 0) else _NONE


def _fit(sample: list[str], delimiter: str) -> tuple[float, int]:
    try:
        widths = [len(cells) for cells in csv.reader(sample, delimiter=delimiter) if cells]
    except csv.Error:
        return (0, 0)
    if not widths or widths[0] < 2:
        return (0, 0)
    return (round(widths.count(widths[0]) / len(widths), 1), widths[0])


READER = Reader(
    name="table as text (CSV, TSV)",
    suffixes=(".csv", ".tsv", ".tab"),
    recognises=lambda head, path: False,  # only its name says so
    read=read,
    open_table=open_table,
)
