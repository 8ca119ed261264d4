"""Lines that run along the edges of pages: headers, footers, page numbers. They are not text of the document. Pure.

A line is taken out where it clearly repeats: at one height of many pages, away from the text, and with words that
come again or a number that counts the pages.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.ingest.readers.pdf_lines import Line

_EDGE_LINES = 3  # a header or footer has at most so many lines
_REPEATS = 3  # so often is not by chance
_SLOT_POINTS = 3
_ROMAN = re.compile(r"[ivxlc]+", re.I)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The same pages without headers, footers and page numbers."""
    kept = [list(page) for page in pages]
    for _ in range(_EDGE_LINES):
        edges = [edge for page in kept for edge in _edges(page)]
        running = {id(line) for line in _running(edges, sum(1 for page in kept if page))}
        if not running:
            break
        kept = [[line for line in page if id(line) not in running] for page in kept]
    return kept


@dataclass(frozen=True)
class _Edge:
    """A line at the upper or lower edge of a page. `is_apart`: there is other text on the page, and it is not near."""

    line: Line
    is_apart: bool


def _edges(page: Sequence[Line]) -> Iterator[_Edge]:
    """The highest and the lowest line of a page, or all at that height."""
    heights = sorted({round(line.baseline) for line in page})
    for edge, neighbours in ((heights[:1], heights[1:2]), (heights[-1:], heights[-2:-1])):
        on_edge = [line for line in page if round(line.baseline) in edge]
        for line in on_edge:
            yield _Edge(line, bool(neighbours) and abs(edge[0] - neighbours[0]) > 1.4 * line.size)


def _running(edges: Sequence[_Edge], n_pages: int) -> Iterator[Line]:
    """Those edge lines that repeat at their height apart from other text, and others where most pages have such a line.

    What repeats is learned from lines that stand apart; then it is known as well where a page is full.
    """
    slots: dict[int, list[_Edge]] = defaultdict(list)
    for edge in edges:
        slots[round(edge.line.baseline / _SLOT_POINTS)].append(edge)
    for height in slots:
        around = [edge for other in (height - 1, height, height + 1) for edge in slots.get(other, ())]
        near = [edge.line for edge in around if edge.is_apart]
        if len({line.page for line in near}) < max(_REPEATS, n_pages / 10):
            continue
        texts = Counter(_pattern(line.text) for line in near)
        offsets = Counter(offset for line in near for offset in _page_offsets(line))
        usual = {offset for offset, count in offsets.items() if count >= _REPEATS}

        def repeats(line: Line, texts: Counter[str] = texts, usual: set[int] = usual) -> bool:
            return texts[_pattern(line.text)] >= _REPEATS or bool(usual & set(_page_offsets(line)))

        repeated = [line for line in near if repeats(line)]
        is_reserved = len({line.page for line in repeated}) * 2 >= n_pages
        sizes = {line.size for line in repeated}
        for edge in slots[height]:
            if repeats(edge.line) or (is_reserved and edge.is_apart and edge.line.size in sizes):
                yield edge.line


def _pattern(text: str) -> str:
    """The text with its numbers taken out, so that "Page 3" and "Page 4" are the same."""
    return re.sub(r"\d+", "#", " ".join(text.split()))


def _page_offsets(line: Line) -> list[int]:
    """How far a number at either end of the line is from the number of its page."""
    words = line.text.split()
    values = {_number(words[0]), _number(words[-1])} if words else set()
    return [value - line.page for value in values if value is not None]


def _number(word: str) -> int | None:
    word = word.strip("-–—[]()|.")
    if word.isdecimal() and len(word) < 6:
        return int(word)
    if _ROMAN.fullmatch(word) and len(word) < 8:
        values = [_ROMAN_VALUES[letter] for letter in word.lower()]
        return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
    return None
