"""How fast bulk goes by itself; and what has to be computed to score continuations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.engine.messages import Priority
from app.engine.process.backend import StepPlan, StepResult, TextResult, TextWork, Work, WorkResult
from app.engine.process.bulk_pace import BulkPace
from app.engine.process.scoring import telling_beginnings
from app.engine.process.sequence import Slot


def work(id: str, n_tokens: int, priority: Priority = Priority.BULK) -> Work:
    return Work(id=id, slot=Slot(priority, 0), tokens=(1,) * n_tokens, position=0, wants_token=True)


def result(seconds: float, **done: int) -> StepResult:
    return StepResult(results=tuple(WorkResult(id=id, n_done=n) for id, n in done.items()), seconds=seconds)


def test_steps_that_read_and_steps_that_write_are_told_apart() -> None:
    pace = BulkPace()
    pace.took(StepPlan(work=(work("a", 300), work("b", 200))), result(0.5, a=300, b=200))
    pace.took(StepPlan(work=(work("a", 1), work("b", 1))), result(0.1, a=1, b=1))
    assert (pace.read_tokens, pace.read_seconds) == (500, 0.5)
    assert (pace.written_tokens, pace.written_seconds) == (2, 0.1)


def test_what_was_torn_or_ran_beside_a_chat_tells_nothing() -> None:
    pace = BulkPace()
    pace.took(StepPlan(work=(work("a", 300),)), result(0.5, a=100))
    pace.took(StepPlan(work=(work("c", 1, Priority.INTERACTIVE), work("a", 300))), result(0.5, c=1, a=300))
    assert pace == BulkPace()


def test_a_step_that_embeds_texts_is_none_that_writes() -> None:
    pace = BulkPace()
    text = TextWork(id="e", index=0, priority=Priority.BULK, tokens=(1, 2, 3))
    pace.took(StepPlan(texts=(text,)), StepResult(texts=(TextResult(work=text, vector=(1.0,)),), seconds=0.5))
    assert pace == BulkPace()


tokens = st.lists(st.integers(0, 3), min_size=1, max_size=5).map(tuple)


@given(st.lists(tokens, min_size=1, max_size=6))
def test_beginnings_tell_continuations_apart(continuations: list[tuple[int, ...]]) -> None:
    beginnings = telling_beginnings(continuations)
    for mine, beginning in zip(continuations, beginnings, strict=True):
        assert mine[: len(beginning)] == beginning
        rivals = [other for other in continuations if other != mine and other[: len(beginning)] == beginning]
        assert not rivals or beginning == mine, "told apart, or read to its end"
        assert len(beginning) == 1 or any(
            other != mine and other[: len(beginning) - 1] == beginning[:-1] for other in continuations
        ), "no longer than it takes"
