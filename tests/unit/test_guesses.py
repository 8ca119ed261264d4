"""What is guessed, and when guessing rests."""

from __future__ import annotations

import random

from app.engine.process.guesses import FIRST_REST, MOST_GUESSES, Guesses

DOCUMENT = list(range(100, 400))


def guesses_after(tokens: list[int]) -> Guesses:
    made = Guesses(tokens)
    made.took(0, 0, 1.0)
    return made


def test_what_followed_the_same_words_before_is_guessed() -> None:
    made = guesses_after([*DOCUMENT, 7, *DOCUMENT[50:55]])
    assert made.next(100) == DOCUMENT[55:57]


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
    made = guesses_after([*DOCUMENT, 7, *DOCUMENT[:5]])
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
