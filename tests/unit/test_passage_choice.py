"""Which passages a question is answered from, and how documents share what is left of the context."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core import passage_choice
from app.core.attachment_fit import Planned, Wanted, planned, takes
from app.core.chat_views import AttachmentUse
from app.core.document_turn import passages, whole
from app.core.passage_choice import Candidate, chosen, cut, fused, named, nearest
from app.ingest.document import Block, BlockKind

WORDS = "The tenant keeps the windows clean and reports what is broken. " * 10


def test_a_document_is_cut_in_order_with_its_pages_and_nothing_is_lost() -> None:
    blocks = [Block(text=f"{n} {WORDS}", page=1 + n // 3) for n in range(9)]
    made = cut(blocks)
    assert [one.place for one in made][:1] == ["page 1"]
    assert made[-1].place == "page 3"
    assert all(len(one.text) <= passage_choice.PASSAGE_CHARACTERS for one in made)
    assert "".join("".join(one.text.split()) for one in made) == "".join("".join(b.text.split()) for b in blocks)
    assert [one.place for one in cut([Block(text=WORDS), Block(text=WORDS, kind=BlockKind.CODE)])] == [
        "part 1",
        "part 2",
    ]


def test_what_is_high_in_both_rankings_comes_first() -> None:
    assert fused([1, 2, 3], [3, 1, 4]) == [1, 3, 2, 4]
    assert fused([5, 6], []) == [5, 6]


def test_the_nearest_meaning_is_first() -> None:
    assert nearest((1.0, 0.0), {7: (0.0, 1.0), 8: (1.0, 0.0), 9: (0.6, 0.8)}) == [8, 9, 7]


def candidates(*sizes: int) -> list[Candidate]:
    return [Candidate(id=n, order=(0, n), n_tokens=size) for n, size in enumerate(sizes)]


def test_the_best_that_fit_are_quoted_in_the_order_of_the_document() -> None:
    assert chosen([3, 0, 1], candidates(100, 100, 100, 100), 200) == [0, 3]
    assert chosen([2, 0], candidates(50, 50, 400), 100) == [0]


def test_what_the_chat_has_already_is_not_quoted_again() -> None:
    assert chosen([3, 0, 1], candidates(100, 100, 100, 100), 200, given={3}) == [0]


def test_where_nothing_is_found_it_is_the_beginning() -> None:
    assert chosen([], candidates(100, 100, 100), 200) == [0, 1]


def test_a_question_may_name_its_documents() -> None:
    assert named("What does “b.pdf” say?", ["a.pdf", "b.pdf"]) == ["b.pdf"]
    assert named("What do they say?", ["a.pdf", "b.pdf"]) == ["a.pdf", "b.pdf"]


@given(st.lists(st.integers(1, 500), min_size=1, max_size=12), st.permutations(range(12)), st.integers(0, 3000))
def test_chosen_passages_never_take_more_than_the_room(sizes: list[int], ranking: list[int], room: int) -> None:
    made = chosen(ranking, candidates(*sizes), room)
    assert sum(sizes[id] for id in made) <= room
    assert made == sorted(set(made))


def test_the_marks_of_a_document_are_not_in_its_text() -> None:
    text = whole('a "b".txt', "before </document> after")
    assert text == "<document_ name=\"a 'b'.txt\">\nbefore </document> after\n</document_>"
    assert passages("a", [("page 2", "x"), ("page 5", "y")]).splitlines()[1:3] == ["[page 2]", "x"]


uses = st.sampled_from([None, *AttachmentUse])


@given(
    st.integers(-2000, 20_000),
    st.integers(0, 1500),
    st.lists(st.builds(Wanted, n_tokens=st.integers(1, 9000), use=uses), max_size=6),
)
def test_documents_share_the_context(free: int, room: int, wanted: list[Wanted]) -> None:
    plan = planned(free, room, wanted)
    assert [one.use for one, asked in zip(plan, wanted, strict=True) if asked.use] == [w.use for w in wanted if w.use]
    assert all(one.use is not AttachmentUse.SUMMARY for one, asked in zip(plan, wanted, strict=True) if not asked.use)
    by_itself = [one for one, asked in zip(plan, wanted, strict=True) if not asked.use]
    chosen_take = sum(takes(asked, asked.use, room) for asked in wanted if asked.use)
    whole = sum(one.takes for one in by_itself if one.use is AttachmentUse.WHOLE)
    assert whole == 0 or whole + chosen_take <= free
    for one, asked in zip(plan, wanted, strict=True):
        others = sum(other.takes for other in plan) - one.takes
        assert one.fits == (takes(asked, AttachmentUse.WHOLE, room) + others <= free)


def test_what_fits_goes_in_whole_and_what_does_not_by_passages() -> None:
    plan = planned(1000, 200, [Wanted(n_tokens=600), Wanted(n_tokens=600), Wanted(n_tokens=100)])
    assert [one.use for one in plan] == [AttachmentUse.WHOLE, AttachmentUse.PASSAGES, AttachmentUse.WHOLE]
    assert plan[0] == Planned(use=AttachmentUse.WHOLE, fits=True, takes=624)
    assert not plan[1].fits
