"""How much of a guest goes into a chat's steps, by what steps cost."""

from __future__ import annotations

import pytest

from app.engine.process.balance import Balance

STEPS = 400


def story(seconds_per_extra_token: float, *, slowdown: float = 1.5) -> tuple[list[int], list[float]]:
    """A reply of many steps; a chat's own step takes one second. (widths, seconds)"""
    balance = Balance(slowdown=slowdown)
    balance.begin()
    widths, seconds = [], []
    for _ in range(STEPS):
        widths.append(balance.width())
        seconds.append(1.0 + seconds_per_extra_token * widths[-1])
        balance.took(widths[-1], seconds[-1])
    return widths, seconds


@pytest.mark.parametrize(("extra", "expected"), [(0.4, 1), (0.2, 2), (0.1, 4), (0.03, 16), (0.001, 32)])
def test_the_widest_step_is_found_that_keeps_to_the_share(extra: float, expected: int) -> None:
    widths, seconds = story(extra)
    assert max(widths) == expected
    assert widths.count(expected) > STEPS * 0.8
    assert max(seconds) <= 1.5


@pytest.mark.parametrize("extra", [0.7, 1.0, 2.5])
def test_where_one_token_costs_more_than_the_share_the_mean_keeps_to_it(extra: float) -> None:
    widths, seconds = story(extra)
    assert set(widths) == {0, 1}
    assert 1.3 < sum(seconds) / STEPS <= 1.5


def test_the_share_is_the_persons() -> None:
    assert max(story(0.4, slowdown=1.2)[1]) >= 1.4
    assert sum(story(0.4, slowdown=1.2)[1]) / STEPS <= 1.2
    assert max(story(0.4, slowdown=3.0)[0]) >= 4
