"""Blocks that would take a renderer seconds are shown as they are: what a model repeats without end, mostly. Pure.

A paragraph that is too long, or has too many brackets, is text; a table with too many cells is code. Whether a block is
odd depends on nothing but that block, so what streams is shown as the whole would be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token


MOST_LETTERS = 20_000  # of a paragraph, a heading, a cell
MOST_BRACKETS = 800
MOST_CELLS = 4_000


def use(parser: MarkdownIt) -> None:
    """Before the insides of blocks are looked at."""
    parser.core.ruler.before("inline", "odd_blocks", _tame)


def _tame(state: StateCore) -> None:
    from markdown_it.token import Token

    _tame_tables(state)
    for token in state.tokens:
        if token.type == "inline" and _is_odd(token.content):
            text = Token("text", "", 0)
            text.content, token.content = token.content, ""  # an empty one is left alone by what comes next
            token.children = [text]


def _is_odd(text: str) -> bool:
    return len(text) > MOST_LETTERS or text.count("[") > MOST_BRACKETS


def _tame_tables(state: StateCore) -> None:
    from markdown_it.token import Token

    kept: list[Token] = []
    n_cells = start = 0
    for token in state.tokens:
        if token.type == "table_open":
            start, n_cells = len(kept), 0
        n_cells += token.type in ("td_open", "th_open")
        kept.append(token)
        if token.type == "table_close" and n_cells > MOST_CELLS:
            opening = kept[start]
            first, last = opening.map or [0, 0]
            code = Token("fence", "code", 0, level=opening.level, map=[first, last], markup="```", block=True)
            code.content = "\n".join(state.src.split("\n")[first:last]) + "\n"
            kept[start:] = [code]
    state.tokens = kept
