"""How long a job takes, before and while it runs."""

from __future__ import annotations

import pytest

from app.core.estimate import FILL, NO_SPEED, Pace, SpeedMeter, expected_work, own_parts, seconds_for
from app.engine.messages import EngineReported, Preset
from app.store.jobs import SpeedRow

SPEED = SpeedRow(read_tokens=10_000, read_seconds=10, written_tokens=1_000, written_seconds=10)


def report(**figures: float) -> EngineReported:
    return EngineReported(
        preset=Preset.RESPONSIVE,
        interactive_running=0,
        bulk_running=1,
        bulk_waiting=0,
        bulk_is_parked=False,
        interactive_tokens_per_second=0,
        bulk_tokens_per_second=0,
        kv_used_fraction=0,
        **figures,  # type: ignore[arg-type]
    )


def test_an_estimate_is_what_is_read_and_what_is_written() -> None:
    work = expected_work(n_items=10, own_tokens=5_000, n_own=10, item_overhead=100, output_tokens=100)
    assert work.read_tokens == 10 * 600
    assert work.written_tokens == 10 * 100 * FILL
    assert seconds_for(work, SPEED) == pytest.approx(6_000 / 1_000 + 600 / 100)


def test_a_model_that_was_not_measured_has_no_estimate() -> None:
    work = expected_work(n_items=1, own_tokens=100, n_own=1, item_overhead=0, output_tokens=10)
    assert seconds_for(work, None) is None
    assert seconds_for(work, NO_SPEED) is None


def test_what_only_reads_needs_no_speed_of_writing() -> None:
    work = expected_work(n_items=1, own_tokens=1_000, n_own=1, item_overhead=0, output_tokens=0)
    only_read = SpeedRow(read_tokens=1_000, read_seconds=1, written_tokens=0, written_seconds=0)
    assert seconds_for(work, only_read) == pytest.approx(1.0)


def test_reports_are_sums_and_those_of_a_new_load_begin_again() -> None:
    meter = SpeedMeter(NO_SPEED)
    meter.took(report(bulk_read_tokens=1_000, bulk_read_seconds=1.0))
    meter.took(report(bulk_read_tokens=3_000, bulk_read_seconds=2.0))
    meter.took(report(bulk_read_tokens=500, bulk_read_seconds=1.0, bulk_written_tokens=50, bulk_written_seconds=1.0))
    assert (meter.speed.read_tokens, meter.speed.read_seconds) == (3_500, 3.0)
    assert (meter.speed.written_tokens, meter.speed.written_seconds) == (50, 1.0)


def test_what_was_measured_long_ago_fades() -> None:
    meter = SpeedMeter(SpeedRow(read_tokens=1e9, read_seconds=1e9, written_tokens=0, written_seconds=0))
    meter.took(report(bulk_read_tokens=10, bulk_read_seconds=10.0))
    meter.took(report(bulk_read_tokens=800_010, bulk_read_seconds=810.0))
    rate = meter.speed.read_tokens / meter.speed.read_seconds
    assert rate > 4, "1,000 a second now, 1 a second then"


def test_the_time_left_is_corrected_by_the_pace_of_the_job() -> None:
    pace = Pace()
    pace.runs(0.0, is_running=True)
    assert pace.seconds_left(100, 50.0) == 50.0, "nothing is done: by the speeds"
    pace.runs(20.0, is_running=True)
    pace.took(20.0, 4, 400)
    assert pace.seconds_left(96, 48.0) == 48.0, "those that run beside the first ones are not counted yet"
    pace.took(20.0, 16, 1_600)
    assert pace.seconds_left(80, 40.0) == pytest.approx(80.0)
    assert pace.seconds_left(0, None) is None


def test_time_in_which_a_job_stands_still_does_not_count() -> None:
    pace = Pace()
    pace.runs(0.0, is_running=True)
    pace.took(5.0, 10, 10)
    pace.runs(5.0, is_running=False)
    pace.runs(1_000.0, is_running=True)
    pace.runs(1_005.0, is_running=True)
    pace.took(1_005.0, 10, 10)
    assert pace.seconds_left(20, None) == pytest.approx(10.0)


def test_what_two_items_begin_with_is_not_their_own() -> None:
    assert own_parts([["Classify this.\nText: the sea"], ["Classify this.\nText: my house"]], "text: the sea") == [
        "the sea"
    ]


def test_a_single_item_shares_nothing() -> None:
    assert own_parts([["Classify this.", "And this."]], "x") == ["Classify this.", "And this."]


def test_each_request_of_an_item_has_a_beginning_of_its_own() -> None:
    assert own_parts([["A: one", "B: one"], ["A: two", "B: two"]], "one") == ["one", "one"]


def test_texts_that_begin_alike_are_each_items_own() -> None:
    text = "A letter from the town of Ulm. First."
    prompts = [[f"Sum up: {text}"], ["Sum up: A letter from the town of Ulm. Second."]]
    assert own_parts(prompts, text) == [text]
