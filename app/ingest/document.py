"""What readers make of a file: blocks of text in reading order, each with its page where there are pages; or rows."""

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


class TableHead(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a table before its rows: the names of its columns, no two alike and none empty.

    `sheets`: those of the workbook that it is in, in their order; empty for a file that is one table.
    """

    columns: tuple[str, ...]
    sheets: tuple[str, ...] = ()
