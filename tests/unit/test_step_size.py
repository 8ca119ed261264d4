"""Steps that can't be interrupted, on machines that report their times."""

from __future__ import annotations

import msgspec
import pytest

from app.engine.process.backend import StepResult, WorkResult
from app.engine.process.fake_llama import FAKE_CAPABILITIES
from app.engine.process.scheduler import Scheduler
from app.engine.process.step_size import LONGEST_SECONDS
from tests.unit.test_scheduler import Kv, bulk, chat


def times_of(base: float, per_token: float, *, with_chat: bool = False) -> tuple[list[float], int]:
    """Seconds of every step of a flood of bulk, on a machine where no step can be torn; and the tokens done."""
    kv = Kv()
    capabilities = msgspec.structs.replace(FAKE_CAPABILITIES, can_tear=False, bulk_sequences=64)
    scheduler = Scheduler(capabilities, kv)
    for n in range(64):
        sequence = bulk(f"b{n}", 700, max_tokens=40)
        sequence.tokens[0] = n
        scheduler.add(sequence)
    if with_chat:
        scheduler.add(chat("c", 3000))
    seconds, n_done = [], 0
    for _ in range(400):
        scheduler.admit()
        plan = scheduler.plan()
        if plan is None:
            break
        n_tokens = sum(len(work.tokens) for work in plan.work)
        n_done += n_tokens
        results = []
        for work in plan.work:
            kv.held[work.slot] = work.position + len(work.tokens)
            token = 7 if work.wants_token else None
            results.append(WorkResult(id=work.id, n_done=len(work.tokens), token=token))
        seconds.append(base + per_token * n_tokens)
        for sequence in scheduler.apply(StepResult(results=tuple(results), seconds=seconds[-1])):
            if sequence.n_output >= sequence.max_tokens:
                scheduler.remove(sequence.id)
    return seconds, n_done


@pytest.mark.parametrize(("base", "per_token"), [(0.004, 0.0001), (0.002, 0.001), (0.0, 0.004), (0.01, 0.0004)])
def test_nobody_waits_longer_than_the_limit_for_a_step_that_cannot_be_torn(base: float, per_token: float) -> None:
    seconds, _ = times_of(base, per_token)
    settled = seconds[20:]
    assert max(settled) <= LONGEST_SECONDS * 1.1
    reading = settled[:60]
    assert sorted(reading)[len(reading) // 2] > LONGEST_SECONDS * 0.5, "and no step is much smaller than it may be"


def test_the_first_steps_before_anything_is_known_are_small() -> None:
    seconds, _ = times_of(0.0, 0.003)
    assert max(seconds) <= 0.1


def test_a_chats_prompt_is_read_in_such_steps_too() -> None:
    seconds, _ = times_of(0.002, 0.001, with_chat=True)
    assert max(seconds) <= LONGEST_SECONDS * 1.1
