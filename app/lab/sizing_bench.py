"""Is the calculator right? What it says of three jobs of different shapes from the curve, and what they then take."""

from __future__ import annotations

import asyncio

from app.engine.client import EngineClient
from app.engine.messages import Turn
from app.engine.tuned import Tuned
from app.lab.bench import Lab
from app.lab.bulk_benches import unseen, wall_seconds
from app.lab.row import Limit, Row
from app.lab.sizing import Job, seconds_for, speeds_of
from app.lab.target import EngineTarget, median
from app.lab.tune_bench import swept
from app.lab.workload import prose_of

SHAPES = {
    "long_in": Job(n_items=24, read_tokens=1200, written_tokens=16),
    "long_out": Job(n_items=24, read_tokens=60, written_tokens=200),
    "shared": Job(n_items=96, read_tokens=40, written_tokens=12, shared_tokens=650),
}
TEMPLATE_TOKENS = 30  # about, around a text
TRIES = 2
MOST_OFF = 0.15


async def sizing(lab: Lab) -> Row:
    """The sweep, the predictions, then the jobs; and a short sweep again, should the machine have changed."""
    row = Row("sizing", limits=[Limit(f"{name}_off", MOST_OFF) for name in SHAPES])
    found = await swept(lab)
    choice = found.choice()
    truths: dict[str, list[float]] = {name: [] for name in SHAPES}
    jobs: dict[str, Job] = {}
    async with lab.engine(choice=choice) as (engine, _):
        assert engine.capabilities is not None
        width = engine.capabilities.bulk_sequences
        for _ in range(TRIES):
            for name, shape in SHAPES.items():
                seconds, jobs[name] = await _truth(engine, shape)
                truths[name].append(seconds)
    speeds = speeds_of(found, width)
    assert speeds is not None
    for name, job in jobs.items():
        predicted, truth = seconds_for(job, speeds), median(truths[name])
        row.figures[f"{name}_off"] = abs(predicted / truth - 1)
        row.figures[f"{name}_predicted_seconds"], row.figures[f"{name}_seconds"] = predicted, truth
        row.figures[f"{name}_spread"] = max(truths[name]) / min(truths[name]) - 1
    row.figures["width"] = width
    row.facts = {"workload": "; ".join(f"{name}: {_shape(job)}" for name, job in jobs.items()), "curve": _curve(found)}
    return row


async def _truth(engine: EngineClient, shape: Job) -> tuple[float, Job]:
    """Seconds that such a job takes, and the job as it was."""
    seed = unseen()
    shared = await prose_of(round(shape.shared_tokens), seed, engine.count_tokens) if shape.shared_tokens else ""
    texts = await asyncio.gather(
        *(prose_of(round(shape.read_tokens), seed + k + 1, engine.count_tokens) for k in range(shape.n_items))
    )
    head = (Turn("system", shared),) if shared else ()
    requests = [(*head, Turn("user", text)) for text in texts]
    seconds, samples = await wall_seconds(EngineTarget(engine), requests, round(shape.written_tokens))
    own = sum(sample.n_prompt for sample in samples) / len(samples) - shape.shared_tokens
    return seconds, Job(
        n_items=shape.n_items,
        read_tokens=own,
        written_tokens=sum(sample.n_output for sample in samples) / len(samples),
        shared_tokens=shape.shared_tokens,
    )


def _shape(job: Job) -> str:
    shared = f" behind {job.shared_tokens:.0f}" if job.shared_tokens else ""
    return f"{job.n_items} of {job.read_tokens:.0f}{shared} tokens in, {job.written_tokens:.0f} out"


def _curve(found: Tuned) -> str:
    return ", ".join(f"{p.setting.width}: {p.step_seconds * 1000:.1f} ms" for p in found.curve())
