"""Bytes to text: whole characters, stop strings that span tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.engine.process.text_stream import TextStream


def test_a_character_over_several_tokens_comes_out_whole() -> None:
    stream = TextStream()
    euro = "€".encode()
    assert [stream.feed(euro[:1]), stream.feed(euro[1:2]), stream.feed(euro[2:])] == ["", "", "€"]


def test_a_stop_string_over_three_tokens_is_caught_and_not_shown() -> None:
    stream = TextStream(("</end>",))
    assert stream.feed(b"Hello <") == "Hello "
    assert stream.feed(b"/en") == ""
    assert stream.feed(b"d> more") == ""
    assert stream.is_stopped
    assert stream.finish() == ""


def test_what_only_looked_like_a_stop_string_is_shown() -> None:
    stream = TextStream(("</end>",))
    assert stream.feed(b"a </e") == "a "
    assert stream.feed(b"m>") == "</em>"


@given(text=st.text(), stop=st.text(min_size=1, max_size=4), cuts=st.lists(st.integers(1, 5)))
def test_however_it_is_cut_the_text_is_what_stands_before_the_stop_string(
    text: str, stop: str, cuts: list[int]
) -> None:
    data = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
    stream = TextStream((stop,))
    shown, start = "", 0
    for size in [*cuts, len(data) or 1]:
        shown += stream.feed(data[start : start + size])
        start += size
    shown += stream.finish()
    assert shown == data.decode().partition(stop)[0]
