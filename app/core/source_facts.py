"""What is kept of a document that was read, besides its items. Stored as JSON with it."""

from __future__ import annotations

import msgspec


class SourceFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`notes` name in one sentence each what could not be read; `columns` are a table's."""

    n_pages: int | None = None
    notes: tuple[str, ...] = ()
    unread_pages: tuple[int, ...] = ()  # pages that gave no text
    columns: tuple[str, ...] | None = None


def encode(facts: SourceFacts) -> str:
    return msgspec.json.encode(facts).decode()


def decode(stored: str) -> SourceFacts:
    return msgspec.json.decode(stored, type=SourceFacts)
