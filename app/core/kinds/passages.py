"""Sentences of a text that name what is looked for, word for word: the program finds what a small model overlooks."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_CHARACTERS = 600  # quoted of one piece
BEGINNING = "The text says: "
_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+")
_WORD = re.compile(r"\w{4,}")
_COMMON_WORDS = """
about all also been does each every from have here into many more most much said says some text than that their them
then there these they this those what when where which while will with would your
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_ENDING = 2  # letters in which forms of a word may differ: warranty, warranties


def passages_about(focus: str, text: str) -> list[str]:
    """Sentences with a word of the focus, in their order, each once."""
    stems = _stems(focus)
    found = [" ".join(sentence.split()) for sentence in _SENTENCE_END.split(text)]
    return list(dict.fromkeys(one for one in found if any(stem in one.lower() for stem in stems)))


def quoted(passages: Sequence[str], most_characters: int = MOST_CHARACTERS) -> str:
    """As much of them as is to be kept, and how many were left out; empty where there are none."""
    kept: list[str] = []
    for passage in passages:
        if kept and sum(map(len, kept)) + len(passage) > most_characters:
            break
        kept.append(passage if len(passage) <= most_characters else f"{passage[: most_characters - 1]}…")
    if not kept:
        return ""
    left = len(passages) - len(kept)
    more = f" ({left} more sentences name it.)" if left else ""
    return f"{BEGINNING}{' '.join(f'“{passage}”' for passage in kept)}{more}"


def _stems(focus: str) -> list[str]:
    words = [word for word in _WORD.findall(focus.lower()) if word not in _COMMON]
    if not words:  # short words, or a script without spaces
        whole = " ".join(focus.lower().split())
        return [whole] if whole else []
    return [word[: max(4, len(word) - _ENDING)] for word in words]
