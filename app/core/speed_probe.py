"""A few bulk requests that nobody reads: how fast a model is on this machine, before it has done anything."""

from __future__ import annotations

import asyncio
import contextlib
import uuid

from app.engine.interface import Engine
from app.engine.messages import GenerateRequest, Priority, Sampling, Turn

REQUESTS, OUTPUT_TOKENS = 8, 16
DEPTH_TOKENS = 1000  # about as many as most items of jobs have: each token costs more, the more there are before it
LONGEST_SECONDS = 20.0  # a machine that is slower than this tells it by itself, later
_WORDS = "The committee met in the morning and read what had been written about the state of the roads. "


async def warm_up(engine: Engine) -> None:
    """The first bulk request makes bulk's memory, which says nothing of the speed."""
    await _ask(engine, _WORDS)


async def probe(engine: Engine) -> None:
    """Some seconds of bulk work; the engine's reports tell what came of it. Gives up where the engine is busy.

    All requests begin alike, which is read once: they are as deep as those of a job, for the price of short ones.
    """
    room = engine.capabilities.bulk_context if engine.capabilities is not None else 0
    (n_tokens,) = await engine.count_tokens([_WORDS])
    beginning = f"{uuid.uuid4().hex} {_WORDS * (min(DEPTH_TOKENS, room // 2) // max(1, n_tokens))}"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_SECONDS):
            await asyncio.gather(*(_ask(engine, f"{beginning}{n}. {_WORDS * 3}") for n in range(REQUESTS)))


async def _ask(engine: Engine, text: str) -> None:
    request = GenerateRequest(
        turns=(Turn("user", text),),
        priority=Priority.BULK,
        max_tokens=OUTPUT_TOKENS,
        sampling=Sampling(temperature=0.0),
        ignore_eos=True,
    )
    async for _ in engine.generate(f"probe-{uuid.uuid4().hex}", request):
        pass
