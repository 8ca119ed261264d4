"""What is guessed, and when guessing rests."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from app.engine.process.guesses import FIRST_REST, LEAST_MATCH, MOST_GUESSES, Guesses

DOCUMENT = list(range(100, 400))


def guesses_after(tokens: list[int]) -> Guesses:
    made = Guesses(tokens)
    made.took(0, 0, 1.0)
    return made


def test_what_followed_the_same_words_before_is_guessed() -> None:
    made = guesses_after([*DOCUMENT, 7, *DOCUMENT[50:58]])
    assert made.next(100) == DOCUMENT[58:60]


def test_a_few_words_that_stood_there_before_are_chance() -> None:
    assert guesses_after([*DOCUMENT, 7, *DOCUMENT[50:57]]).next(100) == []


def test_the_last_place_counts_also_where_it_reaches_into_the_last_words() -> None:
    assert guesses_after([*DOCUMENT[50:58], 9, *[5] * 9]).next(100) == [5]
    assert guesses_after([*DOCUMENT[50:60], 9, *DOCUMENT[50:58], 3, 4, *DOCUMENT[50:58]]).next(100) == [3, 4]


def test_the_longer_the_repetition_the_more_is_guessed() -> None:
    tokens = [*DOCUMENT, 7, *DOCUMENT[50:80]]
    assert guesses_after(tokens).next(100) == DOCUMENT[80 : 80 + MOST_GUESSES]
    assert guesses_after(tokens).next(3) == DOCUMENT[80:83]


def test_nothing_is_guessed_where_nothing_repeats() -> None:
    source = random.Random(1)
    made = guesses_after([source.randrange(1000) for _ in range(500)])
    for _ in range(300):
        assert made.next(20) == []
        made.took(0, 0, 1.0)
        made.tokens.append(source.randrange(1000))


def test_a_whole_copy_takes_few_steps() -> None:
    made = guesses_after([*DOCUMENT, 7, *DOCUMENT[:8]])
    n_steps = 0
    while made.tokens[-1] != DOCUMENT[-1] and n_steps < 100:
        guessed = made.next(50)
        n_steps += 1
        expected = DOCUMENT[made.tokens[-1] - 99 :]
        n_right = next((n for n, (a, b) in enumerate(zip(guessed, expected, strict=False)) if a != b), len(guessed))
        n_right = min(n_right, len(expected) - 1)
        made.tokens += expected[: n_right + 1]
        made.took(len(guessed), n_right, 1.0 + 0.1 * len(guessed))
    assert n_steps < 30


def test_guesses_that_do_not_pay_rest_longer_each_time() -> None:
    made = guesses_after([*DOCUMENT, 7, *DOCUMENT[50:60]])
    rests = []
    for _ in range(3):
        n = 0
        while not (guessed := made.next(20)):
            n += 1
        rests.append(n)
        made.took(len(guessed), 0, 3.0)
    assert rests == [0, FIRST_REST, 3 * FIRST_REST]


@given(
    before=st.lists(st.sampled_from([0, 1, 256, 65_536, 16_777_216]), min_size=1, max_size=60),
    more=st.lists(st.sampled_from([0, 1, 256]), max_size=30),
)
def test_it_is_the_last_place_that_a_search_token_by_token_finds(before: list[int], more: list[int]) -> None:
    made = guesses_after(list(before))
    for token in [*more, None]:
        tokens = made.tokens
        ends = [
            end for end in range(LEAST_MATCH, len(tokens)) if tokens[end - LEAST_MATCH : end] == tokens[-LEAST_MATCH:]
        ]
        guessed = made.next(1)
        assert guessed == ([tokens[ends[-1]]] if ends else [])
        made.took(0, 0, 1.0)
        if token is not None:
            tokens.append(token)
