"""What all tables have in common: names for their columns, rows of one length, and the same rows as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from app.errors import KnownError
from app.ingest.cleaning import one_line
from app.ingest.document import Block, BlockKind
from app.ingest.readers.interface import Row, unreadable

CELL_LIMIT_CHARACTERS = 1_000_000
_ROW_LIMIT_CHARACTERS = 4_000_000
_COLUMN_LIMIT = 16_384  # as in Excel
_BLOCK_ROWS = 40
_BLOCK_CHARACTERS = 3000
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def column_names(path: Path, cells: Sequence[str]) -> Row:
    """The first row as names: those that are empty get their number, those that were there before a number behind."""
    if len(cells) > _COLUMN_LIMIT:
        raise unreadable(path, f"has more than {_COLUMN_LIMIT:,} columns. Save those that you need as a new file.")
    names: dict[str, None] = {}
    used: Counter[str] = Counter()
    for number, cell in enumerate(cells, 1):
        name = base = one_line(cell) or f"column {number}"
        while name in names:
            used[base] += 1
            name = f"{base} ({used[base] + 1})"
        names[name] = None
    return tuple(names)


def fitted(path: Path, place: str, cells: Sequence[str], width: int) -> Row:
    """The cells as a row of `width`. `place` is where they are: "line 7". Raises KnownError for too many."""
    if len(cells) > width and any(cells[width:]):
        raise unreadable(
            path,
            f"has {len(cells):,} cells in {place}, but only {width:,} columns. "
            "If a cell holds the sign that divides cells, put it in quotes; then add the file again.",
        )
    text = "".join(cells)
    if len(text) > _ROW_LIMIT_CHARACTERS:
        raise unreadable(path, f"has more than {_ROW_LIMIT_CHARACTERS:,} characters in {place}. Leave that row out.")
    if not text.isprintable():
        cells = [_UNWANTED.sub("", cell) for cell in cells]
    return tuple(cells[:width]) if len(cells) >= width else (*cells, *[""] * (width - len(cells)))


def no_rows(path: Path, what: str = "") -> KnownError:
    """The error for a table without rows. `what` is the sheet, where there are several."""
    if not what:
        return unreadable(path, "has no rows below the first, which names the columns. Add some, or another file.")
    return unreadable(
        path,
        f"has no rows in the sheet “{what}” below the first, which names the columns. Add some, or another file.",
    )


def row_blocks(rows: Iterable[Iterable[tuple[str, str]]]) -> Iterator[Block]:
    """Rows of (column, cell) as blocks, a line each: "name: Ada; year: 1843". Empty cells are left out.

    Every cell has its column's name beside it, because small models lose count in tables and blocks may be far apart.
    """
    lines: list[str] = []
    n_characters = 0
    for row in rows:
        line = "; ".join(f"{column}: {text}" for column, cell in row if (text := one_line(cell)))
        if not line:
            continue
        if lines and (len(lines) == _BLOCK_ROWS or n_characters + len(line) > _BLOCK_CHARACTERS):
            yield Block(text="\n".join(lines), kind=BlockKind.TABLE)
            lines, n_characters = [], 0
        lines.append(line)
        n_characters += len(line) + 1
    if lines:
        yield Block(text="\n".join(lines), kind=BlockKind.TABLE)
