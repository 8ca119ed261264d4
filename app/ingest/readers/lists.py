"""Items of a list that came as blocks of their own become one block, so that a list is cut as seldom as a paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from app.ingest.document import Block, BlockKind
from app.ingest.readers.interface import Piece

# "- ", "• ", "2. ", "(a) ", "iv) "
ITEM_MARK = re.compile(r"\s*(?:[-–—•●▪◦‣∙·*○■□➢✓]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])\s+\S")
_ENOUGH_CHARACTERS = 1000


def join_list_items(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same pieces; neighbouring list items of one page are joined, a line each, while the block stays short."""
    waiting: Block | None = None
    for piece in pieces:
        if waiting is not None and isinstance(piece, Block) and _belong_together(waiting, piece):
            waiting = Block(text=f"{waiting.text}\n{piece.text}", page=waiting.page)
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if isinstance(piece, Block) and _is_item(piece):
            waiting = piece
        else:
            yield piece
    if waiting is not None:
        yield waiting


def _belong_together(block: Block, item: Block) -> bool:
    is_short = len(block.text) + len(item.text) <= _ENOUGH_CHARACTERS
    return is_short and block.page == item.page and _is_item(item)


def _is_item(block: Block) -> bool:
    return block.kind is BlockKind.PARAGRAPH and ITEM_MARK.match(block.text) is not None
