"""What the calculator says of a job, beside what the real scheduler makes of it on a machine with known costs."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from app.engine.messages import Preset, Priority
from app.engine.process.backend import StepPlan, StepResult, WorkResult
from app.engine.process.fake_llama import FAKE_CAPABILITIES
from app.engine.process.kv_archive import KvArchive
from app.engine.process.scheduler import Scheduler
from app.engine.process.sequence import Sequence
from app.lab.sizing import Job, Speeds, seconds_for
from app.lab.sizing_bench import MOST_OFF, SHAPES
from tests.unit.test_scheduler import Kv

STEPS = ((1, 0.012), (2, 0.015), (4, 0.021), (8, 0.033), (16, 0.055), (32, 0.104))
SPEEDS = Speeds(width=16, steps=STEPS, read=0.0014, deeper_read=2e-7, deeper_step=2e-7)


def costs(plan: StepPlan, speeds: Speeds) -> float:
    """Seconds of a step of this machine."""
    if all(len(work.tokens) == 1 for work in plan.work):
        return speeds.step(len(plan.work), sum(work.position for work in plan.work) / len(plan.work))
    return sum(speeds.reading(len(work.tokens), work.position) for work in plan.work)


def simulated(job: Job, speeds: Speeds) -> float:
    """Seconds until the last item is done."""
    capabilities = msgspec.structs.replace(FAKE_CAPABILITIES, bulk_sequences=speeds.width, bulk_context=2048)
    kv, seconds = Kv(), 0.0
    scheduler = Scheduler(capabilities, kv, Preset.RESPONSIVE, KvArchive(ram_bytes=0))
    shared = list(range(round(job.shared_tokens)))
    for n in range(job.n_items):
        own = [1_000_000 * (n + 1) + k for k in range(round(job.read_tokens))]
        scheduler.add(
            Sequence(id=str(n), priority=Priority.BULK, tokens=[*shared, *own], max_tokens=round(job.written_tokens))
        )
    while not scheduler.is_idle:
        scheduler.admit()
        plan = scheduler.plan()
        assert plan is not None
        seconds += costs(plan, speeds)
        results = []
        for work in plan.work:
            kv.held[work.slot] = work.position + len(work.tokens)
            results.append(WorkResult(id=work.id, n_done=len(work.tokens), token=7 if work.wants_token else None))
        for sequence in scheduler.apply(StepResult(results=tuple(results), seconds=0.01)):
            if sequence.n_output >= sequence.max_tokens:
                scheduler.remove(sequence.id)
    return seconds


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("width", [1, 4, 8, 16, 32])
def test_the_calculator_is_right_where_the_costs_are_known(shape: str, width: int) -> None:
    job, speeds = SHAPES[shape], replace(SPEEDS, width=width)
    assert seconds_for(job, speeds) == pytest.approx(simulated(job, speeds), rel=MOST_OFF / 3)


@pytest.mark.parametrize("n_items", [1, 3, 17, 50])
def test_few_items_and_many_are_both_right(n_items: int) -> None:
    job = Job(n_items=n_items, read_tokens=300, written_tokens=60)
    assert seconds_for(job, SPEEDS) == pytest.approx(simulated(job, SPEEDS), rel=MOST_OFF / 3)
