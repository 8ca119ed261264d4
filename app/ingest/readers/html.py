"""HTML: its title, headings, paragraphs, lists, tables and preformatted text, without scripts and navigation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.ingest.cleaning import clean, one_line
from app.ingest.document import Block, BlockKind
from app.ingest.encoding import open_text
from app.ingest.readers.interface import Piece, Reader
from app.ingest.readers.lists import join_list_items

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DROPPED = _words(
    "script style nav noscript template svg head iframe object canvas audio video select button input textarea"
)
_HEADINGS = _words("h1 h2 h3 h4 h5 h6")
_BLOCKS = _HEADINGS | _words(
    """address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure
    footer form header hr legend li main menu ol p pre section summary table tbody td tfoot th thead tr ul"""
)
_LISTS = _words("ul ol menu")
_VOID = _words("area base br col embed hr img input link meta param source track wbr")
_LINE_BREAK = "\0"  # can't come from the parser
_LOOKS_LIKE_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.I | re.S)
_LOOKS_LIKE_XML = re.compile(r"\s*(?:<\?xml|<!doctype[^>]+xhtml|<html[^>]+xmlns)", re.I)
_EMPTY_ELEMENT = re.compile(r"<([a-zA-Z][\w:.-]*)((?:\s[^<>]*)?)/>")
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)


def recognises(head: bytes, path: Path) -> bool:
    """A document that begins like HTML, whatever its name is, unless it is called text."""
    start = head.removeprefix(b"\xef\xbb\xbf")
    return path.suffix.lower() not in (".txt", ".text", ".md") and _LOOKS_LIKE_HTML.match(start) is not None


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its blocks in the order of the source."""
    with path.open("rb") as file:
        charset = _CHARSET.search(file.read(4096))
    declared = charset[1].decode("ascii", "replace") if charset else ""
    yield from html_blocks("".join(open_text(path, max_characters, declared=declared).pieces()))


def html_blocks(source: str, *, with_title: bool = True) -> Iterator[Piece]:
    """The blocks of a whole document that is HTML or XHTML, its title first where the text does not begin with it."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(_with_end_tags(source) if _LOOKS_LIKE_XML.match(source) else source)
    blocks = list(_Walk().blocks(tree.body)) if tree.body is not None else []
    title = tree.css_first("title")
    name = one_line(title.text()) if title is not None else ""
    if with_title and name and name not in [block.text for block in blocks[:5]]:
        yield Block(text=name, kind=BlockKind.HEADING)
    yield from join_list_items(blocks)


def _with_end_tags(source: str) -> str:
    """XHTML as a parser of HTML takes it: there, <title/> begins a title that nothing ends."""

    def ended(tag: re.Match[str]) -> str:
        return tag[0] if tag[1].lower() in _VOID else f"<{tag[1]}{tag[2]}></{tag[1]}>"

    return _EMPTY_ELEMENT.sub(ended, source)


class _Walk:
    """Gathers text until an element that begins or ends a block. Deep nesting costs no recursion."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._mark = ""  # of the list item whose text comes next
        self._lists: list[int | None] = []  # the lists we are in: the last number of an ordered one, else None

    def blocks(self, root: LexborNode) -> Iterator[Block]:
        stack: list[tuple[LexborNode, bool]] = [(root, False)]  # True: what is in it has been walked
        while stack:
            node, is_left = stack.pop()
            tag = node.tag or ""
            if is_left:
                yield from self._flush(BlockKind.HEADING if tag in _HEADINGS else BlockKind.PARAGRAPH)
                if tag in _LISTS:
                    self._lists.pop()
            elif tag == "-text":
                self._text.append(node.text_content or "")
            elif tag == "br":
                self._text.append(_LINE_BREAK)
            elif tag == "pre" or (tag == "table" and node is not root and _holds_data(node)):
                yield from self._flush(BlockKind.PARAGRAPH)
                yield from _preformatted(node) if tag == "pre" else _table(node)
            elif not _is_dropped(node, tag):
                if tag in _BLOCKS:
                    yield from self._flush(BlockKind.PARAGRAPH)
                    self._enter(node, tag)
                    stack.append((node, True))
                stack.extend((child, False) for child in reversed(list(node.iter(include_text=True))))
        yield from self._flush(BlockKind.PARAGRAPH)

    def _enter(self, node: LexborNode, tag: str) -> None:
        if tag in _LISTS:
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            number = None
            if self._lists and (last := self._lists[-1]) is not None:
                number = self._lists[-1] = last + 1
            self._mark = "  " * (len(self._lists) - 1) + (f"{number}. " if number else "- ")

    def _flush(self, kind: BlockKind) -> Iterator[Block]:
        parts = [one_line(part) for part in "".join(self._text).split(_LINE_BREAK)]
        self._text.clear()
        joiner = " " if kind is BlockKind.HEADING else "\n"
        if text := joiner.join(part for part in parts if part):
            yield Block(text=self._mark + text, kind=kind)
            self._mark = ""


def _is_dropped(node: LexborNode, tag: str) -> bool:
    attributes = node.attributes
    is_hidden = "hidden" in attributes or attributes.get("aria-hidden") == "true"
    return tag in _DROPPED or is_hidden or attributes.get("role") in ("navigation", "search")


def _holds_data(table: LexborNode) -> bool:
    """A table of figures or words; one that arranges a page holds headings, lists or other tables."""
    return table.css_first("td table, h1, h2, h3, h4, h5, h6, ul, ol, dl, pre, form") is None


def _table(table: LexborNode) -> Iterator[Block]:
    rows = []
    for row in table.css("tr"):
        cells = [cell for cell in row.iter() if cell.tag in ("td", "th")]
        texts = [" ".join(block.text.replace("\n", " ") for block in _Walk().blocks(cell)) for cell in cells]
        filled = [text for text in texts if text]
        if filled:
            rows.append(filled[0] if len(filled) == 1 else " | ".join(texts))
    if rows:
        yield Block(text="\n".join(rows), kind=BlockKind.TABLE)


def _preformatted(node: LexborNode) -> Iterator[Block]:
    text = clean(node.text()).strip("\n")
    if text.strip():
        yield Block(text=text, kind=BlockKind.CODE)


READER = Reader(name="HTML", suffixes=(".html", ".htm", ".xhtml"), recognises=recognises, read=read)
