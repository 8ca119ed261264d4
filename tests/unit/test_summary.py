"""Map and reduce: which items follow from which, and that a paragraph's pages are those that went into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import summary
from app.errors import KnownError
from app.ingest.chunking import Chunk
from app.store.jobs import ItemRow


def chunks(n: int, pages_each: int = 2) -> list[Chunk]:
    return [
        Chunk(
            text=f"chunk {index}",
            first_page=index * pages_each + 1,
            last_page=(index + 1) * pages_each,
            first_block=index,
            end_block=index + 1,
        )
        for index in range(n)
    ]


def run(inputs: list[str], *, failing: frozenset[int] = frozenset()) -> list[ItemRow]:
    """All levels, each item "done" with its id as the text; positions in `failing` of level 0 fail."""
    items: list[ItemRow] = []
    level = 0
    while inputs:
        rows = []
        for position, input in enumerate(inputs):
            is_bad = level == 0 and position in failing
            rows.append(
                ItemRow(
                    id=len(items) + position,
                    job_id="j",
                    level=level,
                    position=position,
                    state="failed" if is_bad else "done",
                    input=input,
                    output="" if is_bad else f"level {level} item {position}.",
                    error="It crashed." if is_bad else "",
                    is_suspect=False,
                    crashes=0,
                )
            )
        items += rows
        inputs = summary.next_level(rows)
        level += 1
    return items


def result(n: int, *, failing: frozenset[int] = frozenset(), n_pages: int | None = None):
    params = summary.SummaryParams(document="d.pdf", n_pages=n * 2 if n_pages is None else n_pages)
    items = run(summary.chunk_inputs(chunks(n)), failing=failing)
    return summary.summary("j", "Summary of d.pdf", params, items), items


def test_one_chunk_is_one_paragraph() -> None:
    view, items = result(1)
    assert [p.label for p in view.paragraphs] == ["pages 1–2"]
    assert len(items) == 1


def test_a_few_chunks_are_a_paragraph_each_under_an_overview() -> None:
    view, _ = result(3)
    assert [p.label for p in view.paragraphs] == ["pages 1–6", "pages 1–2", "pages 3–4", "pages 5–6"]
    assert view.paragraphs[2].sources == (summary.Source(label="pages 3–4", text="chunk 1"),)


def test_many_chunks_are_reduced_to_six_paragraphs_that_cover_all_pages_in_order() -> None:
    view, items = result(20)
    assert view.paragraphs[0].label == "pages 1–40"
    sections = view.paragraphs[1:]
    assert len(sections) == 6
    assert [source.text for p in sections for source in p.sources] == [f"chunk {n}" for n in range(20)]
    assert view.coverage == "40 of 40 pages"
    assert len(items) == summary.total_items(20)


@given(st.integers(1, 400))
def test_every_chunk_goes_into_exactly_one_paragraph_and_the_count_is_known_beforehand(n: int) -> None:
    view, items = result(n)
    sections = view.paragraphs[1:] if n > 1 else view.paragraphs
    assert len(sections) <= summary.MOST_PARAGRAPHS
    assert [source.text for p in sections for source in p.sources] == [f"chunk {k}" for k in range(n)]
    assert len(items) == summary.total_items(n)


@given(st.integers(2, 60), st.sets(st.integers(0, 59), max_size=20))
def test_what_failed_is_named_and_not_counted_as_covered(n: int, failing: set[int]) -> None:
    failing = {position for position in failing if position < n}
    if len(failing) == n:
        failing.pop()
    view, _ = result(n, failing=frozenset(failing))
    assert view.coverage == f"{2 * (n - len(failing))} of {2 * n} pages"
    assert len(view.notes) == len(failing)
    shown = {source.text for p in view.paragraphs for source in p.sources}
    assert shown == {f"chunk {k}" for k in range(n)} - {f"chunk {k}" for k in failing}


def test_pages_that_could_not_be_read_are_not_covered() -> None:
    params = summary.SummaryParams(document="d.pdf", n_pages=10, unread_pages=(2, 5, 6))
    items = run(summary.chunk_inputs(chunks(5)))
    assert summary.coverage(params, items[:5]) == "7 of 10 pages"


def test_a_document_without_pages_is_counted_in_parts() -> None:
    parts = [Chunk(text=f"c{n}", first_page=None, last_page=None, first_block=n, end_block=n + 1) for n in range(2)]
    view = summary.summary("j", "t", summary.SummaryParams(document="d.txt"), run(summary.chunk_inputs(parts)))
    assert view.coverage == "2 of 2 parts"
    assert [p.label for p in view.paragraphs] == ["parts 1–2", "part 1", "part 2"]


@pytest.mark.parametrize("context", [512, 1024, 2048, 4096])
def test_what_is_asked_for_fits_the_context(context: int) -> None:
    sizes = summary.sizes_for(context)
    assert sizes.chunk_tokens + sizes.output_tokens + summary.PROMPT_OVERHEAD_TOKENS <= context
    assert summary.GROUP_SIZE * sizes.output_tokens + sizes.output_tokens + summary.PROMPT_OVERHEAD_TOKENS <= context


def test_a_model_that_is_too_small_says_so() -> None:
    with pytest.raises(KnownError):
        summary.sizes_for(256)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("One. Two. Thr", "One. Two."),
        ("One\n\n two three.", "One two three."),
        ("No sentence end here", "No sentence end here"),
        ("", ""),
    ],
)
def test_a_summary_ends_with_a_whole_sentence(text: str, clean: str) -> None:
    assert summary.clean_output(text) == clean
