"""Chunks: nothing lost, order and limits kept, headings at the top."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ingest.chunking import OVERHEAD_TOKENS, Chunk, cut_into_chunks, split_large_blocks
from app.ingest.document import Block, BlockKind
from app.ingest.splitting import split_text

HEADING, PARAGRAPH = BlockKind.HEADING, BlockKind.PARAGRAPH

kinds = st.sampled_from([HEADING, PARAGRAPH, PARAGRAPH, BlockKind.CODE])
text = st.text(alphabet=st.sampled_from("ab. \n!é漢"), max_size=60)


@st.composite
def documents(draw: st.DrawFn) -> list[Block]:
    """Blocks with rising pages, or without any."""
    n_blocks = draw(st.integers(0, 25))
    if draw(st.booleans()):
        pages = sorted(draw(st.lists(st.integers(1, 9), min_size=n_blocks, max_size=n_blocks)))
    else:
        pages = [None] * n_blocks
    return [Block(text=draw(text), page=page, kind=draw(kinds)) for page in pages]


def bytes_of(blocks: list[Block]) -> list[int]:
    return [len(block.text.encode()) for block in blocks]


@settings(deadline=None)
@given(text=st.text(max_size=300), limit=st.integers(1, 50))
def test_splitting_loses_nothing_and_keeps_the_limit(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= limit for piece in pieces)


def test_splitting_prefers_the_ends_of_sentences():
    assert split_text("One is here. Two is there. Three", 28) == ["One is here. Two is there. ", "Three"]
    assert split_text("no sentence but words", 15) == ["no sentence ", "but words"]
    assert split_text("abcdefghij", 4) == ["abcd", "efgh", "ij"]


@settings(deadline=None)
@given(blocks=documents(), limit=st.integers(1, 40))
def test_large_blocks_become_several_of_the_same_kind(blocks: list[Block], limit: int) -> None:
    parts = split_large_blocks(blocks, limit)
    assert "".join(part.text for part in parts) == "".join(block.text for block in blocks)
    assert all(len(part.text) <= limit for part in parts)
    assert {(part.page, part.kind) for part in parts} == {(block.page, block.kind) for block in blocks}


@settings(deadline=None)
@given(blocks=documents(), limit=st.integers(40, 200))
def test_chunks_lose_nothing_keep_order_and_stay_below_the_limit(blocks: list[Block], limit: int) -> None:
    parts = split_large_blocks(blocks, (limit - OVERHEAD_TOKENS) // 4)
    counts = bytes_of(parts)
    chunks = cut_into_chunks(parts, counts, limit)
    assert [index for chunk in chunks for index in range(chunk.first_block, chunk.end_block)] == list(range(len(parts)))
    for chunk in chunks:
        inside = parts[chunk.first_block : chunk.end_block]
        assert sum(counts[chunk.first_block : chunk.end_block]) + OVERHEAD_TOKENS * len(inside) <= limit
        assert len(chunk.text.encode()) <= limit
        assert all(block.text in chunk.text for block in inside)
    check_pages(parts, chunks)
    check_headings(parts, counts, chunks, limit)


def check_pages(blocks: list[Block], chunks: list[Chunk]) -> None:
    pages = [page for chunk in chunks for page in (chunk.first_page, chunk.last_page)]
    if blocks and blocks[0].page is None:
        assert set(pages) == {None}
    else:
        assert pages == sorted(pages)
        assert {block.page for block in blocks} >= set(pages)


def check_headings(blocks: list[Block], counts: list[int], chunks: list[Chunk], limit: int) -> None:
    """A heading ends a chunk only where it and the block after it are too large for one, or headings are alone."""
    for chunk in chunks[:-1]:
        last = chunk.end_block - 1
        if blocks[last].kind is HEADING:
            with_next = counts[last] + counts[last + 1] + 2 * OVERHEAD_TOKENS
            alone = all(block.kind is HEADING for block in blocks[chunk.first_block : chunk.end_block])
            assert with_next > limit or alone or blocks[last + 1].kind is HEADING


def test_a_heading_begins_a_chunk_that_is_more_than_half_full():
    blocks = [Block(text="a"), Block(text="b", kind=HEADING), Block(text="c")]
    chunks = cut_into_chunks(blocks, [60, 6, 10], 100)
    assert [chunk.text for chunk in chunks] == ["a", "## b\n\nc"]
    assert len(cut_into_chunks(blocks, [30, 6, 10], 100)) == 1


def test_a_heading_is_not_left_behind():
    blocks = [Block(text="a"), Block(text="b", kind=HEADING), Block(text="c")]
    chunks = cut_into_chunks(blocks, [30, 6, 60], 100)
    assert [(chunk.first_block, chunk.end_block) for chunk in chunks] == [(0, 1), (1, 3)]


def test_pages_of_a_chunk():
    blocks = [Block(text="a", page=3), Block(text="b", page=5)]
    (chunk,) = cut_into_chunks(blocks, [1, 1], 100)
    assert (chunk.first_page, chunk.last_page) == (3, 5)


def test_a_block_that_fits_nowhere_is_refused():
    with pytest.raises(ValueError, match="block 0 has 15 tokens"):
        cut_into_chunks([Block(text="a")], [10], 12)
    with pytest.raises(ValueError, match="1 blocks, but 0"):
        cut_into_chunks([Block(text="a")], [], 12)
