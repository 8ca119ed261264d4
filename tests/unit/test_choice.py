"""What the engine runs a model with follows from what was measured: another way only where it is clearly faster."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.process.memory_plan import BULK_SEQUENCES, most_bulk_sequences, plan_kv
from app.engine.tuned import DECODE, PREFILL, TURN, Choice, FlashAttention, Point, Setting, Tuned
from app.lab.tune import plan
from app.lab.tune_bench import best_choices

OFF, SUITED, ALWAYS = FlashAttention
USUAL_STEP, USUAL_READ, USUAL_TURN = 0.04, 0.5, 0.1


def points(
    *, flash: bool = False, threads: int = 4, kv: str = "F16", step: float = 1.0, read: float = 1.0, turn: float = 1.0
) -> list[Point]:
    """Of one way: times over those of the usual."""

    def one(what: str, seconds: float, n: int, **more: int) -> Point:
        setting = Setting(what=what, threads=threads, kv=kv, flash_attention=flash, **more)
        return Point(setting=setting, step_seconds=seconds, tokens_per_second=n / seconds)

    found = [one(DECODE, step * USUAL_STEP * (0.5 + width / 16), width, width=width) for width in (1, 8)]
    return [*found, one(PREFILL, read * USUAL_READ, 512), one(TURN, turn * USUAL_TURN, 1)]


def choice_of(*groups: list[Point]) -> Choice:
    return Tuned(model="m", points=tuple(point for group in groups for point in group)).choice()


def test_without_points_and_disturbed_the_engine_runs_as_usual() -> None:
    disturbed = Tuned(model="m", points=tuple(Point(**{**_fields(p), "other_cores": 1.0}) for p in points()))
    assert Tuned(model="m").choice() == disturbed.choice() == Choice()


def _fields(point: Point) -> dict[str, object]:
    return {name: getattr(point, name) for name in point.__struct_fields__}


@pytest.mark.parametrize(("factor", "takes"), [(0.5, True), (0.9, True), (0.99, False), (1.5, False)])
def test_flash_attention_for_jobs_only_where_it_is_clearly_faster(factor: float, takes: bool) -> None:
    found = choice_of(points(), points(flash=True, step=factor, read=factor, turn=2.0))
    assert (found.flash_attention, found.chat_flash_attention) == (SUITED if takes else OFF, False)


def test_a_chat_has_what_answers_sooner_but_not_what_writes_slower() -> None:
    assert choice_of(points(), points(flash=True, turn=0.8)).chat_flash_attention
    assert not choice_of(points(), points(flash=True, turn=0.8, step=1.2)).chat_flash_attention


def test_fewer_threads_where_they_are_faster() -> None:
    found = choice_of(points(), points(threads=3, step=0.8, read=0.8, turn=0.8))
    assert (found.threads, found.chat_threads) == (3, 3)


def test_a_persons_wish_counts_more_than_what_was_found() -> None:
    found = Choice(width=8, kv="Q8_0", flash_attention=ALWAYS)
    assert found.with_wishes("", None) == found
    wished = found.with_wishes("F16", False)
    assert (wished.kv, wished.chat_kv, wished.flash_attention, wished.chat_flash_attention) == (
        "F16",
        "F16",
        OFF,
        False,
    )
    assert wished.width == 8
    small = Choice().with_wishes("Q8_0", False)  # which llama.cpp has with flash attention alone
    assert (small.kv, small.chat_kv, small.flash_attention, small.chat_flash_attention) == (
        "Q8_0",
        "Q8_0",
        ALWAYS,
        True,
    )


def test_small_kv_is_for_jobs_alone() -> None:
    found = choice_of(points(), points(kv="Q8_0", flash=True, step=0.5, read=0.5, turn=0.5))
    assert (found.kv, found.flash_attention, found.chat_flash_attention) == ("Q8_0", ALWAYS, False)


factors = st.floats(0.3, 3.0)


@given(factors, factors, factors)
def test_what_is_chosen_is_never_slower_than_the_usual(step: float, read: float, turn: float) -> None:
    other = points(flash=True, step=step, read=read, turn=turn)
    found = choice_of(points(), other)
    if found.flash_attention is not OFF:
        assert min(step, read) < 1.0
    if found.chat_flash_attention:
        assert turn < 1.0


def test_the_full_search_puts_the_best_together() -> None:
    best = best_choices([*points(), *points(flash=True, read=0.4)], 2)
    assert best[0].flash_attention is ALWAYS
    assert best[0].width == 8


def test_every_way_that_is_tried_has_what_the_choice_needs() -> None:
    settings = plan(4)
    for way in {setting.way for setting in settings}:
        kinds = {setting.what for setting in settings if setting.way == way}
        assert kinds >= {DECODE, PREFILL}
        assert (TURN in kinds) == (way.kv == "F16")


@given(st.integers(1, 10**6), st.integers(0, 10**12), st.integers(1, 64))
def test_a_wide_bulk_context_takes_an_eighth_of_what_is_free(per_token: int, free: int, width: int) -> None:
    got = plan_kv(
        bytes_per_token=per_token, trained_context=4096, wanted_context=4096, free_bytes=free, bulk_sequences=width
    )
    if got is not None and got.bulk_sequences > BULK_SEQUENCES:
        assert got.bulk_sequences * got.bulk_context * per_token <= free / 8
    assert most_bulk_sequences(per_token, free) >= BULK_SEQUENCES
