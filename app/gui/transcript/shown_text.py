"""The words of a message as they are shown, without making a document of it: what is found in a chat. Pure: no Qt.

The same words in the same order as in the document that `Writer` makes (tests/gui/test_find.py), so that matches can be
counted in messages that are not built.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.chat_views import MessageView, Role
from app.gui.transcript.markdown import normal, parse
from app.gui.transcript.thought_parts import parts_of

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKUP = str.maketrans("", "", "*_`~\\[]()#>|-+=:$ \t\n\r\u2028\u2029\xa0")
_SHORTENED = re.compile(r"\]\(|[&<\ufdd0\ufdd1]|^ {0,3}\[", re.MULTILINE)  # a link, an entity, a definition
_FORMULA = "\ufffc"  # stands for it in the document
_STRUCTURE = str.maketrans({"\ufdd0": "\ufffd", "\ufdd1": "\ufffd"})


def shown_text(message: MessageView) -> str:
    """Of a reply its answer."""
    return message.text if message.role is Role.USER else reply_text(parts_of(message.text)[1])


def reply_text(markdown: str) -> str:
    """What is read of Markdown, its blocks in lines."""
    lines = []
    for token in parse(normal(markdown)):
        if token.type == "inline":
            lines.append(_inline(token.children or []))
        elif token.type == "math_block":
            lines.append(_FORMULA)
        elif token.content:
            lines.append(token.content)
    return "\n".join(lines).translate(_STRUCTURE)


def may_have(message: MessageView, query: str) -> bool:
    """False where a search can be spared: what is shown is what was written, without some of its letters."""
    if _SHORTENED.search(message.text):
        return True
    return query.translate(_MARKUP).casefold() in message.text.translate(_MARKUP).casefold()


def matches(text: str, query: str) -> list[tuple[int, int]]:
    """Where it stands, whatever its capitals and its white space are: (start, end) in characters."""
    words = query.split()
    if not words:
        return []
    pattern = r"\s+".join(re.escape(word) for word in words)
    return [found.span() for found in re.finditer(pattern, text, re.IGNORECASE)]


def as_qt_counts(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same places in UTF-16. `spans` are in order and don't overlap."""
    if text.isascii():
        return list(spans)
    counted, at, place = [], 0, 0
    for start, end in spans:
        begin = place + _units(text[at:start])
        at, place = end, begin + _units(text[start:end])
        counted.append((begin, place))
    return counted


def _units(text: str) -> int:
    return len(text) + sum(letter > "\uffff" for letter in text)


def _inline(tokens: Sequence[Token]) -> str:
    breaks = ("softbreak", "hardbreak")
    said = []
    for token in tokens:
        if token.type == "math_inline":
            said.append(_FORMULA)
        elif token.type in breaks:
            said.append("\n")
        else:
            said.append(token.content or ("image" if token.type == "image" else ""))
    return "".join(said)
