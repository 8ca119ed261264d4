"""Map and reduce: which items follow from which, and that a paragraph's pages are those that went into it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.kinds import item_input, summary_result
from app.core.kinds.item_input import Group, ItemInput, Piece
from app.core.kinds.kind import Answer, Finished, ItemFailed, Material
from app.core.kinds.summarize import (
    GROUP_SIZE,
    MOST_PARAGRAPHS,
    NOTHING_SAID,
    PROMPT_OVERHEAD_TOKENS,
    SUMMARIZE,
    SummarizeParams,
    whole_sentences,
)
from app.core.source_facts import SourceFacts
from app.core.views import Source, SummaryView
from app.engine.messages import Usage
from app.errors import KnownError

PAGE = SummarizeParams(length="page")
LENGTHS = st.sampled_from(("line", "paragraph", "page"))


def pieces(n: int, pages_each: int = 2) -> list[ItemInput]:
    return [
        Piece(text=f"chunk {index}", first_page=index * pages_each + 1, last_page=(index + 1) * pages_each)
        for index in range(n)
    ]


def said(text: str, *, is_complete: bool = True) -> list[Answer]:
    return [Answer(text=text, is_complete=is_complete, usage=Usage(prompt_tokens=1, cached_tokens=0, output_tokens=1))]


def run(
    params: SummarizeParams,
    inputs: list[ItemInput],
    *,
    failing: frozenset[int] = frozenset(),
    silent: frozenset[int] = frozenset(),
    words: int = 3,
) -> list[Finished]:
    """All levels; positions in `failing` of level 0 fail, those in `silent` say nothing of the focus."""
    items: list[Finished] = []
    level = 0
    while inputs:
        rows = []
        for position, input in enumerate(inputs):
            is_bad = level == 0 and position in failing
            output = f"level {level} item {position} {'word ' * words}."
            if level == 0 and position in silent:
                output = NOTHING_SAID
            rows.append(
                Finished(
                    id=len(items) + position,
                    position=position,
                    level=level,
                    input=input,
                    output="" if is_bad else output,
                    error="It crashed." if is_bad else "",
                )
            )
        items += rows
        inputs = SUMMARIZE.follows(params, rows)
        level += 1
    return items


def view(params: SummarizeParams, items: list[Finished], n_pages: int | None = None) -> SummaryView:
    pages = {page for item in items if isinstance(item.input, Piece) for page in (item.input.last_page or 0,)}
    facts = SourceFacts(n_pages=max(pages) if n_pages is None else n_pages)
    return summary_result.document_summary("j", "Summary of d.pdf", params, facts, items)


def texts(paragraphs: tuple[object, ...]) -> list[str]:
    return [source.text for paragraph in paragraphs for source in paragraph.sources]  # type: ignore[attr-defined]


def test_one_piece_is_one_paragraph() -> None:
    items = run(PAGE, pieces(1))
    assert [p.label for p in view(PAGE, items).paragraphs] == ["pages 1–2"]
    assert len(items) == 1


def test_a_line_of_one_piece_is_asked_for_by_itself() -> None:
    params = SummarizeParams(length="line")
    items = run(params, pieces(1))
    assert len(items) == 2
    (line,) = view(params, items).paragraphs
    assert (line.text[:7], line.label) == ("level 1", "pages 1–2")


def test_a_few_pieces_are_a_paragraph_each_under_an_overview() -> None:
    shown = view(PAGE, run(PAGE, pieces(3))).paragraphs
    assert [p.label for p in shown] == ["pages 1–6", "pages 1–2", "pages 3–4", "pages 5–6"]
    assert shown[2].sources == (Source(label="pages 3–4", text="chunk 1"),)


@pytest.mark.parametrize("length", ["line", "paragraph"])
def test_less_than_a_page_is_one_paragraph_of_all_pieces(length: str) -> None:
    params = SummarizeParams(length=length)  # type: ignore[arg-type]
    (only,) = view(params, run(params, pieces(20))).paragraphs
    assert only.label == "pages 1–40"
    assert texts((only,)) == [f"chunk {n}" for n in range(20)]


def test_many_pieces_are_reduced_to_six_paragraphs_that_cover_all_pages_in_order() -> None:
    items = run(PAGE, pieces(20))
    result = view(PAGE, items)
    assert result.paragraphs[0].label == "pages 1–40"
    assert len(result.paragraphs) == 1 + 6
    assert texts(result.paragraphs[1:]) == [f"chunk {n}" for n in range(20)]
    assert result.coverage == "40 of 40 pages"
    assert len(items) == SUMMARIZE.expected_items(PAGE, 20)


@given(st.integers(1, 400), LENGTHS, st.sampled_from((0, 512, 2048)))
def test_every_piece_goes_into_exactly_one_paragraph_and_the_count_is_known_beforehand(
    n: int, length: str, context: int
) -> None:
    params = SummarizeParams(length=length, bulk_context=context)  # type: ignore[arg-type]
    items = run(params, pieces(n), words=300)
    shown = view(params, items).paragraphs
    sections = shown[1:] if length == "page" and n > 1 else shown
    assert len(sections) <= MOST_PARAGRAPHS
    assert texts(sections) == [f"chunk {k}" for k in range(n)]
    assert len(items) == SUMMARIZE.expected_items(params, n)


@given(st.integers(2, 60), st.sets(st.integers(0, 59), max_size=20), LENGTHS)
def test_what_failed_is_named_and_not_counted_as_covered(n: int, failing: set[int], length: str) -> None:
    params = SummarizeParams(length=length)  # type: ignore[arg-type]
    failing = {position for position in failing if position < n}
    if len(failing) == n:
        failing.pop()
    result = view(params, run(params, pieces(n), failing=frozenset(failing)))
    assert result.coverage == f"{2 * (n - len(failing))} of {2 * n} pages"
    assert len(result.notes) == len(failing)
    assert set(texts(result.paragraphs)) == {f"chunk {k}" for k in range(n)} - {f"chunk {k}" for k in failing}


@given(st.integers(1, 120), st.integers(512, 9000), LENGTHS, st.integers(0, 400), st.integers(0, 60))
def test_no_request_of_any_level_is_longer_than_the_model_takes(
    n: int, context: int, length: str, n_words: int, n_quoted: int
) -> None:
    params = SummarizeParams(length=length, focus="warranty")  # type: ignore[arg-type]
    params = SUMMARIZE.fitted(params, context)
    most = SUMMARIZE.output_tokens(params)
    words = min(n_words, most // 2)  # of two tokens each, with the space
    source = Piece(text=" ".join(f"Warranty {k} is void." for k in range(n_quoted)))
    level, inputs = 0, [source] * n
    while inputs:
        for input in inputs:
            (request,) = SUMMARIZE.requests(params, input)
            about = sum(map(tokens, request.turns[0].content.split("\n\n")[1:-1])) if input is not source else 0
            assert about + PROMPT_OVERHEAD_TOKENS + request.max_tokens <= context
        output = SUMMARIZE.output(params, inputs[0], said("word " * (words - 1) + "word."))
        rows = [Finished(id=k, position=k, level=level, input=input, output=output) for k, input in enumerate(inputs)]
        inputs, level = SUMMARIZE.follows(params, rows), level + 1  # type: ignore[assignment]
    assert SUMMARIZE.piece_tokens(params, context) + most + PROMPT_OVERHEAD_TOKENS <= context


def tokens(text: str) -> int:
    """Two a word: more than any model makes of these."""
    return 2 * len(text.split())


def test_a_document_ends_with_one_item_where_anything_was_said() -> None:
    params = SummarizeParams(focus="warranty")
    items = run(params, pieces(5), silent=frozenset({0, 1, 3, 4}))
    assert items[-1].input == Group(text=items[2].output, sources=(2,), is_overview=True)
    assert view(params, items).notes == ("Nothing about warranty was found on pages 1–4, pages 7–10.",)
    assert view(params, items).coverage == "10 of 10 pages"


def test_a_document_that_says_nothing_of_the_focus_says_so() -> None:
    params = SummarizeParams(focus="warranty")
    items = run(params, pieces(3), silent=frozenset(range(3)))
    assert len(items) == 3
    result = view(params, items)
    assert result.paragraphs == ()
    assert result.notes == ("The document says nothing about warranty.",)


@pytest.mark.parametrize(
    "text", ["NOTHING", "Nothing.", "NOTHING.\n", "“Nothing”", "The text does not mention the warranty."]
)
def test_an_answer_that_says_nothing_is_told_apart(text: str) -> None:
    piece = pieces(1)[0]
    assert SUMMARIZE.output(SummarizeParams(focus="warranty"), piece, said(text)) == NOTHING_SAID
    assert SUMMARIZE.output(SummarizeParams(), piece, said(text)) != NOTHING_SAID


@pytest.mark.parametrize("text", ["Nothing but glass is covered.", "The warranty is two years.", "Nothingness."])
def test_an_answer_that_says_something_is_kept(text: str) -> None:
    assert SUMMARIZE.output(SummarizeParams(focus="warranty"), pieces(1)[0], said(text)) == text


def test_an_empty_answer_has_failed() -> None:
    with pytest.raises(ItemFailed, match="wrote nothing"):
        SUMMARIZE.output(PAGE, pieces(1)[0], said(" \n"))


def test_pages_that_could_not_be_read_are_not_covered() -> None:
    items = run(PAGE, pieces(5))
    facts = SourceFacts(n_pages=10, unread_pages=(2, 5, 6))
    assert summary_result.coverage(facts, items[:5]) == "7 of 10 pages"


def test_a_document_without_pages_is_counted_in_parts() -> None:
    items = run(PAGE, [Piece(text=f"c{n}") for n in range(2)])
    result = summary_result.document_summary("j", "t", PAGE, SourceFacts(), items)
    assert result.coverage == "2 of 2 parts"
    assert [p.label for p in result.paragraphs] == ["parts 1–2", "part 1", "part 2"]


def test_a_result_is_there_before_the_overview_is() -> None:
    items = run(PAGE, pieces(3))[:2]
    assert [p.label for p in view(PAGE, items, 6).paragraphs] == ["pages 1–2", "pages 3–4"]


def document(name: str, output: str = "It is about glass.", error: str = "") -> tuple[str, Finished]:
    return name, Finished(id=1, position=0, level=1, input=Piece(text="t"), output=output, error=error)


def collection(params: SummarizeParams, documents: list[tuple[str, Finished]]) -> list[Finished]:
    items: list[Finished] = []
    inputs, level = SUMMARIZE.combine(params, documents), 0
    while inputs:
        rows = [
            Finished(id=n, position=n, level=level, input=input, output=f"level {level} item {n}.")
            for n, input in enumerate(inputs)
        ]
        items += rows
        inputs, level = SUMMARIZE.follows(params, rows), level + 1
    return items


def test_documents_are_summed_up_together_by_their_names() -> None:
    documents = [document("a/report.pdf"), document("b.txt", error="It is broken."), document("c.txt", "Of wood.")]
    (item,) = collection(PAGE, documents)
    assert item.input == Group(
        text="report.pdf: It is about glass.\n\nc.txt: Of wood.", sources=(0, 2), is_overview=True, is_collection=True
    )
    result = summary_result.collection_summary("j", "t", PAGE, documents, [item], coverage="3 of 4 pages")
    assert [p.label for p in result.paragraphs] == ["2 documents", "a/report.pdf", "c.txt"]
    assert result.notes == ("b.txt is not in this summary: It is broken.",)


@given(st.integers(2, 300), st.sets(st.integers(0, 299)), LENGTHS, st.sampled_from((0, 600, 4096)))
def test_every_document_goes_into_the_overview_of_all(n: int, broken: set[int], length: str, context: int) -> None:
    params = SummarizeParams(length=length, bulk_context=context)  # type: ignore[arg-type]
    documents = [document(f"{k}.txt", error="Broken." if k in broken else "") for k in range(n)]
    names = [f"{k}.txt" for k in range(n) if k not in broken]
    items = collection(params, documents)
    if len(names) < 2:
        assert not items
        return
    result = summary_result.collection_summary("j", "t", params, documents, items)
    assert [source.label for source in result.paragraphs[0].sources] == names
    assert len(result.notes) == n - len(names)
    assert sum(isinstance(item.input, Group) and item.input.is_overview for item in items) == 1


def test_names_that_are_long_do_not_take_the_room_of_the_text() -> None:
    (group,) = SUMMARIZE.combine(PAGE, [document("ü" * 500), document("b")])
    assert isinstance(group, Group)
    assert len(group.text.partition(":")[0].encode()) <= 80


@pytest.mark.parametrize("context", [512, 1024, 2048, 4096])
def test_what_is_asked_for_fits_the_context(context: int) -> None:
    params = SUMMARIZE.fitted(PAGE, context)
    output = SUMMARIZE.output_tokens(params)
    assert SUMMARIZE.piece_tokens(params, context) + output + PROMPT_OVERHEAD_TOKENS <= context
    assert GROUP_SIZE * output + output + PROMPT_OVERHEAD_TOKENS <= context


def test_a_model_that_is_too_small_says_so() -> None:
    with pytest.raises(KnownError, match="only 256 tokens at a time"):
        SUMMARIZE.fitted(PAGE, 256)


def test_a_focus_that_is_a_text_is_refused() -> None:
    with pytest.raises(KnownError, match="fewer words"):
        SUMMARIZE.check(SummarizeParams(focus="x" * 1000), Material(names=("a",)))


def test_titles_name_the_document_or_count_them() -> None:
    assert SUMMARIZE.title(PAGE, Material(names=("a.pdf",))) == "Summary of a.pdf"
    assert SUMMARIZE.title(SummarizeParams(focus="warranty"), Material(names=("a", "b"))) == (
        "Summary of 2 documents: warranty"
    )


def test_what_is_asked_stands_after_the_text_with_focus_and_language() -> None:
    params = SummarizeParams(focus="the warranty.", language="German")
    asks = [
        SUMMARIZE.requests(params, input)[0].turns[0].content.partition("---")[2]
        for input in (
            pieces(1)[0],
            Group(text="t", sources=(0,)),
            Group(text="t", sources=(0,), is_overview=True),
            Group(text="t", sources=(0,), is_overview=True, is_collection=True),
        )
    ]
    assert all("the warranty" in ask and ask.endswith("Write in German.") for ask in asks)
    assert len(set(asks)) == 4


def test_stored_inputs_and_params_come_back() -> None:
    for input in (*pieces(1), Group(text="t", sources=(1, 2), is_overview=True)):
        assert item_input.decode(item_input.encode(input)) == input
    old = b'{"document":"d.pdf","n_pages":3,"notes":[],"unread_pages":[],"output_tokens":160}'
    assert msgspec.json.decode(old, type=SummarizeParams) == SummarizeParams()


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
    assert whole_sentences(text) == clean
