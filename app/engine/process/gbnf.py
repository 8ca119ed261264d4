"""Grammars in llama.cpp's notation (GBNF) become rules. Pure; linear in the text, whatever the text is.

All of the notation, but for tokens by their name (<…>) or number.
"""

from __future__ import annotations

import re

from app.engine.process.grammar_parts import Chars, Choice, Literal, Part, Repeat, Rule, Series
from app.errors import ErrorKind, KnownError

MOST_CHARACTERS = 50_000
MOST_NESTED = 100

_SPACE = re.compile(r"(?:[ \t]|#[^\r\n]*)*")
_SPACE_AND_LINES = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_COUNTS = re.compile(r"\{[ \t]*(\d{1,9})[ \t]*(?:(,)[ \t]*(\d{1,9})?[ \t]*)?\}")
_HEX = {"x": 2, "u": 4, "U": 8}
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\", '"': '"', "[": "[", "]": "]", "-": "-"}


def parse(text: str) -> dict[str, Part]:
    """Raises KnownError, which says in which line it stands, for what is no grammar."""
    if len(text) > MOST_CHARACTERS:
        raise KnownError(ErrorKind.BAD_REQUEST, f"The grammar is longer than {MOST_CHARACTERS:,} characters.")
    return _Parser(text).rules()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def rules(self) -> dict[str, Part]:
        rules: dict[str, Part] = {}
        self._skip(_SPACE_AND_LINES)
        while self._at < len(self._text):
            name = self._name()
            self._skip(_SPACE)
            if not self._text.startswith("::=", self._at):
                raise self._error("“::=” is missing")
            self._at += 3
            self._skip(_SPACE_AND_LINES)
            rules[name] = self._choice(is_nested=False)
            if self._at < len(self._text) and self._text[self._at] not in "\r\n":
                raise self._error("a rule should end here")
            self._skip(_SPACE_AND_LINES)
        if not rules:
            raise KnownError(ErrorKind.BAD_REQUEST, "The grammar is empty.")
        return rules

    def _choice(self, *, is_nested: bool) -> Part:
        parts = [self._series(is_nested=is_nested)]
        while self._peek() == "|":
            self._at += 1
            self._skip(_SPACE_AND_LINES)
            parts.append(self._series(is_nested=is_nested))
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _series(self, *, is_nested: bool) -> Part:
        space = _SPACE_AND_LINES if is_nested else _SPACE
        parts: list[Part] = []
        while True:
            start = self._peek()
            if start == '"':
                parts.append(self._literal())
            elif start == "[":
                parts.append(self._characters())
            elif start == ".":
                self._at += 1
                parts.append(Chars((), is_inverse=True))
            elif start == "(":
                parts.append(self._group())
            elif start and start in "*+?{":
                if not parts:
                    raise self._error(f"there is nothing before “{start}”")
                parts.append(self._repeat(parts.pop()))
            elif start and start in "<!":
                raise self._error("tokens by their name (<…>) are not supported")
            elif _NAME.match(self._text, self._at):
                parts.append(Rule(self._name()))
            else:
                return parts[0] if len(parts) == 1 else Series(tuple(parts))
            self._skip(space)

    def _group(self) -> Part:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise self._error("the parentheses are nested too deeply")
        self._at += 1
        self._skip(_SPACE_AND_LINES)
        part = self._choice(is_nested=True)
        if self._peek() != ")":
            raise self._error("“)” is missing")
        self._at += 1
        self._depth -= 1
        return part

    def _repeat(self, part: Part) -> Part:
        sign = self._peek()
        if sign != "{":
            self._at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
            return Repeat(part, least, most)
        counts = _COUNTS.match(self._text, self._at)
        if counts is None:
            raise self._error("a number of times is given as {3}, {3,} or {3,5}")
        self._at = counts.end()
        least = int(counts[1])
        most = least if counts[2] is None else int(counts[3]) if counts[3] else None
        if most is not None and most < least:
            raise self._error("something is repeated at least more often than at most")
        return Repeat(part, least, most)

    def _literal(self) -> Part:
        self._at += 1
        characters = []
        while self._peek() != '"':
            characters.append(self._character())
        self._at += 1
        return Literal("".join(characters))

    def _characters(self) -> Part:
        self._at += 1
        is_inverse = self._peek() == "^"
        self._at += is_inverse
        ranges = []
        while self._peek() != "]":
            low = high = ord(self._character())
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] != "]":
                self._at += 1
                high = ord(self._character())
            if high < low:
                raise self._error(f"the range from “{chr(low)}” to “{chr(high)}” is empty")
            ranges.append((low, high))
        self._at += 1
        return Chars(tuple(ranges), is_inverse)

    def _character(self) -> str:
        character = self._any_character()
        if "\ud800" <= character <= "\udfff":
            raise self._error("half a character (a surrogate) stands there")
        return character

    def _any_character(self) -> str:
        character = self._peek()
        if not character:
            raise self._error("it ends in the middle of a text or of a set of characters")
        self._at += 1
        if character != "\\":
            return character
        kind = self._peek()
        self._at += 1
        if kind in _HEX:
            digits = self._text[self._at : self._at + _HEX[kind]]
            self._at += _HEX[kind]
            if not re.fullmatch(f"[0-9A-Fa-f]{{{_HEX[kind]}}}", digits) or int(digits, 16) > 0x10FFFF:
                raise self._error(f"“\\{kind}{digits}” is no character")
            return chr(int(digits, 16))
        if kind not in _ESCAPES or not kind:
            raise self._error(f"“\\{kind}” is not known")
        return _ESCAPES[kind]

    def _name(self) -> str:
        found = _NAME.match(self._text, self._at)
        if found is None:
            raise self._error("a rule's name should stand here")
        self._at = found.end()
        return found.group()

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, space: re.Pattern[str]) -> None:
        found = space.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _error(self, reason: str) -> KnownError:
        line = self._text.count("\n", 0, self._at) + 1
        return KnownError(ErrorKind.BAD_REQUEST, f"The grammar can't be read: {reason} (line {line}).")
