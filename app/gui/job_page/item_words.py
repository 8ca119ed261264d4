"""Results of items as a person reads them. Pure."""

from __future__ import annotations

import json
import re

from app.gui import words
from app.gui.tongue import tr

_LABEL = re.compile(r'^\{"label": ("(?:[^"\\]|\\.)*"), "confidence": ([\d.]+)')
_LABELS = re.compile(r'^\{"labels": (\[(?:"(?:[^"\\]|\\.)*"(?:, )?)*\]), "confidence": ([\d.]+)')


def in_one_line(output: str) -> str:
    """The beginning of a result, which may have been cut: "question · 93 %", "total: 12.50, state: open"."""
    if not output.startswith("{"):
        return output
    if found := _LABEL.match(output):
        return _scored(str(json.loads(found[1])), found[2])
    if found := _LABELS.match(output):
        return _scored(", ".join(json.loads(found[1])) or tr("none"), found[2])
    try:
        value = json.loads(output)
    except ValueError:
        return output
    return ", ".join(f"{name}: {_short(part)}" for name, part in value.items())


def is_data(output: str) -> bool:
    """A result is JSON, and not text."""
    if not output.startswith(("{", "[")):
        return False
    try:
        json.loads(output)
    except (ValueError, RecursionError):
        return False
    return True


def indented(output: str) -> str:
    """JSON over several lines."""
    return json.dumps(json.loads(output), indent=2, ensure_ascii=False)


def _scored(label: str, share: str) -> str:
    return f"{label}{words.DOT}{words.percent(float(share))}"


def _short(value: object) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
