"""What formats with pages have in common: numbers of pages in a sentence, the order of what is on a slide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.ingest.document import Block, BlockKind
from app.ingest.readers.interface import Note


def listed(numbers: Sequence[int], what: str = "Page") -> str:
    """ "Page 7", "Pages 2, 4–6, 9". `what` is the word for one."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    joined = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in ranges)
    return f"{what if len(numbers) == 1 else f'{what}s'} {joined}"


def without_text(numbers: Sequence[int], what: str = "Page") -> Note:
    """The note about pages that have no text."""
    pages = listed(numbers, what)
    return Note(f"{pages} has no text." if len(numbers) == 1 else f"{pages} have no text.", tuple(numbers))


def headings_first(blocks: Iterable[Block]) -> list[Block]:
    """The blocks of a slide with its title first, wherever it lies in the file."""
    return sorted(blocks, key=lambda block: block.kind is not BlockKind.HEADING)
