"""A few bulk requests that nobody reads: how fast a model is on this machine, before it has done anything."""

from __future__ import annotations

import asyncio
import contextlib
import uuid

from app.engine.interface import Engine
from app.engine.messages import GenerateRequest, Priority, Sampling, Turn

REQUESTS, OUTPUT_TOKENS = 8, 16
LONGEST_SECONDS = 20.0  # a machine that is slower than this tells it by itself, later
_WORDS = "The committee met in the morning and read what had been written about the state of the roads. "


async def warm_up(engine: Engine) -> None:
    """The first bulk request makes bulk's memory, which says nothing of the speed."""
    await _ask(engine, REQUESTS)


async def probe(engine: Engine) -> None:
    """Some seconds of bulk work; the engine's reports tell what came of it. Gives up where the engine is busy."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_SECONDS):
            await asyncio.gather(*(_ask(engine, n) for n in range(REQUESTS)))


async def _ask(engine: Engine, n: int) -> None:
    request = GenerateRequest(
        turns=(Turn("user", f"{n}. {_WORDS * 10}"),),
        priority=Priority.BULK,
        max_tokens=OUTPUT_TOKENS,
        sampling=Sampling(temperature=0.0),
        ignore_eos=True,
    )
    async for _ in engine.generate(f"probe-{uuid.uuid4().hex}", request):
        pass
