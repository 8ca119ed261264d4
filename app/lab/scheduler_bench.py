"""What deciding costs: the scheduler by itself, against running sequences and against waiting requests."""

from __future__ import annotations

import statistics
import time

import msgspec

from app.engine.messages import Priority
from app.engine.process.backend import StepResult, WorkResult
from app.engine.process.fake_llama import FAKE_CAPABILITIES
from app.engine.process.scheduler import Scheduler
from app.engine.process.sequence import Sequence, Slot
from app.lab.bench import Lab
from app.lab.row import Limit, Row

WAITING = (10, 100, 1_000, 10_000, 100_000)
RUNNING = (1, 4, 16, 64)
STEPS = 30


class _NoMemory:
    """Holds what it is told."""

    can_cut = True

    def use_flash(self, is_flash: bool) -> bool:
        return False

    def truncate(self, slot: Slot, n_tokens: int) -> int:
        return n_tokens

    def save(self, slot: Slot) -> bytes:
        return b""

    def restore(self, slot: Slot, data: bytes) -> int:
        return 0


def _step_seconds(n_waiting: int, n_running: int) -> float:
    capabilities = msgspec.structs.replace(FAKE_CAPABILITIES, bulk_sequences=n_running)
    scheduler = Scheduler(capabilities, _NoMemory())
    for n in range(n_waiting + n_running):
        tokens = [n % 50_000, *range(20)]
        scheduler.add(Sequence(id=str(n), priority=Priority.BULK, tokens=tokens, max_tokens=1000))
    seconds = []
    for _ in range(STEPS):
        started = time.perf_counter()
        scheduler.admit()
        plan = scheduler.plan()
        seconds.append(time.perf_counter() - started)
        assert plan is not None
        results = tuple(
            WorkResult(id=work.id, n_done=len(work.tokens), token=7 if work.wants_token else None) for work in plan.work
        )
        started = time.perf_counter()
        scheduler.apply(StepResult(results=results, seconds=0.01))
        seconds[-1] += time.perf_counter() - started
    return statistics.median(seconds)


async def scheduler(lab: Lab) -> Row:
    """Microseconds a step, beside the step of the model itself at that width."""
    row = Row("scheduler", limits=[Limit("share_of_step", 0.02)])
    async with lab.bare(n_sequences=64, context_tokens=256) as bare:
        steps = {width: await bare.decode_step(width, 100, 8) for width in RUNNING}
        row.facts = {"bare": bare.settings}
    costs = {width: _step_seconds(100, width) for width in RUNNING}
    row.figures = {"share_of_step": max(costs[width] / steps[width] for width in RUNNING)}
    row.figures |= {f"microseconds_running_{width}": costs[width] * 1e6 for width in RUNNING}
    row.figures |= {f"microseconds_waiting_{n}": _step_seconds(n, 16) * 1e6 for n in WAITING}
    row.figures |= {f"step_seconds_running_{width}": steps[width] for width in RUNNING}
    return row
