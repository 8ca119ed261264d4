"""How the width of a table is shared among its columns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.gui.transcript.columns import column_shares


def test_a_table_that_fits_is_as_wide_as_it_likes() -> None:
    assert column_shares([["Name", "Value"], ["alpha", "12"]]) == [None, None]


def test_the_column_with_more_text_gets_more() -> None:
    short, long = column_shares([["Key", "Explanation"], ["a", "word " * 40]])
    assert short is not None
    assert long is not None
    assert long > 2 * short


def test_a_long_word_does_not_take_the_room_of_all_others() -> None:
    shares = column_shares([["one", "two", "x" * 300], ["ordinary", "words", "y"]])
    assert all(share is not None and share > 0.05 for share in shares)


@given(st.lists(st.lists(st.text(max_size=60), min_size=1, max_size=9), min_size=1, max_size=5))
def test_shares_make_a_whole(rows: list[list[str]]) -> None:
    shares = [share for share in column_shares(rows) if share is not None]
    assert not shares or abs(sum(shares) - 1) < 1e-9
