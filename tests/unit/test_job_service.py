"""Jobs over the fake engine: documents on their way into the queue, results on their way out of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from app.core.documents import DocumentService
from app.core.events import Event, JobChanged, NoticeShown
from app.core.job_contents import JobContents
from app.core.job_options import NO_OPTIONS, JobOptions
from app.core.jobs import JobService
from app.core.kinds.summarize import SummarizeParams
from app.core.views import ItemState, JobState, JobView
from app.engine.fake import fake_engine
from app.engine.interface import ModelState
from app.engine.messages import Capabilities, EngineReported
from app.engine.process.fake_llama import FAKE_CAPABILITIES
from app.errors import ErrorKind, KnownError
from app.store.database import Database
from app.store.items import Items
from app.store.jobs import Jobs

_leases = itertools.count()


class Desk:
    """Jobs over the fake engine; `until_told` waits for an event that is as wanted."""

    def __init__(self, folder: Path, seconds_per_token: float, capabilities: Capabilities | None) -> None:
        self.database = Database(folder / "rubato.sqlite3", folder / "backups")
        self.engine = fake_engine(seconds_per_token=seconds_per_token, capabilities=capabilities)
        self.events: list[Event] = []
        self.model = "fake.gguf"
        self.now = 1_000_000.0
        self._changed = asyncio.Event()
        self.store, self.items = Jobs(self.database), Items(self.database, f"run {next(_leases)}")
        self.contents = JobContents(self.store, self.items)
        self.jobs = JobService(
            self.store,
            self.items,
            self.engine,
            DocumentService(self.engine, folder),
            folder / "unpacked",
            lambda: self.model,
            self._hear,
            clock=lambda: self.now,
        )

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None:
        if state is ModelState.READY:
            self.jobs.wake()

    def engine_crashed(self, running: frozenset[str], description: str) -> None: ...
    def chats_active(self, are_active: bool) -> None: ...
    def engine_reported(self, report: EngineReported) -> None:
        self.jobs.engine_reported(report)

    async def until_told(self, wanted: Callable[[Event], bool]) -> None:
        async def wait() -> None:
            while not any(wanted(event) for event in self.events):
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), 60)

    async def until_job(self, wanted: Callable[[JobView], bool]) -> None:
        await self.until_told(lambda event: isinstance(event, JobChanged) and wanted(event.job))

    def summarize(self, *files: Path, options: JobOptions = NO_OPTIONS, length: str = "paragraph") -> str:
        id = self.jobs.add("summarize", SummarizeParams(length=length), files, options)
        self.jobs.start(id)
        return id

    async def done(self, job_id: str) -> JobView:
        return await asyncio.wait_for(self.jobs.wait(job_id), 60)


@asynccontextmanager
async def desk(
    folder: Path, seconds_per_token: float = 0.0, capabilities: Capabilities | None = None
) -> AsyncIterator[Desk]:
    made = Desk(folder, seconds_per_token, capabilities)
    await made.engine.start(made)
    try:
        yield made
    finally:
        await made.jobs.close()
        await made.engine.close()
        made.database.close()


def document(folder: Path, text: str = "A note about the sea.\n", name: str = "note.txt") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_a_document_waits_for_a_model_and_is_summarised_when_there_is_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            d.engine.has_no_model(KnownError(ErrorKind.NO_MODEL, "There is no model on this machine yet."))
            id = d.summarize(document(tmp_path))
            await d.until_job(lambda job: "waiting" in job.coverage)
            assert d.jobs.all()[0].state is JobState.READING
            await d.engine.load(Path("fake.gguf"))
            assert (await d.done(id)).state is JobState.DONE

    asyncio.run(story())


def test_a_document_that_a_full_disk_does_not_take_is_queued_when_there_is_room(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            id = d.summarize(document(tmp_path, "Water and wind. " * 4000))
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
            go_on = tmp_path / "go on"
            id = d.summarize(document(tmp_path, f"[[until {go_on}]] Water and wind."))
            await d.until_job(lambda job: job.items_running > 0)
            d.jobs.pause(id)  # before the claimed item's task has had a turn
            view = await d.done(id)
            assert view.state is JobState.PAUSED
            await d.until_job(lambda job: job.items_running == 0 and job.state is JobState.PAUSED)
            assert d.jobs.all()[0].items_done == 0
            go_on.touch()
            d.jobs.resume(id)
            assert (await d.done(id)).state is JobState.DONE

    asyncio.run(story())


def test_a_job_that_is_paused_in_the_moment_it_goes_on_stands_still_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            go_on = tmp_path / "go on"
            id = d.summarize(document(tmp_path, f"[[until {go_on}]] Water and wind."))
            await d.until_job(lambda job: job.items_running > 0)
            d.jobs.pause(id)
            await d.until_job(lambda job: job.items_running == 0 and job.state is JobState.PAUSED)
            d.jobs.resume(id)
            d.jobs.pause(id)
            d.jobs.resume(id)
            go_on.touch()
            assert (await d.done(id)).state is JobState.DONE

    asyncio.run(story())


def test_many_documents_are_one_job_and_a_broken_one_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            good = [document(tmp_path, f"Note {n} about the sea. " * 400, f"{n}.txt") for n in range(5)]
            id = d.summarize(*good, document(tmp_path, "", "empty.txt"))
            view = await d.done(id)
            assert (view.state, view.documents, view.documents_failed) == (JobState.DONE, 6, 1)
            assert view.coverage.startswith("5 of 6 documents")
            (failed,) = [one for one in d.contents.documents(id) if one.error]
            assert failed.name == "empty.txt"
            assert "is empty" in failed.error
            assert all(d.contents.summary(id, n).paragraphs for n in range(5))
            together = d.contents.summary(id, -1)
            assert together.paragraphs
            assert any("empty.txt" in note for note in together.notes)

    asyncio.run(story())


def test_a_draft_tells_what_it_will_do_and_waits_to_be_started(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            files = [document(tmp_path, "Water and wind. " * 4000), document(tmp_path, "", "empty.txt")]
            id = d.jobs.add("summarize", SummarizeParams(), files, JobOptions())
            await d.until_job(lambda job: job.documents_read + job.documents_failed == 2)
            preview = await d.jobs.preview(id)
            assert not preview.is_reading
            assert (preview.n_documents, preview.n_failed) == (2, 1)
            assert preview.n_items > 1
            assert preview.read_tokens > 4000 * 16
            assert "Water and wind." in preview.first_prompt
            assert d.jobs.all()[0].items_running == 0
            d.jobs.start(id)
            assert (await d.done(id)).state is JobState.DONE

    asyncio.run(story())


def test_a_job_waits_for_the_model_it_was_made_with(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            d.model = "other.gguf"
            id = d.jobs.add("summarize", SummarizeParams(), [document(tmp_path)], JobOptions())
            d.model = "fake.gguf"
            d.jobs.start(id)
            await d.engine.load(Path("fake.gguf"))
            await d.until_job(lambda job: "other" in job.waits and job.can_change_model)
            await d.until_job(lambda job: job.documents_read == 1)
            assert d.items.count(id).done == 0
            d.jobs.use_loaded_model(id)
            assert (await d.done(id)).state is JobState.DONE

    asyncio.run(story())


def test_a_job_for_the_night_begins_when_it_is_night(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            id = d.summarize(document(tmp_path), options=JobOptions(not_before_seconds=d.now + 3600))
            await d.until_job(lambda job: job.waits.startswith("Waits until ") and job.documents_read == 1)
            assert d.items.count(id).done == 0
            d.now += 3601
            d.jobs.wake()
            view = await d.done(id)
            assert (view.state, view.waits) == (JobState.DONE, "")

    asyncio.run(story())


def test_one_part_that_failed_is_tried_again_by_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            id = d.summarize(document(tmp_path, "Water and wind. " * 4000))
            view = await d.done(id)
            (row, *_) = [item for item in d.items.page(id) if item.level == 0]
            with d.database.transaction() as sql:
                sql.execute("UPDATE items SET state = 'failed', error = 'why' WHERE id = ?", (row.id,))
            page = d.contents.page(id, ItemState.FAILED, 0, 10)
            assert [item.output for item in page.items] == ["why"]
            d.jobs.retry_item(row.id)
            again = await d.done(id)
            assert (again.state, again.items_failed, again.items_done) == (JobState.DONE, 0, view.items_done)

    asyncio.run(story())


def test_a_name_that_is_no_text_is_refused_and_nothing_is_queued(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            with pytest.raises(KnownError, match="UTF-8"):
                d.summarize(document(tmp_path), tmp_path / "b\udce4d.txt")
            assert d.jobs.all() == []

    asyncio.run(story())


def test_a_folder_is_the_documents_in_it_and_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            folder = tmp_path / "papers"
            folder.mkdir()
            document(folder, name="b10.txt")
            document(folder, name="b9.txt")
            document(folder, name="c\udce4.txt")
            id = d.summarize(folder)
            assert (await d.done(id)).state is JobState.DONE
            read = {one.name: one.error for one in d.contents.documents(id)}
            assert list(read)[:2] == ["papers/b9.txt", "papers/b10.txt"]
            assert [error for error in read.values() if error] == [next(e for e in read.values() if "UTF-8" in e)]

    asyncio.run(story())


def test_items_wait_for_a_model_that_writes(tmp_path: Path) -> None:
    async def story() -> None:
        only_embeds = msgspec.structs.replace(FAKE_CAPABILITIES, can_write=False)
        async with desk(tmp_path, capabilities=only_embeds) as d:
            await d.engine.load(Path("fake.gguf"))
            id = d.summarize(document(tmp_path))
            await d.until_job(lambda job: job.documents_read == 1)
            d.jobs.wake()
            counts = d.items.count(id)
            assert (counts.queued, counts.total) == (1, 1)

    asyncio.run(story())


def test_jobs_stand_still_while_the_machine_is_measured(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path("fake.gguf"))
            d.jobs.measure(True)
            id = d.summarize(document(tmp_path, "Water and wind. " * 400))
            await d.until_job(lambda job: job.items_running > 0 and "has been measured" in job.waits)
            assert d.jobs.all()[0].items_done == 0
            d.jobs.measure(False)
            assert (await d.done(id)).state is JobState.DONE
            assert not any("measured" in job.waits for job in d.jobs.all())

    asyncio.run(story())
