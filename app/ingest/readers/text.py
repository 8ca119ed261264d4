"""Plain text: paragraphs at blank lines, lines kept as they are. Also source code and whatever else is text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from app.ingest.cleaning import clean
from app.ingest.document import Block
from app.ingest.encoding import open_text
from app.ingest.readers.interface import Piece, Reader, replaced


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its paragraphs, as they come: no more of the file is in memory than the current one."""
    n_replaced = 0
    for paragraph in _paragraphs(lines(open_text(path, max_characters).pieces())):
        text = clean(paragraph).strip("\n")
        n_replaced += text.count("\ufffd")
        if text.strip():
            yield Block(text=text)
    yield from replaced(path, n_replaced)


def lines(pieces: Iterable[str]) -> Iterator[str]:
    """Pieces that end anywhere become lines without their line feeds."""
    parts: list[str] = []  # of a line whose end has not come yet
    for piece in pieces:
        first, *rest = piece.split("\n")
        parts.append(first)
        if rest:
            yield "".join(parts)
            yield from rest[:-1]
            parts = [rest[-1]]
    yield "".join(parts)


def _paragraphs(source: Iterable[str]) -> Iterator[str]:
    gathered: list[str] = []
    for line in source:
        if line.strip():
            gathered.append(line)
        elif gathered:
            yield "\n".join(gathered)
            gathered = []
    if gathered:
        yield "\n".join(gathered)


READER = Reader(
    name="text",
    suffixes=(".txt", ".text", ".log", ".rst"),
    recognises=lambda head, path: False,  # anything may be text: the last resort
    read=read,
)
