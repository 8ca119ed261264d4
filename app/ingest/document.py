"""What every reader makes of a file: blocks of text in reading order, each with its page where there are pages."""

from __future__ import annotations

from enum import Enum

import msgspec


class BlockKind(Enum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    TABLE = "table"
    CODE = "code"


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A heading, a paragraph, a table: text that is better not cut. `page` counts from 1; None: no pages."""

    text: str
    page: int | None = None
    kind: BlockKind = BlockKind.PARAGRAPH


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read. `notes` name in one sentence each what could not be read: nothing is left out silently."""

    name: str
    blocks: tuple[Block, ...]
    n_pages: int | None = None
    notes: tuple[str, ...] = ()
    unread_pages: tuple[int, ...] = ()  # pages that gave no text
