"""Where the presets stand on the curve, and what dragging Balanced along it means."""

from __future__ import annotations

import csv as csv_module
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.tuned import DECODE, Point, Setting, Tuned
from app.lab.curve import LEAST_SLOWDOWN, MOST_SLOWDOWN, Curve, Place, csv


def tuned(steps: dict[int, float]) -> Tuned:
    """Width to the seconds of a step."""
    return Tuned(
        model="m",
        points=tuple(
            Point(setting=Setting(what=DECODE, threads=2, width=n), step_seconds=s, tokens_per_second=n / s)
            for n, s in steps.items()
        ),
    )


STEPS = {1: 0.01, 2: 0.012, 4: 0.016, 8: 0.025, 16: 0.05}


def curve(steps: dict[int, float] = STEPS) -> Curve:
    found = Curve.of(tuned(steps))
    assert found is not None
    return found


def test_responsive_stands_alone_and_batch_where_the_most_comes_out() -> None:
    found = curve()
    assert found.responsive_place == Place(100.0, 0.01)
    assert found.batch == 8
    assert found.batch_place == Place(320.0, 0.025)
    assert Curve.of(Tuned(model="m")) is None


def test_balanced_stands_where_a_reply_takes_so_many_times_as_long() -> None:
    place = curve().balanced_place(1.4)
    assert place.seconds == pytest.approx(0.014)
    assert 2 / 0.012 < place.rate < 4 / 0.016
    assert curve().balanced_place(99).seconds == 0.05
    assert curve({1: 0.01}).balanced_place(2.0).seconds == 0.01


@given(st.floats(LEAST_SLOWDOWN, 4.9))
def test_what_is_dragged_to_a_place_comes_back_to_it(slowdown: float) -> None:
    found = curve()
    assert found.slowdown_at(found.balanced_place(slowdown)) == pytest.approx(slowdown, abs=0.03)


steps = st.dictionaries(st.sampled_from([1, 2, 4, 8, 16, 32, 64]), st.floats(1e-4, 10), min_size=1)


@given(steps, st.floats(0, 1e4), st.floats(0, 100))
def test_wherever_it_is_dragged_it_stays_within_what_can_be_set(
    given_steps: dict[int, float], rate: float, seconds: float
) -> None:
    found = Curve.of(tuned(given_steps))
    assert found is not None
    assert LEAST_SLOWDOWN <= found.slowdown_at(Place(rate, seconds)) <= MOST_SLOWDOWN
    assert LEAST_SLOWDOWN <= found.most_slowdown <= MOST_SLOWDOWN
    assert found.batch in given_steps


def test_the_points_as_a_table() -> None:
    rows = list(csv_module.DictReader(io.StringIO(csv(tuned(STEPS).points))))
    assert [(row["at_once"], float(row["seconds"])) for row in rows] == [(str(n), s) for n, s in STEPS.items()]
