"""A text that is too long becomes pieces, cut where it hurts least. Pure."""

from __future__ import annotations

import re

# Best first: after a blank line, after a sentence, after a line, after a word. Each takes the white space with it.
_CUTS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"[.!?…][\"'”’»)\]]*\s+|[。！？]"),
    re.compile(r"\n\s*"),
    re.compile(r"\s+"),
)


def split_text(text: str, limit_characters: int) -> list[str]:
    """Pieces of at most `limit_characters` that add up to `text`; an empty text has none."""
    if limit_characters < 1:
        raise ValueError("a piece has at least one character")
    pieces = []
    start = 0
    while len(text) - start > limit_characters:
        end = _best_cut(text, start, start + limit_characters)
        pieces.append(text[start:end])
        start = end
    if start < len(text):
        pieces.append(text[start:])
    return pieces


def _best_cut(text: str, start: int, end: int) -> int:
    """The last good place in the second half of the piece that may reach from `start` to `end`."""
    middle = start + (end - start) // 2
    for pattern in _CUTS:
        cuts = [match.end() for match in pattern.finditer(text, middle, end)]
        if cuts:
            return cuts[-1]
    return end
