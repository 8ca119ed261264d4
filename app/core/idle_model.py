"""Gives the memory of models back that nobody has used for a while, or that have no room. Runs on the core thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.core.kept_engines import KeptEngines
from app.engine.interface import ModelState

LOOK_SECONDS = 15.0  # how often it is looked at, at least


async def watch_idle_model(
    engines: KeptEngines, limit_seconds: Callable[[], float], *, is_tight: Callable[[], bool] = lambda: False
) -> None:
    """For ever. `limit_seconds` without a request, after which the model sleeps, and one that is kept goes; 0: never.

    Where `is_tight`, what is kept goes at once, the one that was in use longest ago first.
    """
    while True:
        limit = limit_seconds()
        left = limit - engines.idle_seconds if engines.model_state is ModelState.READY else limit
        await asyncio.sleep(min(LOOK_SECONDS, max(0.05, left)) if limit > 0 else LOOK_SECONDS)
        limit = limit_seconds()
        if limit > 0:
            engines.unload_idle(limit)
            if engines.model_state is ModelState.READY and engines.idle_seconds >= limit:
                engines.sleep()
        if engines.kept and is_tight():
            await engines.unload(engines.kept[0])
