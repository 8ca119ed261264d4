"""The program without a face, in a throwaway profile: for benches of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from app.core.core import Core
from app.core.events import Event, JobChanged
from app.core.views import JobPreview, JobView
from app.engine.client import EngineClient
from app.paths import profile_paths
from app.settings import Settings


class Program:
    """A Core, and what it tells of its jobs."""

    def __init__(self, folder: Path, engine: EngineClient, model: Path) -> None:
        self._changed = asyncio.Event()
        self.jobs: dict[str, JobView] = {}
        self.engine = engine
        self.core = Core(profile_paths(folder), engine, self._hear, settings=Settings(), model=model)

    def _hear(self, event: Event) -> None:
        if isinstance(event, JobChanged):
            self.jobs[event.job.id] = event.job
            self._changed.set()

    async def until(self, job_id: str, wanted: Callable[[JobView], bool]) -> JobView:
        while job_id not in self.jobs or not wanted(self.jobs[job_id]):
            self._changed.clear()
            await self._changed.wait()
        return self.jobs[job_id]

    async def until_read(self, job_id: str) -> JobPreview:
        """A draft's preview, when all of its documents were read."""
        await self.until(job_id, lambda job: job.documents_read + job.documents_failed == job.documents)
        return await self.core.preview_job(job_id)


@asynccontextmanager
async def program(folder: Path, engine: EngineClient, model: Path) -> AsyncIterator[Program]:
    made = Program(folder, engine, model)
    await made.core.start()
    try:
        yield made
    finally:
        await made.core.close()
