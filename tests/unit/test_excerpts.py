"""What is shown of a message that was found: the place where the words are, with these marked."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.excerpts import excerpt, words_of

FILLER = "Of many things that nobody has asked for there is a word here. " * 40


def marked(text: str, asked: str) -> list[str]:
    shown, marks = excerpt(text, words_of(asked))
    return [shown[start:end] for start, end in marks]


def test_the_words_are_in_view_wherever_they_stand() -> None:
    shown, _ = excerpt(f"{FILLER}A jackdaw came.\n{FILLER}", ["jack"])
    assert marked(f"{FILLER}A jackdaw came.\n{FILLER}", "jack") == ["jackdaw"]
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert shown.index("jackdaw") < 40  # a line that is too long is cut at its end
    assert len(shown) < 160


def test_a_short_text_is_shown_whole() -> None:
    assert excerpt("Où est le CAFÉ?", ["cafe"]) == ("Où est le CAFÉ?", ((10, 14),))
    assert excerpt("", ["cafe"]) == ("", ())


def test_the_place_that_has_most_of_the_words_is_shown() -> None:
    text = f"One lease. {FILLER}The rent of this lease. {FILLER}A rent."
    assert marked(text, "lease rent") == ["rent", "lease"]
    assert marked(text, "lease rent nowhere") == ["rent", "lease"]


@pytest.mark.parametrize("n_before", range(7_950, 8_010, 7))
def test_no_place_is_cut_where_a_long_text_is_looked_at_in_pieces(n_before: int) -> None:
    text = "A rent " + "x" * n_before + " renting a lease"
    assert marked(text, "rent lease") == ["renting", "lease"]


@pytest.mark.parametrize("n_before", range(len("mother ")))
def test_half_a_word_is_none_where_a_piece_begins(n_before: int) -> None:
    assert marked("x" * n_before + " " + "mother " * 3_000 + "other", "other") == ["other"]


def test_only_words_that_begin_so_are_marked_as_the_index_has_them() -> None:
    assert marked("renting_rent, parent; rent-free", "RENT") == ["renting", "rent", "rent"]
    assert marked("Cafe\u0301 and caf\u00e9s", "cafe\u0301") == ["Caf\u00e9", "caf\u00e9s"]
    assert marked("İstanbul, straße, 한국어", "istanbul 한국") == ["İstanbul", "한국어"]
    assert marked("a (b) [c] \\d", "b c d") == ["b", "c", "d"]


def test_a_long_word_is_cut() -> None:
    shown, marks = excerpt("字" * 5_000, ["字"])
    assert len(shown) < 160
    assert marks == ((0, len(shown) - 1),)


@given(text=st.text("ab é\u0301\n_İ😀字", max_size=400), asked=st.text("ab éİ字", min_size=1, max_size=5))
def test_marks_are_words_of_the_text(text: str, asked: str) -> None:
    shown, marks = excerpt(text, words_of(asked) or ["a"])
    assert all(0 <= start < end <= len(shown) for start, end in marks)
    assert all(before[1] <= after[0] for before, after in pairwise(marks))


def test_a_very_long_text_takes_no_longer_than_to_read_it() -> None:
    text = "the tale that they tell to those that travel " * 20_000  # FTS5's own takes seconds
    begun = time.process_time()
    excerpt(text, ["t"])
    excerpt(text, ["jackdaw"])
    assert time.process_time() - begun < 1.0
