"""Markdown of replies as block tokens, cut into what is done and what is still open. Pure: no Qt.

HTML stays text. While a reply streams, a top-level block is closed as soon as a further one has begun on a
complete line: CommonMark decides blocks line by line, so no later text can change it. (Link definitions that come
later can: the full render at the end puts that right.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

from app.gui.transcript import formula_rules, odd_blocks

MOST_LETTERS = 2_000_000


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

    def grow(self, text: str) -> None:
        """Take more text."""
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        text = normal(text.removesuffix("\r"))
        self.tail += text
        self._has_new_line = self._has_new_line or "\n" in text

    def take_closed(self) -> list[list[Token]]:
        """The blocks that were closed since the last time, in order; `tail` starts after them."""
        if not self._has_new_line:
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
        return blocks[:-1]
