"""Jobs that keep another model than the chat's, over two fake engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

from app.core.documents import DocumentService
from app.core.events import EngineRestarted, Event, JobChanged
from app.core.item_runner import MOST_CRASHES_ALONE
from app.core.job_options import JobOptions
from app.core.jobs import JobService
from app.core.kinds.summarize import SummarizeParams
from app.core.views import JobState, JobView
from app.engine.client import EngineClient
from app.engine.fake import fake_engine
from app.engine.interface import ModelState
from app.engine.local import local_engine
from app.engine.messages import EngineReported, GenerateRequest, Priority, RequestFinished, Turn
from app.store.database import Database
from app.store.items import Items
from app.store.jobs import Jobs
from tests.unit.gguf_files import GOOD_TENSORS, GOOD_VALUES, gguf

GB = 1_000_000_000
PATIENCE_SECONDS = 60


class Desk:
    """Jobs, the chat's engine, and those that were made beside it; `until` waits for what is told or reported.

    What is asked `until` `go_on` ends when that is there.
    """

    def __init__(self, folder: Path, new_side_engine: Callable[[], EngineClient]) -> None:
        self.folder, self.go_on = folder, folder / "go on"
        self.database = Database(folder / "rubato.sqlite3", folder / "backups")
        self.engine = fake_engine()
        self.sides: list[EngineClient] = []
        self.events: list[Event] = []
        self.reports: list[EngineReported] = []
        self.side_reports: list[EngineReported | None] = []
        self.free_bytes = 100 * GB
        self.model = str(self.model_file("chat"))
        self._changed = asyncio.Event()
        self.items = Items(self.database, "run")

        def new_side() -> EngineClient:
            self.sides.append(new_side_engine())
            return self.sides[-1]

        self.jobs = JobService(
            Jobs(self.database),
            self.items,
            self.engine,
            DocumentService(self.engine, folder),
            folder / "unpacked",
            lambda: self.model,
            self._hear,
            new_side_engine=new_side,
            side_reported=self._hear_side,
            free_bytes=lambda: self.free_bytes,
        )
        self.jobs._runner.look_seconds = 3600.0  # nothing here is to wait for the look that comes now and then

    def model_file(self, name: str) -> Path:
        path = self.folder / f"{name}.gguf"
        path.write_bytes(gguf(GOOD_VALUES, GOOD_TENSORS))
        return path

    def add_job(self, model: Path, text: str = "A note about the sea.", name: str = "note") -> str:
        """A job that keeps this model; its document is short and `text` is in its prompt."""
        file = self.folder / f"{name}.txt"
        file.write_text(text)
        before, self.model = self.model, str(model)
        id = self.jobs.add("summarize", SummarizeParams(), [file], JobOptions())
        self.model = before
        self.jobs.start(id)
        return id

    def view(self, job_id: str) -> JobView:
        return next(view for view in self.jobs.all() if view.id == job_id)

    async def done(self, job_id: str) -> JobView:
        return await asyncio.wait_for(self.jobs.wait(job_id), PATIENCE_SECONDS)

    async def chat(self, text: str) -> EngineReported | None:
        """Returns what the side engine had told of itself when the reply had its last word."""
        request = GenerateRequest(turns=(Turn("user", text),), priority=Priority.INTERACTIVE, max_tokens=4000)
        async for event in self.engine.generate("chat", request):
            last, side = event, self.last_side_report
        assert isinstance(last, RequestFinished)
        return side

    async def until(self, wanted: Callable[[], bool]) -> None:
        async def wait() -> None:
            while not wanted():
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), PATIENCE_SECONDS)

    async def until_waits(self, job_id: str, words: str) -> None:
        await self.until(lambda: any(words in e.job.waits for e in self.of(JobChanged) if e.job.id == job_id))

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def last_side_report(self) -> EngineReported | None:
        return self.side_reports[-1] if self.side_reports else None

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    def _hear_side(self, report: EngineReported | None) -> None:
        self.side_reports.append(report)
        self._changed.set()

    # of the chat's engine, as Core hears it

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None:
        if state in (ModelState.READY, ModelState.FAILED):
            self.jobs.model_is_settled()

    def engine_crashed(self, running: frozenset[str], description: str) -> None:
        self.jobs.engine_crashed(running)

    def chats_active(self, are_active: bool) -> None:
        self.jobs.chats_active(are_active)

    def engine_reported(self, report: EngineReported) -> None:
        self.jobs.engine_reported(report)
        self.reports.append(report)
        self._changed.set()


@asynccontextmanager
async def desk(folder: Path, new_side_engine: Callable[[], EngineClient] = fake_engine) -> AsyncIterator[Desk]:
    made = Desk(folder, new_side_engine)
    await made.engine.start(made)
    try:
        yield made
    finally:
        await made.jobs.close()
        await made.engine.close()
        made.database.close()


def run(story: Coroutine[None, None, None]) -> None:
    asyncio.run(story)


def test_a_job_goes_on_with_its_own_model_beside_the_chats_and_then_that_is_gone(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            id = d.add_job(d.model_file("own"))
            assert (await d.done(id)).state is JobState.DONE
            await d.until(lambda: d.side_reports[-1:] == [None])
            assert "Loading its model, own." in [event.job.waits for event in d.of(JobChanged)]
            assert d.view(id).waits == ""
            assert len(d.sides) == 1
            assert all(report.bulk_tokens == 0 for report in d.reports), "the chat's engine had no part in it"

    run(story())


def test_a_chat_has_the_machine_and_the_job_beside_it_goes_on_afterwards(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            id = d.add_job(d.model_file("own"), f"[[until {d.go_on}]]")
            await d.until(lambda: d.last_side_report is not None and d.last_side_report.bulk_running > 0)
            chat_goes_on = tmp_path / "the chat goes on"
            chat = asyncio.create_task(d.chat(f"Hello. [[until {chat_goes_on}]]"))
            await d.until(lambda: d.last_side_report is not None and d.last_side_report.bulk_is_parked)
            assert not chat.done(), "it stood still while the reply was written"
            d.go_on.touch()
            chat_goes_on.touch()
            at_end = await chat
            assert at_end is not None
            assert at_end.bulk_is_parked, "and did so to the end"
            assert (await d.done(id)).state is JobState.DONE

    run(story())


def test_no_model_is_loaded_while_somebody_chats(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            chat = asyncio.create_task(d.chat(f"Hello. [[until {d.go_on}]]"))
            await d.until(lambda: any(report.interactive_running for report in d.reports))
            id = d.add_job(d.model_file("own"))
            await d.until_waits(id, "Waits for its model, own.")
            await d.until(lambda: d.view(id).documents_read == 1)
            assert d.sides == []
            d.go_on.touch()
            await chat
            assert (await d.done(id)).state is JobState.DONE

    run(story())


def test_a_model_that_does_not_fit_is_waited_for_and_loaded_when_there_is_room(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            d.free_bytes = 1000
            await d.engine.load(Path(d.model))
            id = d.add_job(d.model_file("own"))
            await d.until_waits(id, "Waits for its model, own: it does not fit into memory beside chat. Load it, or")
            assert d.view(id).can_change_model
            assert d.sides == []
            d.free_bytes = GB
            d.jobs.wake()
            assert (await d.done(id)).state is JobState.DONE

    run(story())


def test_one_that_waits_can_use_the_chats_model(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            d.free_bytes = 0
            await d.engine.load(Path(d.model))
            id = d.add_job(d.model_file("own"))
            await d.until_waits(id, "does not fit")
            d.jobs.use_loaded_model(id)
            assert (await d.done(id)).state is JobState.DONE
            assert d.sides == []

    run(story())


def test_a_model_that_is_gone_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            own = d.model_file("own")
            own.unlink()
            await d.until_waits(d.add_job(own), "Its model, own, is gone.")
            assert d.sides == []

    run(story())


def test_a_model_that_can_not_be_loaded_is_tried_once_for_each_model_of_the_chat(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path, lambda: local_engine(tmp_path, backend="fake")) as d:
            await d.engine.load(Path(d.model))
            id = d.add_job(d.model_file("too-large"))
            await d.until_waits(id, "not enough free memory")
            await d.until(lambda: d.side_reports[-1:] == [None])
            d.jobs.wake()
            other = d.add_job(d.model_file("other"), name="other")
            assert (await d.done(other)).state is JobState.DONE, "another model is another matter"
            assert len(d.sides) == 2
            await d.until(lambda: len(d.side_reports) > 1 and d.side_reports[-1] is None)
            d.jobs.model_is_settled()
            await d.until(lambda: len(d.sides) == 3)

    run(story())


def test_models_of_several_jobs_have_their_turn_one_after_the_other(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            ids = [d.add_job(d.model_file(name), name=name) for name in ("a", "b", "a")]
            for id in ids:
                assert (await d.done(id)).state is JobState.DONE
            assert len(d.sides) == 2, "the third had its model in memory already"

    run(story())


def test_when_the_chat_takes_the_jobs_model_the_job_goes_on_there(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            own = d.model_file("own")
            id = d.add_job(own, f"[[until {d.go_on}]]")
            await d.until(lambda: d.view(id).items_running > 0)
            await d.jobs.model_changes()
            assert d.side_reports[-1] is None
            assert (d.items.count(id).running, d.items.count(id).queued) == (0, 1)
            d.go_on.touch()
            d.model = str(own)
            await d.engine.load(own)
            assert (await d.done(id)).state is JobState.DONE
            assert len(d.sides) == 1

    run(story())


def test_a_paused_job_takes_no_memory_and_one_that_goes_on_gets_its_model_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            id = d.add_job(d.model_file("own"), f"[[until {d.go_on}]]")
            await d.until(lambda: d.view(id).items_running > 0)
            d.jobs.pause(id)
            await d.until(lambda: d.side_reports[-1:] == [None])
            assert (d.items.count(id).running, d.items.count(id).queued) == (0, 1)
            d.go_on.touch()
            d.jobs.resume(id)
            assert (await d.done(id)).state is JobState.DONE
            assert len(d.sides) == 2

    run(story())


def test_a_crash_of_the_side_engine_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            own = d.model_file("own")
            ids = [d.add_job(own, f"[[until {d.go_on}]]", name) for name in ("a", "b")]
            await d.until(lambda: any(d.view(id).items_running > 0 for id in ids))
            connection = d.sides[0]._connection
            assert connection is not None
            connection.kill()
            await d.until(lambda: bool(d.of(EngineRestarted)))
            d.go_on.touch()
            for id in ids:
                view = await d.done(id)
                assert (view.state, view.items_failed) == (JobState.DONE, 0)
            assert len(d.sides) == 1

    run(story())


def test_an_item_that_crashes_the_side_engine_each_time_has_failed(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            id = d.add_job(d.model_file("own"), f"[[until {d.go_on}]]")
            for n in range(MOST_CRASHES_ALONE):
                await d.until(lambda: d.last_side_report is not None and d.last_side_report.bulk_running > 0)
                connection = d.sides[0]._connection
                assert connection is not None
                connection.kill()
                await d.until(lambda n=n: len(d.of(EngineRestarted)) > n)
                d.side_reports.clear()
            view = await d.done(id)
            assert (view.state, view.items_failed) == (JobState.FAILED, 1)
            assert "crash" in view.error

    run(story())


def test_a_job_that_was_put_first_has_the_machine_before_those_of_the_other_engine(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as d:
            await d.engine.load(Path(d.model))
            chats_goes_on, own_goes_on = tmp_path / "chats goes on", tmp_path / "own goes on"
            chats = d.add_job(Path(d.model), f"[[until {chats_goes_on}]]", "chats")
            own = d.add_job(d.model_file("own"), f"[[until {own_goes_on}]]", "own")
            await d.until(lambda: all(d.view(id).items_running > 0 for id in (chats, own)))
            d.jobs.put_first(chats, True)
            await d.until(lambda: d.last_side_report is not None and d.last_side_report.bulk_is_parked)
            d.jobs.put_first(chats, False)
            d.jobs.put_first(own, True)
            await d.until(lambda: d.reports[-1].bulk_is_parked)
            own_goes_on.touch()
            await d.done(own)
            assert d.view(chats).state is JobState.RUNNING
            chats_goes_on.touch()
            assert (await d.done(chats)).state is JobState.DONE, "it has the machine to itself now"

    run(story())
