"""How wide the columns of a table are, by what stands in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FITS = 92  # letters that a row of the page holds
_PADDING = 2  # of a cell, in letters
_LONGEST_WORD = 22
_WORDS = re.compile(r"[\s-]+")


def longest_words(rows: Sequence[Sequence[str]]) -> list[str]:
    """Of each column; of a word that is longer than any, such as an address, its beginning."""
    n_columns = max(len(row) for row in rows)
    found = [""] * n_columns
    for row in rows:
        for column, cell in enumerate(row):
            if len(cell) > len(found[column]):
                found[column] = max((found[column], *_WORDS.split(cell)), key=len)
    return [word[:_LONGEST_WORD] for word in found]


def longest_cells(rows: Sequence[Sequence[str]]) -> list[int]:
    """How many letters the longest cell of each column has."""
    n_columns = max(len(row) for row in rows)
    return [max(len(row[column]) for row in rows if column < len(row)) for column in range(n_columns)]


def column_shares(rows: Sequence[Sequence[str]]) -> list[float | None]:
    """Each column's share of the width; None, as wide as it likes, where the whole table fits anyway.

    A column gets at least its longest word, so that words are not torn; what is left goes to those with more text.
    """
    n_columns = max(len(row) for row in rows)
    cells = [[row[column] for row in rows if column < len(row)] for column in range(n_columns)]
    longest = [max(len(cell) for cell in column) + _PADDING for column in cells]
    if sum(longest) <= _FITS:
        return [None] * n_columns
    words = [max((len(word) for cell in column for word in _WORDS.split(cell)), default=1) for column in cells]
    for most in range(_LONGEST_WORD, 3, -1):  # where not all words fit, the longest are torn
        least = [min(word, most) + _PADDING for word in words]
        if sum(least) <= _FITS:
            break
    more = [max(0, full - low) ** 0.5 for full, low in zip(longest, least, strict=True)]
    left = max(0, _FITS - sum(least))
    widths = [low + left * part / (sum(more) or 1) for low, part in zip(least, more, strict=True)]
    return [width / sum(widths) for width in widths]
