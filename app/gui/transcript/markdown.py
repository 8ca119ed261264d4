"""Markdown of replies as block tokens, cut into what is done and what is still open. Pure: no Qt.

HTML stays text. While a reply streams, a top-level block is closed as soon as a further one has begun on a
complete line: CommonMark decides blocks line by line, so no later text can change it. (Link definitions that come
later can: the full render at the end puts that right.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

from app.gui.transcript import formula_rules, odd_blocks

MOST_LETTERS = 2_000_000
_FENCE = re.compile(r"(`{3,}(?!`)|~{3,}(?!~))[^`\n&\\]*\n")  # whose language is written as it is


@cache
def _parser() -> MarkdownIt:
    """Made with the first text: its rules take 40 ms to import."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False, "maxNesting": 60}).enable(["table", "strikethrough"])
    formula_rules.use(made)
    odd_blocks.use(made)
    return made


def parse(text: str, env: dict[str, Any] | None = None) -> list[Token]:
    """All block tokens of `text`, inline ones as their children. `env` carries link definitions along.

    Raises ValueError for a text that is too long to be rendered.
    """
    if len(text) > MOST_LETTERS:
        raise ValueError(f"{len(text)} letters, over the limit of {MOST_LETTERS}")
    return _parser().parse(text, {} if env is None else env)


def normal(text: str) -> str:
    """Line ends as the parser counts them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def top_level(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each top-level block."""
    blocks: list[list[Token]] = []
    for token in tokens:
        if token.level == 0 and token.nesting >= 0:
            blocks.append([])
        blocks[-1].append(token)
    return blocks


class Splitter:
    """Text that grows. What is closed is given out once; `tail` is the source of what is still open."""

    def __init__(self) -> None:
        self.env: dict[str, Any] = {}
        self.tail = ""
        self._held = ""  # a carriage return that may be half of a line end
        self._has_new_line = False
        self._code_begin = 0  # of the code in `tail`, where that is an open fence
        self._code_end: re.Pattern[str] | None = None  # the line that would close it
        self._looked_until = 0

    def grow(self, text: str) -> None:
        """Take more text."""
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        text = normal(text.removesuffix("\r"))
        self.tail += text
        self._has_new_line = self._has_new_line or "\n" in text

    def take_closed(self) -> list[list[Token]]:
        """The blocks that were closed since the last time, in order; `tail` starts after them."""
        if not self._has_new_line or self.open_code() is not None:
            return []
        self._has_new_line = False
        complete = self.tail[: self.tail.rfind("\n") + 1]
        env = dict(self.env, references=dict(self.env.get("references", {})))
        blocks = top_level(parse(complete, env))
        if len(blocks) < 2:
            return []
        first_open = blocks[-1][0].map
        assert first_open is not None
        lines = self.tail.split("\n")
        self.env = env
        self.tail = "\n".join(lines[first_open[0] :])
        self._code_begin = self._looked_until = 0
        return blocks[:-1]

    def open_code(self) -> tuple[str, str] | None:
        """The language and the code so far, where `tail` is a fence that nothing has closed: no need to parse it."""
        if not self._code_begin:
            opening = _FENCE.match(self.tail)
            if opening is None or "\0" in self.tail:
                return None
            self._code_begin = self._looked_until = opening.end()
            self._code_end = re.compile(rf"^ {{0,3}}{opening[1][0]}{{{len(opening[1])},}}[ \t]*$", re.MULTILINE)
        assert self._code_end is not None
        if self._code_end.search(self.tail, self._looked_until) or "\0" in self.tail[self._looked_until :]:
            return None
        self._looked_until = max(self._code_begin, self.tail.rfind("\n") + 1)
        language = self.tail[: self._code_begin].lstrip("`~").split(maxsplit=1)[:1]
        code, last = self.tail[self._code_begin :], self.tail[self._looked_until :]
        if not last.strip(" \t"):  # a line of nothing else counts when it has ended, as the parser sees it
            code = code.removesuffix(last)
        return "".join(language), code.removesuffix("\n")
