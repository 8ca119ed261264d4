"""Sentences that name what is looked for are kept word for word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.kinds.passages import MOST_CHARACTERS, passages_about, quoted

TEXT = "The pump is red. Its warranty lasts 37 months! Nobody knows why.\nBoth warranties end in May. The pump is red."


def test_sentences_with_a_word_of_the_focus_are_found_in_any_form() -> None:
    found = ["Its warranty lasts 37 months!", "Both warranties end in May."]
    assert passages_about("warranty", TEXT) == found
    assert passages_about("What does it say about the Warranty?", TEXT) == found
    assert passages_about("delivery", TEXT) == []


def test_a_sentence_is_quoted_once() -> None:
    assert passages_about("pump", TEXT) == ["The pump is red."]


def test_a_focus_of_short_words_is_taken_as_a_whole() -> None:
    assert passages_about("保証", "これは。 保証は二年です。 終わり。") == ["保証は二年です。"]
    assert passages_about("red", TEXT) == ["The pump is red."]
    assert passages_about("", TEXT) == []


@given(st.lists(st.text(min_size=1, max_size=300), max_size=10))
def test_quotes_are_bounded_and_what_is_left_out_is_counted(passages: list[str]) -> None:
    text = quoted(passages)
    assert len(text) <= 2 * MOST_CHARACTERS + 200
    assert bool(text) == bool(passages)


def test_what_does_not_fit_is_counted() -> None:
    long = [f"{n} " + "x" * 290 for n in range(5)]
    assert quoted(long).endswith("(3 more sentences name it.)")


def test_a_sentence_that_is_too_long_is_marked_where_it_ends() -> None:
    assert quoted(["x" * 700], 100) == f"The text says: “{'x' * 99}…”"
