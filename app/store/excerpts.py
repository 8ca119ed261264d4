"""The place of a text where words were found: pure.

FTS5 has `snippet` for this, which weighs every place against every other: 27 ms for a letter in a text of 20,000 words,
and half a second in one of 80,000.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence

_LETTERS, _LETTERS_BEFORE = 150, 30
_NEAR = _LETTERS - _LETTERS_BEFORE
_PIECE = 8_000  # so much of a long text is looked at before more of it is
_SPACES = re.compile(r"\s+")
Span = tuple[int, int]


def words_of(text: str) -> list[str]:
    """As the index has them."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text))


def excerpt(text: str, words: Sequence[str]) -> tuple[str, tuple[Span, ...]]:
    """About a line of `text`, and from ... to in it the words that begin with one of `words`.

    It is the first place that has all of them, else the first of those that have most.
    """
    text = unicodedata.normalize("NFC", text)
    wanted = sorted({_folded(word) for word in words}, key=len, reverse=True)
    places = re.compile(rf"(?<![^\W_])({'|'.join(map(re.escape, wanted))})[^\W_]*")
    begin = _word_begin(text, max(0, _first_place(places, text, len(wanted)) - _LETTERS_BEFORE))
    end = _word_end(text, begin + _LETTERS)
    head, tail = "…" if begin else "", "…" if end < len(text) else ""
    shift = len(head) - begin
    marks = tuple((start + shift, stop + shift) for start, stop, _ in _found(places, text, begin, end))
    return f"{head}{text[begin:end]}{tail}", marks


def _first_place(places: re.Pattern[str], text: str, n_wanted: int) -> int:
    """Where the first stretch begins that has as many different words as any."""
    best, most = 0, 0
    for piece in range(0, len(text), _PIECE):
        near: deque[tuple[int, int, str]] = deque()
        for place in _found(places, text, max(0, piece - _NEAR), piece + _PIECE):
            near.append(place)
            while place[1] - near[0][0] > _NEAR and len(near) > 1:
                near.popleft()
            n_words = len({word for _, _, word in near})
            if n_words > most:
                best, most = near[0][0], n_words
                if most == n_wanted:
                    return best
    return best


def _found(places: re.Pattern[str], text: str, begin: int, end: int) -> Iterator[tuple[int, int, str]]:
    """From ... to of each word there, and which of the wanted ones it begins with."""
    first = max(0, begin - 1)  # with the letter before it, so that half a word is none
    for match in places.finditer(_folded(text[first:end]), begin - first):
        yield match.start() + first, match.end() + first, match[1]


def _word_begin(text: str, at: int) -> int:
    """Where the next word begins, or there, where no other begins near it."""
    if at == 0:
        return 0
    space = _SPACES.search(text, at - 1, at + _LETTERS_BEFORE)
    return space.end() if space else at


def _word_end(text: str, at: int) -> int:
    """Where the word before it ends, or there, where none ends near it."""
    if at >= len(text):
        return len(text)
    space = max(text.rfind(sign, at - _LETTERS_BEFORE, at + 1) for sign in " \n")
    return at if space < 0 else space


def _folded(text: str) -> str:
    """Small letters without accents, each where it was."""
    if text.isascii():
        return text.lower()
    for letter in set(text):
        if (plain := _plain(letter)) != letter:
            text = text.replace(letter, plain)
    return text


@functools.cache
def _plain(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter.lower())
    base, accents = parts[0], parts[1:]
    return base if all("\u0300" <= accent <= "\u036f" for accent in accents) else letter
