"""The text of a Word document's XML tree as blocks. Walks the tree itself, because what python-docx gives out skips
content controls, tracked insertions and text boxes; python-docx opens the file and knows the styles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.ingest.cleaning import clean, one_line
from app.ingest.document import Block, BlockKind
from app.ingest.readers.office_xml import FALLBACK, outermost

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING_STYLE = re.compile(r"(heading \d|title$|subtitle$)", re.I)
_SHOWN = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


class Body:
    """A tree of paragraphs and tables: the document's body, or `root` for another part of the same package."""

    def __init__(self, package: Any, root: Any = None) -> None:
        self._root = package.element.body if root is None else root
        self._styles = {style.style_id: style for style in package.styles if style.type == 1}  # paragraph styles

    def blocks(self) -> Iterator[Block]:
        for element in outermost(self._root, (f"{_W}p", f"{_W}tbl")):
            block = self._paragraph(element) if element.tag == f"{_W}p" else _table(element)
            if block is not None:
                yield block

    def _paragraph(self, element: Any) -> Block | None:
        text = clean(_text(element)).strip()
        if not text:
            return None
        style = self._styles.get(_value(element, "pPr/pStyle"))
        style_name = (style.name or "") if style is not None else ""
        if _HEADING_STYLE.match(style_name) or _value(element, "pPr/outlineLvl") not in ("", "9"):
            return Block(text=one_line(text), kind=BlockKind.HEADING)
        number = element.find(_path("pPr/numPr"))
        if number is not None and _value(number, "numId") != "0":
            level = _value(number, "ilvl")
            text = "  " * (int(level) if level.isdigit() else 0) + f"- {text}"
        elif style_name.startswith(("List Bullet", "List Number")):
            text = f"- {text}"
        return Block(text=text)


def _table(element: Any) -> Block | None:
    """Rows as lines, cells between bars; a table in a cell becomes part of its text."""
    rows = []
    for row in outermost(element, (f"{_W}tr",)):
        cells = [_cell_text(cell) for cell in outermost(row, (f"{_W}tc",))]
        if any(cells):
            rows.append(" | ".join(cells))
    return Block(text="\n".join(rows), kind=BlockKind.TABLE) if rows else None


def _cell_text(cell: Any) -> str:
    return one_line(" ".join(_text(part) for part in outermost(cell, (f"{_W}p",))))


def _text(paragraph: Any) -> str:
    """Everything that a paragraph shows, text boxes included; what was deleted under review is not shown."""
    parts: list[str] = []
    stack = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        if element.tag == f"{_W}t":
            parts.append(element.text or "")
        elif isinstance(element.tag, str) and element.tag.startswith(_W) and element.tag[len(_W) :] in _SHOWN:
            parts.append(_SHOWN[element.tag[len(_W) :]])
        elif element.tag not in (FALLBACK, f"{_W}pPr"):
            if element.tag == f"{_W}p":  # of a text box
                parts.append("\n")
            stack.extend(reversed(element))
    return "".join(parts)


def _path(path: str) -> str:
    return "/".join(f"{_W}{name}" for name in path.split("/"))


def _value(element: Any, path: str) -> str:
    """The `w:val` attribute of the element at `path`, or nothing."""
    found = element.find(_path(path))
    return "" if found is None else found.get(f"{_W}val") or ""
