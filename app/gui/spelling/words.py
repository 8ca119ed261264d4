"""Which parts of a message are words whose spelling can be looked up. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NO_PROSE = re.compile(
    r"```.*?(?:```|\Z)"  # code
    r"|`[^`\n]*`"
    r"|\{[^{}\n]{1,60}\}"  # a place of a saved prompt
    r"|\S*(?:://|[\\/@#_=<>]|\w\.\w)\S*",  # addresses, paths, names in code
    re.DOTALL,
)
_FEW = 6  # of so many words, most may be wrong
_MOST = 0.5  # of the words: more than that are of a language that is not looked up


@dataclass(frozen=True)
class Word:
    """One, and where in the text it stands, as Qt counts: a character beyond the first 65,536 is two places."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + _places(self.text)


def words_of(text: str) -> list[Word]:
    """Those that somebody may have misspelled: no code, no addresses, no abbreviations."""
    prose = _NO_PROSE.sub(lambda found: " " * len(found[0]), text)
    made, at, place = [], 0, 0
    for found in _WORD.finditer(prose):
        place += _places(text[at : found.start()])
        at = found.start()
        if _may_be_wrong(found[0]):
            made.append(Word(found[0], place))
    return made


def misspelled(words: list[Word], unknown: set[str], typing_at: int = -1) -> list[Word]:
    """Those to be marked. Not the one that is being typed; none where the text is in another language altogether.

    `typing_at`: the place of the cursor; -1: there is none.
    """
    wrong = [word for word in words if word.text in unknown]
    if len(words) > _FEW and len(wrong) > _MOST * len(words):
        return []
    return [word for word in wrong if word.end != typing_at]


def _places(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _may_be_wrong(word: str) -> bool:
    return len(word) > 1 and not any(letter.isupper() for letter in word[1:])
