"""The shapes of a slide's XML tree as blocks, in its reading order. Walks the tree itself, because what python-pptx
gives out skips alternative content; python-pptx opens the file and knows its slides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.ingest.cleaning import clean, one_line
from app.ingest.document import Block, BlockKind
from app.ingest.readers.office_xml import outermost

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_TITLES = ("title", "ctrTitle")
_ON_EVERY_SLIDE = ("dt", "ftr", "hdr", "sldNum")  # date, footer, header, number


def shape_blocks(root: Any, page: int) -> Iterator[Block]:
    """Text boxes and tables below `root`; the title is a heading."""
    for element in outermost(root, (f"{_P}sp", f"{_A}tbl")):
        if element.tag == f"{_A}tbl":
            rows = [_row(row) for row in element.iterchildren(f"{_A}tr")]
            text = "\n".join(row for row in rows if row)
            kind = BlockKind.TABLE
        else:
            place = _placeholder(element)
            if place in _ON_EVERY_SLIDE:
                continue
            is_title = place in _TITLES
            text = (" " if is_title else "\n").join(paragraphs(element))
            kind = BlockKind.HEADING if is_title else BlockKind.PARAGRAPH
        if text:
            yield Block(text=one_line(text) if kind is BlockKind.HEADING else text, page=page, kind=kind)


def paragraphs(root: Any) -> list[str]:
    """The paragraphs below `root` that are not empty; those of a lower level as items of a list."""
    lines = []
    for element in outermost(root, (f"{_A}p",)):
        text = clean(_text(element)).strip()
        properties = element.find(f"{_A}pPr")
        level = "0" if properties is None else properties.get("lvl", "0")
        if text:
            lines.append(f"{'  ' * int(level)}- {text}" if level in "12345678" else text)
    return lines


def _row(row: Any) -> str:
    cells = [one_line(" ".join(paragraphs(cell))) for cell in row.iterchildren(f"{_A}tc")]
    return " | ".join(cells) if any(cells) else ""


def _placeholder(shape: Any) -> str:
    """What kind of place of the layout a shape fills, or nothing."""
    place = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return "" if place is None else place.get("type", "body")


def _text(paragraph: Any) -> str:
    parts = []
    for element in paragraph.iter(f"{_A}t", f"{_A}br"):
        parts.append("\n" if element.tag == f"{_A}br" else element.text or "")
    return "".join(parts)
