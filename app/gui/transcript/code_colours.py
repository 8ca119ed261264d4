"""The colours of code: which letters of it are what, by pygments, a slice at a time, and how each looks.

No widget. Every colour has a contrast of 4.5 or more on the panel of code, in both themes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

Spans = list[tuple[int, int, str]]  # start, length, what it is

MOST_LETTERS = 120_000
MOST_LINES = 2_000
_LONGEST_LINE = 2_000  # of a line that is coloured: lexers can be slow on what was made by machines


@dataclass(frozen=True)
class CodeTokens:
    """Colours by what the letters are."""

    keyword: str
    name: str
    string: str
    number: str
    comment: str
    removed: str
    added: str


LIGHT = CodeTokens(
    keyword="#7A3E9D",
    name="#0B5FA5",
    string="#2B6E33",
    number="#9A4A00",
    comment="#6A6458",
    removed="#B3261E",
    added="#2B6E33",
)
DARK = CodeTokens(
    keyword="#C9A3E6",
    name="#86B9EE",
    string="#9CCB92",
    number="#E3B27A",
    comment="#9A9488",
    removed="#F28B82",
    added="#9CCB92",
)

# pygments' names of tokens, the most particular first
_KINDS = (
    ("Comment", "comment"),
    ("Keyword", "keyword"),
    ("Operator.Word", "keyword"),
    ("Name.Function", "name"),
    ("Name.Class", "name"),
    ("Name.Tag", "name"),
    ("Name.Attribute", "name"),
    ("Name.Builtin", "name"),
    ("Name.Decorator", "name"),
    ("Literal.String", "string"),
    ("Literal.Number", "number"),
    ("Generic.Deleted", "removed"),
    ("Generic.Inserted", "added"),
    ("Generic.Heading", "keyword"),
    ("Generic.Subheading", "name"),
)


def colours_of(is_dark: bool) -> CodeTokens:
    return DARK if is_dark else LIGHT


def is_too_much(code: str) -> bool:
    """Whether to leave this code in one colour."""
    return (
        len(code) > MOST_LETTERS
        or code.count("\n") >= MOST_LINES
        or any(len(line) > _LONGEST_LINE for line in code.split("\n"))
    )


def spans(code: str, language: str) -> Iterator[tuple[int, int, str]]:
    """(start, length, what it is) of all that has a colour, in order; lexed as far as it is asked for."""
    lexer = _lexer(language.lower())
    if lexer is None:
        return
    for start, kind, value in lexer.get_tokens_unprocessed(code):
        found = _kind(str(kind).removeprefix("Token."))
        if found and value.strip():
            yield start, len(value), found


def spans_of_lines(code: str, language: str) -> list[Spans]:
    """What has a colour in each line, as Qt counts: in UTF-16. Takes long: not for the GUI thread."""
    lines = code.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found: list[Spans] = [[] for _ in lines]
    for start, length, kind in spans(code, language):
        place = bisect_right(starts, start) - 1
        column = start - starts[place]
        for part in code[start : start + length].split("\n"):
            if part and place < len(lines):
                found[place].append((column, len(part), kind))
            place, column = place + 1, 0
    return [
        line_found if line.isascii() else _as_qt_counts(line, line_found)
        for line, line_found in zip(lines, found, strict=True)
    ]


def _as_qt_counts(line: str, found: Spans) -> Spans:
    return [(_units(line[:start]), _units(line[start : start + length]), kind) for start, length, kind in found]


def _units(text: str) -> int:
    return len(text) + sum(ord(letter) > 0xFFFF for letter in text)


@lru_cache(512)
def _kind(name: str) -> str:
    return next((kind for prefix, kind in _KINDS if name == prefix or name.startswith(f"{prefix}.")), "")


@lru_cache(64)
def _lexer(language: str) -> Any:
    if not language:
        return None
    from pygments.lexers import get_lexer_by_name  # 90 ms, and most replies have no code
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None
