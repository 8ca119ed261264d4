"""The text of an OpenDocument tree as blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.ingest.cleaning import clean, one_line
from app.ingest.document import Block, BlockKind

_NAMES = "urn:oasis:names:tc:opendocument:xmlns"
OFFICE, DRAW, PRESENTATION = (f"{{{_NAMES}:{name}:1.0}}" for name in ("office", "drawing", "presentation"))
_TEXT, _TABLE = (f"{{{_NAMES}:{name}:1.0}}" for name in ("text", "table"))
_PARAGRAPHS = (f"{_TEXT}p", f"{_TEXT}h")
_NOTE = f"{_TEXT}note"
# comments, what was deleted under review, and what is said of a picture
_DROPPED = (
    *(f"{OFFICE}annotation", f"{OFFICE}forms", f"{_TEXT}tracked-changes", f"{_TEXT}sequence-decls"),
    *(f"{_TEXT}page-number", f"{_TEXT}ruby-text"),
)
_COUNT_LIMIT = 100  # more cells or spaces of a kind are filling
_SPACE = re.compile(r"[ \t\r\n]+")


class Walk:
    """One way through a tree, or through a slide (`page`). Footnotes are gathered on the way."""

    def __init__(self, page: int | None = None) -> None:
        self._page = page
        self.footnotes: list[Block] = []

    def blocks(self, root: Any) -> Iterator[Block]:
        """Paragraphs, headings and tables below `root` in order. Deep nesting costs no recursion but in tables."""
        stack: list[tuple[Any, int]] = [(child, 0) for child in reversed(root)]  # with how many lists it is in
        is_item_begin = False
        while stack:
            element, depth = stack.pop()
            if element.tag in _PARAGRAPHS:
                text = clean(self._text(element)).strip()
                if text and element.tag == f"{_TEXT}h":
                    yield self._block(one_line(text), BlockKind.HEADING)
                elif text:
                    yield self._block("  " * (depth - 1) + f"- {text}" if is_item_begin and depth else text)
                is_item_begin = False
            elif element.tag == f"{_TABLE}table":
                yield from self._table(element)
            elif element.tag not in _DROPPED:
                is_item_begin = is_item_begin or element.tag == f"{_TEXT}list-item"
                depth += element.tag == f"{_TEXT}list"
                stack.extend((child, depth) for child in reversed(element))

    def _block(self, text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> Block:
        return Block(text=text, page=self._page, kind=kind)

    def _table(self, table: Any) -> Iterator[Block]:
        """Rows as lines, cells between bars; a table in a cell becomes part of its text."""
        rows = []
        for row in table.iter(f"{_TABLE}table-row"):
            if next(row.iterancestors(f"{_TABLE}table")) is not table:
                continue
            cells: list[str] = []
            for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                text = one_line(" ".join(block.text for block in self.blocks(cell)))
                cells += [text] * _count(cell.get(f"{_TABLE}number-columns-repeated"))
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                rows.append(" | ".join(cells))
        if rows:
            yield self._block("\n".join(rows), BlockKind.TABLE)

    def _text(self, paragraph: Any) -> str:
        """What a paragraph shows; text boxes in it included, its footnotes gathered and left out."""
        parts: list[str] = [_shown(paragraph.text)]
        stack = list(reversed(paragraph))
        while stack:
            element = stack.pop()
            if isinstance(element, str):
                parts.append(element)
                continue
            stack.append(_shown(element.tail))
            if element.tag == _NOTE:
                self._footnote(element)
            elif element.tag == f"{_TEXT}s":
                parts.append(" " * _count(element.get(f"{_TEXT}c")))
            elif element.tag == f"{_TEXT}tab":
                parts.append("\t")
            elif element.tag == f"{_TEXT}line-break":
                parts.append("\n")
            elif element.tag not in _DROPPED:
                if element.tag in _PARAGRAPHS:  # of a text box
                    parts.append("\n")
                parts.append(_shown(element.text))
                stack.extend(reversed(element))
        return "".join(parts)

    def _footnote(self, note: Any) -> None:
        citation, body = note.find(f"{_TEXT}note-citation"), note.find(f"{_TEXT}note-body")
        mark = "" if citation is None else "".join(citation.itertext())
        text = "" if body is None else "\n".join(block.text for block in self.blocks(body))
        if text:
            self.footnotes.append(self._block(f"{mark} {text}".strip()))


def _shown(text: str | None) -> str:
    """Line ends and runs of space in the XML are one space in the document."""
    return _SPACE.sub(" ", text or "")


def _count(value: str | None) -> int:
    return min(int(value), _COUNT_LIMIT) if value and value.isdecimal() and len(value) < 10 else 1
