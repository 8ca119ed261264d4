"""How documents stand in a turn: each after its name, between marks that are not in its text. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def whole(name: str, text: str) -> str:
    return _between("document", name, text)


def summary(name: str, text: str) -> str:
    return _between("summary", name, text)


def passages(name: str, quoted: Sequence[tuple[str, str]]) -> str:
    """Each as (place, text)."""
    return _between("passages", name, "\n\n".join(f"[{place}]\n{text}" for place, text in quoted))


def joined(*parts: str) -> str:
    """What stands before the question, and the question."""
    return "\n\n".join(part for part in parts if part)


def _between(mark: str, name: str, text: str) -> str:
    while f"</{mark}" in text:
        mark += "_"
    shown = " ".join(name.split()).replace('"', "'")
    return f'<{mark} name="{shown}">\n{text.strip()}\n</{mark}>'
