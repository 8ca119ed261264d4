"""Plain text: paragraphs at blank lines, lines kept as they are. Also whatever else is text."""

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
    for block in text_blocks(lines(open_text(path, max_characters).pieces())):
        n_replaced += block.text.count("\ufffd")
        yield block
    yield from replaced(path, n_replaced)


def text_blocks(source: Iterable[str]) -> Iterator[Block]:
    """Lines as paragraphs."""
    for paragraph in _paragraphs(source):
        text = clean(paragraph).strip("\n")
        if text.strip():
            yield Block(text=text)


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
