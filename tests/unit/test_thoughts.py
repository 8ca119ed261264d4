"""Thoughts in a message."""

from __future__ import annotations

import pytest

from app.core.thoughts import CLOSE, OPEN, answer_of, is_open, turn_of


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Hello.", "Hello."),
        (f"{OPEN}Hm.{CLOSE}Hello.", "Hello."),
        (f"{OPEN}Hm, and the end was cut off", ""),
        ("The tag <think> means a thought.", "The tag <think> means a thought."),
    ],
)
def test_the_model_sees_the_answer_only(text: str, answer: str) -> None:
    assert answer_of(text) == answer


def test_a_thought_is_put_between_its_tags() -> None:
    pieces = [("Hm. ", True), ("Yes.", True), ("Hello.", False)]
    text, was = "", False
    for piece, is_thinking in pieces:
        text += turn_of(is_thinking, was) + piece
        was = is_thinking
    assert text == f"{OPEN}Hm. Yes.{CLOSE}Hello."
    assert answer_of(text) == "Hello."


def test_a_reply_that_was_cut_in_a_thought_goes_on_in_it() -> None:
    cut = f"{OPEN}Hm, and"
    assert is_open(cut)
    assert not is_open(f"{cut} so.{CLOSE}Hello")
    assert not is_open("")
    assert not is_open("The tag <think> means a thought.")
