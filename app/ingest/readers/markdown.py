"""Markdown, kept as text: headings without their marks, fenced code whole, tables, paragraphs at blank lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.ingest.cleaning import clean
from app.ingest.document import Block, BlockKind
from app.ingest.encoding import open_text
from app.ingest.readers.interface import Piece, Reader, replaced
from app.ingest.readers.text import lines

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_TABLE_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)+$")


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its blocks, as they come."""
    n_replaced = 0
    for block in blocks(lines(open_text(path, max_characters).pieces())):
        n_replaced += block.text.count("\ufffd")
        yield block
    yield from replaced(path, n_replaced)


def blocks(source: Iterable[str]) -> Iterator[Block]:
    """Lines of Markdown as blocks, in one pass that holds the current block only."""
    gathered: list[str] = []
    fence = ""  # the marks that opened the code block we are in
    for line in source:
        if fence:
            gathered.append(line)
            if _closes(line, fence):
                fence = ""
                yield from _finished(gathered, BlockKind.CODE)
        elif opening := _FENCE.match(line):
            yield from _finished(gathered)
            gathered.append(line)
            fence = opening[1]
        elif heading := _HEADING.match(line):
            yield from _finished(gathered)
            yield from _finished([heading[1] or ""], BlockKind.HEADING)
        elif len(gathered) == 1 and _UNDERLINE.match(line) and not _is_list_item(gathered[0]):
            yield from _finished(gathered, BlockKind.HEADING)
        elif not line.strip() or _RULE.match(line):
            yield from _finished(gathered)
        else:
            gathered.append(line)
    yield from _finished(gathered, BlockKind.CODE if fence else None)


def _finished(gathered: list[str], kind: BlockKind | None = None) -> Iterator[Block]:
    """The gathered lines as a block, if there are any; they are taken out of `gathered`."""
    if kind is None:
        is_table = len(gathered) > 1 and _TABLE_DELIMITER.match(gathered[1])
        kind = BlockKind.TABLE if is_table else BlockKind.PARAGRAPH
    text = clean("\n".join(gathered)).strip("\n")
    gathered.clear()
    if text.strip():
        yield Block(text=text.strip() if kind is BlockKind.HEADING else text, kind=kind)


def _closes(line: str, fence: str) -> bool:
    mark = line.strip()
    return len(mark) >= len(fence) and set(mark) == {fence[0]}


def _is_list_item(line: str) -> bool:
    return re.match(r"\s*([-*+]|\d+[.)])\s", line) is not None


READER = Reader(
    name="Markdown",
    suffixes=(".md", ".markdown", ".mdown"),
    recognises=lambda head, path: False,  # any text is Markdown: only its name says so
    read=read,
)
