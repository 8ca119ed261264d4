"""What tears the step under way, and what waits for its end."""

from __future__ import annotations

import pytest

from app.engine.messages import (
    Cancel,
    Command,
    CountTokens,
    Embed,
    GenerateRequest,
    Hold,
    Preset,
    Priority,
    SetPreset,
    Submit,
)
from app.engine.process.backend import StepPlan, TextWork, Work
from app.engine.process.inbox import Inbox, interrupts
from app.engine.process.sequence import Slot


def plan_of(*works: tuple[str, Priority]) -> StepPlan:
    return StepPlan(
        work=tuple(Work(id=id, slot=Slot(p, 0), tokens=(1,), position=0, wants_token=True) for id, p in works)
    )


def texts_of(priority: Priority) -> StepPlan:
    return StepPlan(texts=(TextWork(id="e", index=0, priority=priority, tokens=(1,)),))


def submit(priority: Priority) -> Submit:
    return Submit(id="new", request=GenerateRequest(turns=(), priority=priority, max_tokens=1))


BULK_STEP = plan_of(("b", Priority.BULK))
CHAT_STEP = plan_of(("c", Priority.INTERACTIVE))


@pytest.mark.parametrize(
    ("command", "plan", "expected"),
    [
        (submit(Priority.INTERACTIVE), BULK_STEP, True),
        (submit(Priority.INTERACTIVE), CHAT_STEP, False),
        (submit(Priority.BULK), BULK_STEP, False),
        (submit(Priority.INTERACTIVE), texts_of(Priority.BULK), True),
        (submit(Priority.INTERACTIVE), texts_of(Priority.INTERACTIVE), False),
        (Embed(texts=(), priority=Priority.INTERACTIVE), BULK_STEP, True),
        (Embed(texts=(), priority=Priority.INTERACTIVE), CHAT_STEP, False),
        (Embed(texts=()), BULK_STEP, False),
        (Cancel(id="b"), BULK_STEP, True),
        (Cancel(id="other"), BULK_STEP, True),
        (Hold(is_held=True), BULK_STEP, True),
        (Hold(is_held=True), texts_of(Priority.BULK), True),
        (Hold(is_held=True), CHAT_STEP, False),
        (Hold(is_held=False), BULK_STEP, False),
        (SetPreset(preset=Preset.BATCH), BULK_STEP, False),
        (CountTokens(texts=()), BULK_STEP, False),
    ],
)
def test_what_tears_a_step(command: Command, plan: StepPlan, expected: bool) -> None:
    assert interrupts(command, plan) is expected


def test_a_command_that_came_before_the_step_is_seen_first() -> None:
    inbox, torn = Inbox(), []
    inbox.put(submit(Priority.INTERACTIVE))
    assert not inbox.watch(BULK_STEP, lambda: torn.append(1), lambda: None)
    assert torn == []


def test_a_command_during_the_step_tears_it_and_after_the_step_does_not() -> None:
    inbox, torn = Inbox(), []
    assert inbox.watch(BULK_STEP, lambda: torn.append(1), lambda: None)
    inbox.put(submit(Priority.INTERACTIVE))
    assert torn == [1]
    assert len(inbox.take(wait_seconds=0)) == 1
    inbox.put(submit(Priority.INTERACTIVE))
    assert torn == [1]


def test_when_the_program_is_gone_the_step_is_torn() -> None:
    inbox, torn = Inbox(), []
    inbox.watch(CHAT_STEP, lambda: torn.append(1), lambda: None)
    inbox.close()
    assert torn == [1]
    assert inbox.take(wait_seconds=None) == []
