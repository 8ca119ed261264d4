"""A reply that is told at an even pace."""

from __future__ import annotations

from app.engine.messages import FinishReason, RequestFinished, TextProduced, Timings, Usage
from app.engine.pace import Pace


def text(n_tokens: int, pace_seconds: float = 0.0) -> TextProduced:
    return TextProduced(id="r", text="a", n_tokens=n_tokens, pace_seconds=pace_seconds)


def told(arrivals: list[float], pace_seconds: float) -> list[float]:
    pace = Pace()
    return [pace.due(text(n, pace_seconds), now) for n, now in enumerate(arrivals, start=1)]


def test_what_comes_too_soon_makes_up_for_what_comes_late() -> None:
    assert told([10.0, 11.0, 12.0, 13.8, 15.6], 1.5) == [10.0, 11.5, 13.0, 14.5, 16.0]


def test_the_first_text_is_never_held_back() -> None:
    assert told([10.0], 1.5) == [10.0]


def test_a_text_that_is_late_is_told_at_once_and_the_pace_goes_on_from_there() -> None:
    assert told([10.0, 14.0, 14.5], 1.5) == [10.0, 14.0, 15.5]


def test_a_text_of_several_tokens_has_the_time_of_several() -> None:
    pace = Pace()
    pace.due(text(1, 1.5), 10.0)
    assert pace.due(text(3, 1.5), 10.5) == 13.0


def test_without_a_pace_nothing_is_held_back() -> None:
    pace = Pace()
    pace.due(text(1), 10.0)
    assert pace.due(text(2), 10.1) == 10.1


def test_what_is_held_back_when_bulk_ends_comes_faster_but_not_all_at_once() -> None:
    pace = Pace()
    assert [pace.due(text(n, 1.5), 10.0) for n in (1, 2)] == [10.0, 11.5]
    assert [pace.due(text(n), 10.0) for n in (3, 4, 5)] == [12.0, 12.5, 13.0]
    assert pace.due(text(6), 14.0) == 14.0
    assert pace.due(text(7), 14.1) == 14.1, "it has caught up"


def test_the_last_word_is_told_at_once() -> None:
    pace = Pace()
    pace.due(text(1, 1.5), 10.0)
    last = RequestFinished(
        id="r",
        reason=FinishReason.END,
        usage=Usage(prompt_tokens=1, cached_tokens=0, output_tokens=1),
        timings=Timings(queue_seconds=0.0, ttft_seconds=0.0, total_seconds=0.0),
    )
    assert pace.due(last, 10.1) == 10.1
