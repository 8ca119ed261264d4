"""Documents on their way into the queue where there is no model yet, or no room on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from app.core.documents import DocumentService
from app.core.events import Event, JobChanged, NoticeShown
from app.core.jobs import JobService
from app.core.views import JobState, JobView
from app.engine.fake import fake_engine
from app.engine.interface import ModelState
from app.engine.messages import EngineReported
from app.errors import ErrorKind, KnownError
from app.store.database import Database
from app.store.jobs import Jobs


class Desk:
    """Jobs over the fake engine; `until` waits for a job to look as wanted."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "rubato.sqlite3", folder / "backups")
        self.engine = fake_engine()
        self.events: list[Event] = []
        self._changed = asyncio.Event()
        documents = DocumentService(self.engine, folder)
        self.jobs = JobService(Jobs(self.database), self.engine, documents, self._hear)

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None:
        if state is ModelState.READY:
            self.jobs.wake()

    def engine_crashed(self, running: frozenset[str], description: str) -> None: ...
    def chats_active(self, are_active: bool) -> None: ...
    def engine_reported(self, report: EngineReported) -> None: ...

    async def until_told(self, wanted: Callable[[Event], bool]) -> None:
        """Until an event was told that is as wanted."""

        async def wait() -> None:
            while not any(wanted(event) for event in self.events):
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), 60)

    async def done(self, job_id: str) -> JobView:
        return await asyncio.wait_for(self.jobs.wait(job_id), 60)


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    made = Desk(folder)
    await made.engine.start(made)
    try:
        yield made
    finally:
        await made.jobs.close()
        await made.engine.close()


def document(folder: Path, text: str = "A note about the sea.\n") -> Path:
    file = folder / "note.txt"
    file.write_text(text)
    return file


def test_a_document_waits_for_a_model_and_is_summarised_when_there_is_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            d.engine.has_no_model(KnownError(ErrorKind.NO_MODEL, "There is no model on this machine yet."))
            (id,) = d.jobs.summarize([document(tmp_path)])
            await d.until_told(lambda event: isinstance(event, JobChanged) and "waiting" in event.job.coverage)
            assert d.jobs.all()[0].state is JobState.READING
            await d.engine.load(Path("fake.gguf"))
            assert (await d.done(id)).state is JobState.DONE

    asyncio.run(story())


def test_a_document_that_a_full_disk_does_not_take_is_queued_when_there_is_room(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            (id,) = d.jobs.summarize([document(tmp_path, "Water and wind. " * 4000)])
            pages = d.database.read("PRAGMA page_count")[0][0]
            d.database.read(f"PRAGMA max_page_count = {pages}")
            await d.until_told(lambda event: isinstance(event, NoticeShown) and "disk is full" in event.sentence)
            assert d.jobs.all()[0].state is JobState.READING
            d.database.read("PRAGMA max_page_count = 100000")
            assert (await d.done(id)).state is JobState.DONE

    asyncio.run(story())


def test_a_job_that_is_paused_right_after_its_items_were_claimed_stands_still(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            (id,) = d.jobs.summarize([document(tmp_path, "[[words 900]] Water and wind.")])
            await d.until_told(lambda event: isinstance(event, JobChanged) and event.job.items_running > 0)
            d.jobs.pause(id)  # before the claimed item's task has had a turn
            view = await d.done(id)
            assert view.state is JobState.PAUSED
            await d.until_told(lambda event: isinstance(event, JobChanged) and event.job.items_running == 0)
            assert d.jobs.all()[0].items_done == 0
            d.jobs.resume(id)
            assert (await d.done(id)).state is JobState.DONE

    asyncio.run(story())
