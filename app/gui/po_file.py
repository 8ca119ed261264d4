"""Reads the translations of one language: a .po file as gettext's tools write it, without compiling it first.

So a language is one file that anybody can edit, and what is edited is what the next start shows. Knows no Qt.
"""

from __future__ import annotations

import gettext
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Translations:
    """`forms` by the English text: one, or for a count as many as the language has; `form` says which one of them."""

    forms: dict[str, tuple[str, ...]]
    form: Callable[[int], int]


_ENTRY = re.compile(
    r'^(?P<flags>#,.*\n)?msgid (?P<text>".*")\n(?:msgid_plural ".*"\n)?(?P<forms>(?:msgstr(?:\[\d\])? ".*"\n?)+)',
    re.MULTILINE,
)
_FORM = re.compile(r'^msgstr(?:\[\d\])? (".*")$', re.MULTILINE)


def read(path: Path) -> Translations:
    """What is translated in `path`; nothing of what is fuzzy or empty. Raises ValueError where it is no such file."""
    joined = path.read_text(encoding="utf-8").replace('"\n"', "")
    forms: dict[str, tuple[str, ...]] = {}
    for entry in _ENTRY.finditer(joined):
        if "fuzzy" not in (entry["flags"] or ""):
            translated = tuple(_unquoted(form) for form in _FORM.findall(entry["forms"]))
            if all(translated):
                forms[_unquoted(entry["text"])] = translated
    header = forms.pop("", ("",))[0]
    rule = header.partition("plural=")[2].partition(";")[0].strip()
    return Translations(forms, gettext.c2py(rule or "n != 1"))


def _unquoted(text: str) -> str:
    return str(json.loads(text)) if "\\" in text else text[1:-1]  # JSON escapes alike
