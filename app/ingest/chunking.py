"""Blocks become chunks that fit a model's prompt: deciding only, no clock and no I/O.

The caller splits blocks that are too large, has the engine count each block's tokens, and cuts:

    blocks = split_large_blocks(document.blocks, limit_characters)
    counts = await engine.count_tokens([block.text for block in blocks])
    chunks = cut_into_chunks(blocks, counts, limit_tokens)

Where a count plus OVERHEAD_TOKENS is over the limit, split again with fewer characters and count again. With a
vocabulary of bytes, which is what models here have, a text has at most as many tokens as UTF-8 bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.ingest.document import Block, BlockKind
from app.ingest.splitting import split_text

# What a block costs besides its own tokens, in bytes: the blank line before it, and "## " where it is a heading.
OVERHEAD_TOKENS = 5


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Consecutive blocks as one text. `first_block` and `end_block` are a range of indices; pages as in Block."""

    text: str
    first_page: int | None
    last_page: int | None
    first_block: int
    end_block: int


def split_large_blocks(blocks: Sequence[Block], limit_characters: int) -> list[Block]:
    """The same blocks, those over the limit as several of the same kind and page. Their texts add up to the old one."""
    parts: list[Block] = []
    for block in blocks:
        if len(block.text) <= limit_characters:
            parts.append(block)
        else:
            pieces = split_text(block.text, limit_characters)
            parts.extend(Block(text=piece, page=block.page, kind=block.kind) for piece in pieces)
    return parts


def cut_into_chunks(blocks: Sequence[Block], token_counts: Sequence[int], limit_tokens: int) -> list[Chunk]:
    """All blocks, in order, as chunks of at most `limit_tokens`, OVERHEAD_TOKENS a block included.

    A heading begins a chunk once the current one is more than half full, and is not left alone at the end of a chunk
    where it fits beside the block after it. Raises ValueError for a block that does not fit by itself.
    """
    costs = [count + OVERHEAD_TOKENS for count in token_counts]
    if len(costs) != len(blocks):
        raise ValueError(f"{len(blocks)} blocks, but {len(costs)} token counts")
    chunks: list[Chunk] = []
    start, used = 0, 0
    for index, cost in enumerate(costs):
        if cost > limit_tokens:
            raise ValueError(f"block {index} has {cost} tokens with its overhead, over the limit of {limit_tokens}")
        begins_section = _is_heading(blocks[index]) and index > start and not _is_heading(blocks[index - 1])
        if used + cost > limit_tokens or (begins_section and used * 2 > limit_tokens):
            end = _without_trailing_headings(blocks, costs, start, index, limit_tokens)
            chunks.append(_chunk(blocks, start, end))
            start, used = end, sum(costs[end:index])
        used += cost
    if start < len(blocks):
        chunks.append(_chunk(blocks, start, len(blocks)))
    return chunks


def _without_trailing_headings(
    blocks: Sequence[Block], costs: Sequence[int], start: int, index: int, limit_tokens: int
) -> int:
    """Where to end the chunk before block `index`, so that headings above it go with it as far as they fit."""
    end, moved = index, costs[index]
    while end > start and _is_heading(blocks[end - 1]) and moved + costs[end - 1] <= limit_tokens:
        end -= 1
        moved += costs[end]
    return end if end > start else index  # nothing but headings: they stay where they are


def _is_heading(block: Block) -> bool:
    return block.kind is BlockKind.HEADING


def _chunk(blocks: Sequence[Block], start: int, end: int) -> Chunk:
    part = blocks[start:end]
    pages = [block.page for block in part if block.page is not None]
    return Chunk(
        text="\n\n".join(f"## {block.text}" if _is_heading(block) else block.text for block in part),
        first_page=min(pages, default=None),
        last_page=max(pages, default=None),
        first_block=start,
        end_block=end,
    )
