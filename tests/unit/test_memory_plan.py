"""Context for the memory that is free."""

from __future__ import annotations

from app.engine.process.memory_plan import plan_kv


def plan(free_bytes: int, trained: int = 32_768):
    return plan_kv(bytes_per_token=1000, trained_context=trained, wanted_context=8192, free_bytes=free_bytes)


def test_with_room_everything_is_as_wanted() -> None:
    got = plan(10**9)
    assert (got.chat_context, got.chat_sequences, got.bulk_context, got.bulk_sequences) == (8192, 2, 2048, 8)


def test_bulk_width_goes_first_then_chats_then_context() -> None:
    sizes = [10**9, 60 * 10**6, 40 * 10**6, 28 * 10**6, 20 * 10**6, 12 * 10**6]
    plans = [plan(size) for size in sizes]
    widths = [(p.bulk_sequences, p.chat_sequences, p.chat_context) for p in plans]
    assert widths == sorted(widths, reverse=True)
    assert all(p.kv_bytes <= size / 2 for p, size in zip(plans, sizes, strict=True))
    assert widths[-1][0] == 2
    assert widths[-1][2] < 8192


def test_a_model_is_not_given_more_context_than_it_was_trained_for() -> None:
    got = plan(10**9, trained=512)
    assert (got.chat_context, got.bulk_context) == (512, 512)


def test_where_nothing_fits_there_is_no_plan() -> None:
    assert plan(1000) is None
