"""LaTeX in Markdown: $…$ and \\(…\\) in a line, $$…$$, \\[…\\] and \\begin{…} on lines of their own. Pure: no Qt.

Dollars as pandoc has them: no white space inside, no digit behind; so "$5 and $6" is text. A formula on lines of its
own ends at a blank line at the latest: where it begins and how far it goes is decided line by line, as of every block.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token


MOST_LETTERS = 2_000
_CLOSING = {"$": "$", "$$": "$$", "\\(": "\\)", "\\[": "\\]"}
_BEGIN = re.compile(r"\\begin\{((?:equation|align|aligned|gather|gathered|multline|eqnarray|cases|split)\*?)\}")
_REST = re.compile(r"\s*([.,;:]?)\s*\Z")  # what may follow on the line where a formula ends
_NO_START = re.compile(r"[A-Za-z0-9$\\]\Z")
_NO_FORMULA = re.compile(r"`|\A\d[\d.,]*[\s-]+[A-Za-z]{2}")  # code, or "$5 for two, not 6$"
_INTERRUPTS = ["paragraph", "reference", "blockquote", "list"]


def use(parser: MarkdownIt) -> None:
    """Teach a parser the tokens `math_inline` and `math_block`: `content` is LaTeX, `markup` the delimiter."""
    parser.block.ruler.before("fence", "math_block", _block, {"alt": _INTERRUPTS})
    parser.inline.ruler.before("escape", "math_inline", _inline)


def source_of(token: Token) -> str:
    """As it was written."""
    inside = token.meta.get("written", token.content)
    return f"{token.markup}{inside}{_CLOSING.get(token.markup, '')}"


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    if state.is_code_block(first):
        return False
    begin = state.bMarks[first] + state.tShift[first]
    line = state.src[begin : state.eMarks[first]]
    opening, closing = _delimiters(line)
    if not opening:
        return False
    inside = line[len(opening) :]
    if closing in inside and _REST.match(inside.partition(closing)[2]) is None:
        return False  # in the middle of a line
    if silent:
        return True
    end, is_closed = first, closing in inside
    while not is_closed and end + 1 < last and not state.isEmpty(end + 1) and state.sCount[end + 1] >= state.blkIndent:
        end += 1
        text = state.src[state.bMarks[end] + state.tShift[end] : state.eMarks[end]]
        is_closed = closing in text and _REST.match(text.partition(closing)[2]) is not None
    state.line = end + 1
    lines = state.getLines(first, end + 1, state.blkIndent, False).strip()
    written, _, rest = lines[len(opening) :].rpartition(closing)
    if is_closed and written.strip():
        token = state.push("math_block", "math", 0)
        is_environment = opening.startswith("\\b")
        token.markup = "" if is_environment else opening
        token.meta["written"] = f"{opening}{written}{closing}" if is_environment else written
        token.content = f"{token.meta['written'].strip()}{rest.strip()}"
        token.map = [first, state.line]
    else:
        state.push("paragraph_open", "p", 1).map = [first, state.line]
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = lines, [first, state.line], []
        state.push("paragraph_close", "p", -1)
    return True


def _delimiters(line: str) -> tuple[str, str]:
    if line.startswith("$$") and not line.startswith("$$$"):
        return "$$", "$$"
    if line.startswith("\\["):
        return "\\[", "\\]"
    if found := _BEGIN.match(line):
        return found.group(0), f"\\end{{{found.group(1)}}}"
    return "", ""


def _inline(state: StateInline, silent: bool) -> bool:
    source, begin = state.src, state.pos
    opening = next((mark for mark in ("$$", "$", "\\(", "\\[") if source.startswith(mark, begin)), "")
    if not opening or (opening[0] == "$" and _NO_START.search(source[max(0, begin - 1) : begin])):
        return False
    start = begin + len(opening)
    end = _end(source, start, min(state.posMax, start + MOST_LETTERS), opening)
    if end < 0 or not source[start:end].strip() or (opening == "$" and _NO_FORMULA.search(source[start:end])):
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content, token.markup = source[start:end].strip(), opening
        token.meta["written"] = source[start:end]
    state.pos = end + len(opening)
    return True


def _end(source: str, start: int, most: int, opening: str) -> int:
    """Where the closing delimiter stands; -1: nowhere."""
    if opening[0] == "\\":
        return source.find(_CLOSING[opening], start, most)
    at = source.find("$", start, most)
    while at > 0 and source[at - 1] == "\\":  # a dollar in the formula
        at = source.find("$", at + 1, most)
    if at < 0 or (opening == "$$" and not source.startswith("$$", at)):
        return -1
    if opening == "$" and (source[start].isspace() or source[at - 1].isspace() or source[at + 1 : at + 2].isdigit()):
        return -1
    return at
