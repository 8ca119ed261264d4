"""Gives the memory of a model back that nobody has used for a while. Runs on the core thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.engine.interface import Engine, ModelState

LOOK_SECONDS = 15.0  # how often it is looked at, at least


async def watch_idle_model(engine: Engine, limit_seconds: Callable[[], float]) -> None:
    """For ever. `limit_seconds` without a request, after which the model sleeps; 0: never."""
    while True:
        limit = limit_seconds()
        left = limit - engine.idle_seconds if engine.model_state is ModelState.READY else limit
        await asyncio.sleep(min(LOOK_SECONDS, max(0.05, left)) if limit > 0 else LOOK_SECONDS)
        limit = limit_seconds()
        if limit > 0 and engine.model_state is ModelState.READY and engine.idle_seconds >= limit:
            engine.sleep()
