"""How many threads bulk gets beside a chat, by what the chat's steps cost."""

from __future__ import annotations

import random

import pytest

from app.engine.process.balance import Balance

STEPS = 400


def story(n_total: int, seconds_by_threads: dict[int, float], *, slowdown: float = 1.5) -> tuple[list[int], float]:
    """A long reply; a chat's step takes 1 s alone. (bulk's threads at each step, mean seconds)"""
    balance = Balance(slowdown=slowdown)
    balance.begin()
    threads, total = [], 0.0
    for _ in range(STEPS):
        n = balance.threads(n_total)
        seconds = seconds_by_threads[n]
        balance.took(n, seconds)
        threads.append(n)
        total += seconds
    return threads, total / STEPS


@pytest.mark.parametrize(
    ("n_total", "cost", "expected"),
    [
        (2, {0: 1.0, 1: 1.25}, 1),
        (8, {0: 1.0, 1: 1.05, 2: 1.1, 3: 1.15, 4: 1.2, 5: 1.3, 6: 1.9, 7: 3.0}, 5),
        (8, {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0, 5: 1.0, 6: 1.0, 7: 1.0}, 7),
        (4, {0: 1.0, 1: 1.3, 2: 1.7, 3: 3.0}, 1),
    ],
)
def test_bulk_gets_as_many_threads_as_keep_to_the_share(n_total: int, cost: dict[int, float], expected: int) -> None:
    threads, mean = story(n_total, cost)
    assert threads.count(expected) > STEPS * 0.9
    assert mean <= 1.5


@pytest.mark.parametrize("cost", [1.8, 2.5, 6.0])
def test_where_one_thread_costs_more_than_the_share_the_mean_keeps_to_it(cost: float) -> None:
    threads, mean = story(2, {0: 1.0, 1: cost})
    assert set(threads) == {0, 1}
    assert 1.25 < mean <= 1.5


@pytest.mark.parametrize(("cost", "varies"), [(1.2, 0.07), (1.8, 0.07), (2.2, 0.07), (1.33, 0.3)])
def test_what_was_put_by_covers_every_step(cost: float, varies: float) -> None:
    """Told at its pace, a reply has no gap above the share: not on the mean, but (nearly) each."""
    noise = random.Random(7)
    balance, now, told, gaps = Balance(slowdown=1.5), 0.0, 0.0, []
    balance.begin()
    for _ in range(STEPS):
        n = balance.threads(2)
        seconds = (cost * noise.uniform(1 - varies, 1 + varies)) if n else noise.uniform(0.93, 1.07)
        balance.took(n, seconds)
        now += seconds
        due = max(now, told + balance.pace_seconds if told else now)
        gaps.append(due - told)
        told = due
    late = [gap for gap in gaps[1:] if gap > 1.55]
    assert len(late) <= (0.01 if varies < 0.1 else 0.05) * STEPS
    assert max(gaps[1:]) < 2.0


def test_the_share_is_the_persons() -> None:
    cost = {0: 1.0, 1: 1.1, 2: 1.3, 3: 1.9}
    assert max(set(story(4, cost, slowdown=1.15)[0]), key=story(4, cost, slowdown=1.15)[0].count) == 1
    assert max(set(story(4, cost, slowdown=2.5)[0]), key=story(4, cost, slowdown=2.5)[0].count) == 3


def test_on_one_core_there_is_nothing_to_divide() -> None:
    assert set(story(1, {0: 1.0})[0]) == {0}


def test_what_a_step_costs_alone_is_known_from_replies_before_balanced_was_chosen() -> None:
    balance = Balance(slowdown=1.5)
    for _ in range(9):
        balance.saw(1.0)
    balance.begin()
    balance.took(0, 3.0)  # the first one is a slow one
    assert balance.alone_seconds == 1.0
