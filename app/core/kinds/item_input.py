"""What one item of a job is made of: a piece of a document, a row of a table, other items' results. Stored as JSON."""

from __future__ import annotations

import msgspec


class Piece(msgspec.Struct, frozen=True, kw_only=True, tag="chunk"):
    """A part of a document, or all of it. Pages count from 1; None: the document has no pages.

    `name`: the document's, where the kind does not cut.
    """

    text: str
    first_page: int | None = None
    last_page: int | None = None
    name: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True, tag="row"):
    """A row of a table, by column, in the table's order."""

    values: dict[str, str]


class Group(msgspec.Struct, frozen=True, kw_only=True, tag="group"):
    """Results that go into another one: `sources` are positions in the level below.

    `is_overview`: the last item of a document; `is_collection`: of several documents.
    """

    text: str
    sources: tuple[int, ...]
    is_overview: bool = False
    is_collection: bool = False


class Call(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    """A line of a batch file: `body` is JSON in OpenAI's format."""

    custom_id: str
    body: str


ItemInput = Piece | Row | Group | Call
_decoder: msgspec.json.Decoder[ItemInput] = msgspec.json.Decoder(ItemInput)


def encode(input: ItemInput) -> str:
    return msgspec.json.encode(input).decode()


def decode(stored: str) -> ItemInput:
    return _decoder.decode(stored)


def text_of(input: ItemInput) -> str:
    """The item's own text, as a person would read it."""
    if isinstance(input, Row):
        return "\n".join(f"{column}: {value}" for column, value in input.values.items())
    return input.body if isinstance(input, Call) else input.text
