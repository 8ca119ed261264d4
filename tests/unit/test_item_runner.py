"""Items of jobs and the model that is loaded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from app.core.item_runner import ItemRunner
from app.engine.fake import fake_engine
from app.engine.process.fake_llama import FAKE_CAPABILITIES
from app.store.database import Database
from app.store.jobs import Jobs
from tests.unit.test_full_disk import Unheard


@pytest.mark.parametrize("can_write", [True, False])
def test_items_wait_for_a_model_that_writes(tmp_path: Path, can_write: bool) -> None:
    async def story() -> None:
        jobs = Jobs(Database(tmp_path / "rubato.sqlite3", tmp_path / "backups"))
        jobs.add(id="j", kind="k", title="t", source="s", params="{}", now_seconds=0)
        jobs.queue_items("j", 0, ["one", "two"])
        jobs.set_state("j", "running")
        engine = fake_engine(capabilities=msgspec.structs.replace(FAKE_CAPABILITIES, can_write=can_write))
        await engine.start(Unheard())
        await engine.load(Path("fake.gguf"))
        runner = ItemRunner(store=jobs, engine=engine, publish=lambda event: None, changed=lambda id: None)
        runner.fill()
        assert jobs.count("j").running == (2 if can_write else 0)
        await runner.close()
        await engine.close()

    asyncio.run(story())
