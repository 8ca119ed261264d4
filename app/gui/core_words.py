"""What Core says, in the language of the window. GUI thread only.

Core and the engine speak English, and what they said may have been stored: their sentences are known by their form,
which stands in core_sentences. A test sees that each of those is still said so, and that none is missing there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from string import Formatter

from PySide6.QtCore import QLocale

from app.gui.core_sentences import chats, documents, general, jobs, models, parts
from app.gui.tongue import apart, is_english, tr

SENTENCES = (*chats.SENTENCES, *jobs.SENTENCES, *models.SENTENCES, *documents.SENTENCES, *general.SENTENCES)
PARTS = parts.PARTS

_NUMBERS = {"count", "number", "page", "done", "total", "read", "limit", "excess", "line", "seconds", "status"}
_NUMBER = re.compile(r"0|[1-9]\d{0,2}(,?\d{3})*")


@dataclass(frozen=True)
class _Form:
    """`anchor`: the longest of what stands between the places, which every sentence of this form has; `n_plain`: how
    much stands between them all.
    """

    text: str
    pattern: re.Pattern[str]
    anchor: str
    n_plain: int


def retold(sentence: str) -> str:
    """A sentence of Core's, or a title that it made."""
    return sentence if is_english() or not sentence else _retold(sentence, _sentences())


def retold_parts(said: str) -> str:
    """What is said with commas between: "38 of 40 documents, 312 of 312 pages"."""
    return said if is_english() else tr(", ").join(retold(part) for part in said.split(", "))


def _retold(said: str, forms: tuple[_Form, ...]) -> str:
    if (known := tr(said)) != said:
        return known
    for form in forms:
        if form.anchor in said and (found := form.pattern.fullmatch(said)):
            values = {name: _value(part) for name, part in found.groupdict().items()}
            return tr(form.text, **values) if values else _plain(tr(form.text))
    return said


def _value(part: str) -> str:
    if _NUMBER.fullmatch(part):
        return QLocale().toString(int(part.replace(",", "")))
    said = _retold(part, _parts())
    return apart(retold(part) if said == part else said)


@cache
def _sentences() -> tuple[_Form, ...]:
    """Those that say more by themselves come first: "Summary of {name}: {focus}" before "Summary of {name}"."""
    return tuple(sorted(map(_form, SENTENCES), key=lambda form: -form.n_plain))


@cache
def _parts() -> tuple[_Form, ...]:
    return tuple(map(_form, PARTS))


def _form(text: str) -> _Form:
    pieces = list(Formatter().parse(text))
    pattern = "".join(
        re.escape(plain) + (f"(?P<{name}>{_shape(name)})" if name is not None else "") for plain, name, *_ in pieces
    )
    plains = [plain for plain, *_ in pieces]
    return _Form(text, re.compile(pattern, re.DOTALL), max(plains, key=len), sum(map(len, plains)))


def _shape(name: str) -> str:
    """What can stand in a place."""
    if name in _NUMBERS:
        return r"[\d.,]+"
    if name == "where":  # a file in parentheses, or nothing
        return r"(?: \(.+?\))?"
    if name == "fault":
        return "|".join(re.sub(r"\(\?P<\w+>", "(?:", _form(fault).pattern.pattern) for fault in parts.FAULTS)
    return ".+?"


def _plain(text: str) -> str:
    """Without places braces are written twice all the same."""
    return text.replace("{{", "{").replace("}}", "}")
