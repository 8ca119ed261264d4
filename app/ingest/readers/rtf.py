"""RTF: paragraphs and table rows, without its formatting. It has no pages and no headings that can be told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from app.ingest.cleaning import clean
from app.ingest.damage import damage_as_sentence
from app.ingest.document import Block, BlockKind
from app.ingest.readers.interface import Note, Piece, Reader, unreadable
from app.ingest.readers.lists import join_list_items

_SIGNATURE = b"{\\rtf"
_LIMIT_BYTES = 200 * 1000 * 1000
_LEFT_OUT = re.compile(rb"\\(?:footnote|shptxt|annotation)\b")
_PICTURE = re.compile(rb"\\pict\b(?:[^{}]++|\{[^{}]*+\})*+")  # its digits would be looked at one by one
_SAVE_AGAIN = "Open it in Word or LibreOffice and save it as .docx."


def recognises(head: bytes, path: Path) -> bool:
    return head.lstrip().startswith(_SIGNATURE)


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its paragraphs in order."""
    from striprtf.striprtf import rtf_to_text

    content = path.read_bytes() if path.stat().st_size <= _LIMIT_BYTES else b""
    if not content:
        raise unreadable(path, f"is larger than an RTF document may be. {_SAVE_AGAIN}")
    if b"\\bin" not in content:  # such pictures are not digits
        content = _PICTURE.sub(rb"\\pict", content)
    with damage_as_sentence(path, _SAVE_AGAIN):
        text: str = rtf_to_text(content.decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call]
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # halves become characters
    yield from join_list_items(_blocks(clean(text)))
    if _LEFT_OUT.search(content):
        yield Note("Its footnotes, comments and text boxes were not read.")
    if not content.rstrip(b"\0 \t\r\n").endswith(b"}"):
        yield Note("The end of the file is missing; text may be missing too.")


def _blocks(text: str) -> Iterator[Block]:
    """A line is a paragraph, or a row of a table where cells end in it."""
    lines = (line.rstrip() for line in text.split("\n") if line.strip())
    for is_row, group in groupby(lines, lambda line: line.endswith("|")):
        if is_row:
            rows = (" | ".join(cell.strip() for cell in line.removesuffix("|").split("|")) for line in group)
            yield Block(text="\n".join(rows), kind=BlockKind.TABLE)
        else:
            yield from (Block(text=line) for line in group)


READER = Reader(name="RTF", suffixes=(".rtf",), recognises=recognises, read=read)
