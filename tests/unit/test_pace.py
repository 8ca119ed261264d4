"""A reply that is told at an even pace."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from app.engine.fake import fake_engine
from app.engine.messages import (
    FinishReason,
    GenerateRequest,
    Preset,
    Priority,
    RequestFinished,
    TextProduced,
    Timings,
    Turn,
    Usage,
)
from app.engine.pace import Pace
from tests.contracts.test_engine_contract import Observer

LAST = RequestFinished(
    id="r",
    reason=FinishReason.END,
    usage=Usage(prompt_tokens=1, cached_tokens=0, output_tokens=1),
    timings=Timings(queue_seconds=0.0, ttft_seconds=0.5, total_seconds=1.0),
)


def text(n_tokens: int, pace_seconds: float = 0.0) -> TextProduced:
    return TextProduced(id="r", text="a", n_tokens=n_tokens, pace_seconds=pace_seconds)


def told(arrivals: list[float], pace_seconds: float) -> list[float | None]:
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
    assert pace.due(LAST, 10.1) == 10.1


def test_after_a_stop_what_is_held_back_is_not_told_any_more() -> None:
    pace = Pace()
    assert [pace.due(text(n, 1.5), 10.0) for n in (1, 2)] == [10.0, 11.5]
    pace.is_stopped = True
    assert [pace.due(text(n, 1.5), 11.5) for n in (3, 4, 5)] == [None, None, None]
    assert pace.due(text(6), 20.0) is None, "no text may be missing in the middle"
    assert pace.due(LAST, 20.0) == 20.0


def test_a_reply_took_as_long_as_it_was_told() -> None:
    pace = Pace()
    for n in (1, 2, 3):
        pace.due(text(n, 1.5), 10.0)
    assert pace.as_told(LAST, 13.0) == replace(LAST, timings=replace(LAST.timings, total_seconds=0.5 + 3.0))


def test_a_reply_of_which_nothing_was_held_back_took_as_long_as_it_was_computed() -> None:
    pace = Pace()
    for n in (1, 2, 3):
        pace.due(text(n), 10.0 + n)
    assert pace.as_told(LAST, 17.0) is LAST


def test_a_reply_in_balanced_ends_where_the_person_stops_it() -> None:
    async def story() -> tuple[int, int]:
        engine = fake_engine(seconds_per_token=0.003)
        await engine.start(Observer())
        await engine.load(Path("fake.gguf"))
        engine.set_preset(Preset.BALANCED)

        def request(text: str, priority: Priority) -> GenerateRequest:
            return GenerateRequest(turns=(Turn("user", text),), priority=priority, max_tokens=1000, may_guess=False)

        async def work() -> None:
            async for _ in engine.generate("bulk", request("[[words 200]]", Priority.BULK)):
                pass

        bulk = asyncio.create_task(work())
        n_told, n_after = 0, 0
        async for event in engine.generate("chat", request("[[words 200]]", Priority.INTERACTIVE)):
            if isinstance(event, TextProduced):
                n_after += n_told >= 60
                n_told += 1
                if n_told == 60:
                    engine.cancel("chat")
        last = event
        assert isinstance(last, RequestFinished)
        bulk.cancel()
        await engine.close()
        return n_after, last.usage.output_tokens - n_told

    n_after, n_held_back = asyncio.run(story())
    assert n_after == 0
    assert n_held_back > 5, "more was computed"
