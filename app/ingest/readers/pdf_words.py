"""Ends of lines in running text: words that were divided become whole again. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:[-‐’'][^\W\d_]+)*")
_LAST_PART = re.compile(r"([-‐]?[^\W\d_]+)[-‐]$")
_FIRST_PART = re.compile(r"[^\W\d_]+")
_CJK_END = re.compile(r"[\u3000-\u9fff\uff00-\uffef]$")
_CJK_START = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")


class Joiner:
    """Joins lines of one document. Whether "well-" and "known" make "well-known" is decided by what is written
    elsewhere in it; where nothing says so, a hyphen between small letters was put there by the typesetter.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = {word.lower().replace("‐", "-") for text in texts for word in _WORD.findall(text)}

    def ending(self, line: str, after: str, *, is_divided: bool) -> str:
        """`line` as it reads when `after` follows it directly: with a space, or without the hyphen of a divided word.

        `is_divided`: the file says that the last word goes on, and has taken its hyphen away.
        """
        hyphened = f"{line}-" if is_divided else line
        last, first = _LAST_PART.search(hyphened), _FIRST_PART.match(after)
        if last is not None and first is not None:
            return hyphened if self._is_compound(last[1], first[0]) else hyphened[:-1]
        if is_divided or (_CJK_END.search(line) and _CJK_START.match(after)):
            return line
        return f"{line} "

    def _is_compound(self, last: str, first: str) -> bool:
        if last[0] in "-‐":  # a third part: "day-to-" "day"
            return True
        whole, compound = f"{last}{first}".lower(), f"{last}-{first}".lower()
        if whole in self._words:
            return False
        return compound in self._words or not (last[-1].islower() and first[0].islower())
