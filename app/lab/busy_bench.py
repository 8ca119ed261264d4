"""A chat on a machine whose cores other programs use: adapted threads beside every fixed number of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.child_command import child_command
from app.engine.bare import BareModel
from app.lab.bench import Lab
from app.lab.chat_benches import conversation
from app.lab.row import Limit, Row
from app.lab.target import Sample, median

OUTPUT_TOKENS = 48


@asynccontextmanager
async def _spinning(n: int) -> AsyncIterator[None]:
    """So many processes that do nothing but use a core."""
    started = [await asyncio.create_subprocess_exec(*child_command("spin")) for _ in range(n)]
    try:
        await asyncio.sleep(1.0)
        yield
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def busy(lab: Lab) -> Row:
    """As many spinning processes as cores."""
    row = Row(
        "busy",
        limits=[
            Limit("best_fixed_ratio", 0.8, is_most=False),
            Limit("default_ratio", 3.0, is_most=False),
            Limit("idle_ratio", 0.98, is_most=False),
        ],
    )
    async with lab.engine() as (engine, _):
        talk = await conversation(engine)
        await talk.warm()
        idle = [await talk.ask(n, OUTPUT_TOKENS) for n in range(4)]
        depth = idle[0].n_prompt
        quiet_default = await _fixed_rate(lab, lab.n_threads, depth)
        idle += [await talk.ask(n, OUTPUT_TOKENS) for n in range(4)]
        async with _spinning(lab.n_threads):
            loaded = [await talk.ask(n, OUTPUT_TOKENS) for n in range(4)]
            fixed = {n: await _fixed_rate(lab, n, depth) for n in range(1, lab.n_threads + 1)}
            loaded += [await talk.ask(n, OUTPUT_TOKENS) for n in range(4)]
    rate = _rate(loaded)
    row.figures = {
        "best_fixed_ratio": rate / max(fixed.values()),
        "default_ratio": rate / fixed[lab.n_threads],
        "idle_ratio": _rate(idle) / quiet_default,
        "loaded_tokens_per_second": rate,
        "idle_tokens_per_second": _rate(idle),
        "ttft_loaded_seconds": median([s.ttft_seconds for s in loaded]),
    }
    row.figures |= {f"fixed_{n}_threads_tokens_per_second": value for n, value in fixed.items()}
    return row


def _rate(samples: list[Sample]) -> float:
    return 1 / median([s.itl_seconds for s in samples])


async def _fixed_rate(lab: Lab, n_threads: int, depth: int) -> float:
    bare = BareModel(lab.model, lab.folder, n_threads=n_threads, n_sequences=1, context_tokens=4096)
    async with bare:
        return 1 / await bare.decode_step(1, depth, OUTPUT_TOKENS)
