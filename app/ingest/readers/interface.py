"""What a reader of one format is, and what it gives. Readers run in the task process (see process.py).

A new format is one new file with a Reader in it, named in `formats.py`. Its module imports no third-party
library until `read` is called, because the program asks for the suffixes without reading anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import ErrorKind, KnownError
from app.ingest.document import Block, TableHead


@dataclass(frozen=True)
class Note:
    """One sentence about something that could not be read."""

    sentence: str
    pages: tuple[int, ...] = ()  # that are not in the text, where the note is about pages


@dataclass(frozen=True)
class PagesDone:
    """So many pages have been looked at."""

    n_done: int
    n_pages: int


Piece = Block | Note | PagesDone


Row = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TableRows:
    """A table that is open: its rows are read while they are taken, each as long as the head's columns."""

    head: TableHead
    rows: Iterator[Row | Note]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One format. Suffixes are lower case, with their dot.

    `recognises` decides by the first bytes of a file (at least 4 KiB where there are so many). `read` gives pieces in
    reading order; it raises KnownError with a sentence for a file that it can't read, OSError as it comes, and stops
    with `too_long` where it would hold more than `max_characters` before giving any.

    A format of tables has `open_table` too, for the same file as rows: of the named sheet, or of the first one where
    the name is empty. It raises as `read` does, and so do its rows.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes, Path], bool]
    read: Callable[[Path, int], Iterator[Piece]]
    open_table: Callable[[Path, str], TableRows] | None = None


def shown_name(path: Path) -> str:
    """The file's name as a sentence shows it; bytes that are not text become question marks."""
    return f"“{plain_name(path)}”"


def plain_name(path: Path) -> str:
    """The file's name in characters that can be stored and sent."""
    return (path.name or str(path)).encode("utf-8", "replace").decode("utf-8")


def unreadable(path: Path, rest: str) -> KnownError:
    """The error whose sentence is the file's name and `rest`: what is wrong, and what to do."""
    return KnownError(ErrorKind.DOCUMENT_UNREADABLE, f"{shown_name(path)} {rest}")


def too_long(path: Path, max_characters: int) -> KnownError:
    """The error for a document over the limit: it is never cut silently."""
    return unreadable(
        path,
        f"has more than {max_characters:,} characters, the most that one document may have. "
        "Split it into smaller files and add those.",
    )


def replaced(path: Path, n_replaced: int) -> Iterator[Note]:
    """The note about bytes that were wrong in the file's encoding, if there were any."""
    if n_replaced:
        yield Note(f"{n_replaced:,} characters of {shown_name(path)} could not be read and are shown as �.")
