"""A machine is measured where most items of jobs are, and every time anew: over the fake engine and a real decoder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.core.speed_probe import DEPTH_TOKENS, REQUESTS, probe, warm_up
from app.engine.client import EngineClient
from app.engine.fake import fake_engine
from app.engine.local import local_engine
from tests.contracts.test_engine_contract import Observer, run_with
from tests.model.tiny_models import full_attention


@pytest.mark.parametrize("name", ["fake thread", "real model"])
def test_the_probe_is_as_deep_as_a_job_for_the_price_of_a_short_one(name: str, tmp_path: Path) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        assert engine.capabilities is not None

        def read() -> int:
            return observer.reports[-1].bulk_read_tokens

        depth = min(DEPTH_TOKENS, engine.capabilities.bulk_context // 2)
        await warm_up(engine)
        for n in (1, 2):  # what was read for the first is of no use to the second
            await probe(engine)
            await observer.until(lambda n=n: bool(observer.reports) and read() > n * depth / 2)
            assert read() < n * REQUESTS * depth / 2

    if name == "fake thread":
        asyncio.run(run_with((fake_engine, tmp_path / "none.gguf"), story))
    else:
        asyncio.run(run_with((lambda: local_engine(tmp_path), full_attention(tmp_path / "tiny.gguf")), story))
