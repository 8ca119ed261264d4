"""Two models in memory where both fit: chats that switch, jobs that keep theirs, memory that runs short. Over Core."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app.core.chat_views import ChatOptions, MessageState
from app.core.core import Core
from app.core.events import Event, ModelsChanged, ModelStateChanged, ReplyEnded, ReplyGrew
from app.core.kept_engines import KeptEngines
from app.core.kinds.summarize import SummarizeParams
from app.core.model_fit import ModelFits
from app.core.models import ModelService
from app.core.views import JobState
from app.engine.client import EngineClient
from app.engine.fake import fake_engine
from app.engine.interface import ModelState
from app.errors import KnownError
from app.paths import profile_paths
from app.settings import Settings
from tests.unit.gguf_files import GOOD_TENSORS, GOOD_VALUES, gguf

GB = 10**9


class Desk:
    """Core, the engines that were made, and what it tells. What is asked `until` `go_on` ends when that is there."""

    def __init__(self, folder: Path, settings: Settings, keeps: bool) -> None:
        self.folder, self.go_on = folder, folder / "go on"
        self.engines: list[EngineClient] = []
        self.sides: list[EngineClient] = []
        self.events: list[Event] = []
        self._moved = asyncio.Event()
        self.a, self.b = (self._model(name) for name in "ab")
        settings.added_models = [str(folder)]
        self.core = Core(
            profile_paths(folder / "profile"),
            self._engine(),
            self._hear,
            settings=settings,
            model=self.a,
            new_engine=self._engine if keeps else None,
            new_side_engine=self._side,
        )

    def _model(self, name: str) -> Path:
        path = self.folder / f"{name}.gguf"
        path.write_bytes(gguf(GOOD_VALUES, GOOD_TENSORS))
        return path

    def _engine(self) -> EngineClient:
        self.engines.append(fake_engine())
        return self.engines[-1]

    def _side(self) -> EngineClient:
        self.sides.append(fake_engine())
        return self.sides[-1]

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._moved.set()

    async def until(self, wanted: Callable[[], bool]) -> None:
        async def wait() -> None:
            while not wanted():
                self._moved.clear()
                await self._moved.wait()

        await asyncio.wait_for(wait(), 60)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    async def kept(self) -> list[str]:
        return [model.name for model in await self.core.models() if model.is_kept]

    async def add_job(self, text: str) -> str:
        """One that keeps the model in use, and runs."""
        file = self.folder / "note.txt"
        file.write_text(text)
        return await self.core.add_job("summarize", SummarizeParams(), [file])

    async def until_runs(self, job_id: str) -> None:
        await self.until(lambda: any(job.id == job_id and job.items_running for job in self.core.jobs()))


def run(
    folder: Path,
    story: Callable[[Desk], Awaitable[None]],
    settings: Settings | None = None,
    *,
    keeps: bool = True,
) -> None:
    async def play() -> None:
        desk = Desk(folder, settings or Settings(makes_titles=False), keeps)
        await desk.core.start()
        try:
            await desk.until(lambda: desk.core.model_state is ModelState.READY)
            await asyncio.wait_for(story(desk), 60)
        finally:
            await desk.core.close()

    asyncio.run(play())


def test_the_model_before_stays_and_is_said_to_and_to_go_back_loads_nothing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.core.load_model(desk.b)
        assert await desk.kept() == ["a"]
        assert desk.of(ModelsChanged)
        desk.events.clear()
        await desk.core.load_model(desk.a)
        assert [event.state for event in desk.of(ModelStateChanged)] == [ModelState.READY]
        assert [event.name for event in desk.of(ModelStateChanged)] == ["a"]
        assert len(desk.engines) == 2
        assert desk.core.settings.model == str(desk.a)

    run(tmp_path, story)


def test_chats_with_models_of_their_own_switch_to_and_fro(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        with_a = await desk.core.send(None, "[[say one]]", options=ChatOptions(model=str(desk.a)))
        await desk.core.wait_for_reply(with_a)
        with_b = await desk.core.send(None, "[[say two]]", options=ChatOptions(model=str(desk.b)))
        await desk.core.wait_for_reply(with_b)
        desk.events.clear()
        for chat in (with_a, with_b, with_a):
            await desk.core.send(chat, "[[say again]]")
            await desk.core.wait_for_reply(chat)
        assert {event.state for event in desk.of(ModelStateChanged)} == {ModelState.READY}
        assert [event.message.model_name for event in desk.of(ReplyEnded)] == ["a", "b", "a"]
        assert len(desk.engines) == 2

    run(tmp_path, story)


def test_a_reply_is_written_to_its_end_by_the_model_that_began_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        chat = await desk.core.send(None, f"[[until {desk.go_on}]]")
        await desk.until(lambda: bool(desk.of(ReplyGrew)))
        await desk.core.load_model(desk.b)
        desk.go_on.touch()
        await desk.core.wait_for_reply(chat)
        (ended,) = desk.of(ReplyEnded)
        assert (ended.message.state, ended.message.model_name) == (MessageState.COMPLETE, "a")

    run(tmp_path, story)


def test_a_kept_one_is_not_unloaded_from_under_the_reply_that_it_writes(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        goes_on = tmp_path / "goes on"
        chat = await desk.core.send(None, f"[[until {goes_on}]] [[words 20]]")
        await desk.until(lambda: desk.core.are_chats_active)
        await desk.core.load_model(desk.b)
        with pytest.raises(KnownError, match="at work"):
            await desk.core.unload(desk.a)
        goes_on.touch()
        await desk.core.wait_for_reply(chat)
        assert desk.core.open_chat(chat).messages[-1].state is MessageState.COMPLETE
        await desk.core.unload(desk.a)
        assert await desk.kept() == []

    run(tmp_path, story)


def test_where_only_one_fits_what_was_written_stays_and_can_be_continued_by_the_next(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        chat = await desk.core.send(None, f"[[until {desk.go_on}]]")
        await desk.until(lambda: len(desk.of(ReplyGrew)) > 3)
        await desk.core.load_model(desk.b)
        await desk.core.wait_for_reply(chat)
        reply = desk.core.open_chat(chat).messages[-1]
        assert reply.state is MessageState.INTERRUPTED
        written = "".join(event.text for event in desk.of(ReplyGrew))
        assert reply.text == written != ""
        desk.go_on.touch()
        await desk.core.continue_reply(reply.id)
        await desk.core.wait_for_reply(chat)
        whole = desk.core.open_chat(chat).messages[-1]
        assert whole.state is MessageState.COMPLETE
        assert whole.text.startswith(written)

    run(tmp_path, story, keeps=False)


def test_unloading_one_gives_its_memory_back_and_it_is_loaded_when_it_is_wanted(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.core.load_model(desk.b)
        await desk.core.unload(desk.a)
        assert await desk.kept() == []
        assert desk.engines[0].model_state is ModelState.ABSENT
        desk.events.clear()
        await desk.core.load_model(desk.a)
        assert ModelState.LOADING in [event.state for event in desk.of(ModelStateChanged)]
        await desk.core.unload(desk.a)
        assert desk.core.model_state is ModelState.ASLEEP, "the one in use comes back with the first key"
        assert await desk.kept() == ["b"]

    run(tmp_path, story)


def test_what_nobody_uses_goes_after_the_minutes_that_were_set(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.core.load_model(desk.b)
        await desk.until(lambda: desk.core.model_state is ModelState.ASLEEP)
        assert await desk.kept() == []

    run(tmp_path, story, Settings(unload_after_minutes=0.001))


def test_a_deleted_model_is_not_kept(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        own = desk.core.paths.models / "own.gguf"
        own.write_bytes(desk.b.read_bytes())
        await desk.core.load_model(own)
        await desk.core.load_model(desk.a)
        assert await desk.kept() == ["own"]
        await desk.core.delete_model(own)
        assert await desk.kept() == []
        assert not own.exists()

    run(tmp_path, story)


def test_a_job_goes_on_with_the_model_that_is_kept_and_then_with_the_chats_again(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        job = await desk.add_job(f"[[until {desk.go_on}]]")
        await desk.until_runs(job)
        await desk.core.load_model(desk.b)
        await desk.until(lambda: desk.core._engine.kept == [])
        await desk.until_runs(job)
        assert await desk.kept() == [], "the job has it"
        assert (desk.sides, len(desk.engines)) == ([], 2)
        desk.events.clear()
        await desk.core.load_model(desk.a)
        assert ModelState.LOADING not in [event.state for event in desk.of(ModelStateChanged)]
        assert await desk.kept() == ["b"]
        desk.go_on.touch()
        view = await desk.core.wait_for_job(job)
        assert (view.state, view.items_failed) == (JobState.DONE, 0)
        assert desk.sides == []

    run(tmp_path, story)


def test_when_its_job_is_done_a_model_that_was_kept_is_kept_again(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        job = await desk.add_job(f"[[until {desk.go_on}]]")
        await desk.until_runs(job)
        await desk.core.load_model(desk.b)
        desk.go_on.touch()
        assert (await desk.core.wait_for_job(job)).state is JobState.DONE
        await desk.until(lambda: desk.core._engine.kept == [desk.a])
        assert desk.sides == []

    run(tmp_path, story)


# where memory is short


class NoJobs:
    models_beside: tuple[Path, ...] = ()

    def leave_model(self) -> None: ...

    async def model_changes(self) -> None: ...

    def model_is_settled(self) -> None: ...


class Quiet:
    """An observer that listens to nothing."""

    def model_state_changed(self, *_: object) -> None: ...
    def engine_crashed(self, *_: object) -> None: ...
    def engine_reported(self, *_: object) -> None: ...
    def chats_active(self, *_: object) -> None: ...


def test_what_does_not_fit_beside_is_loaded_in_place_and_what_is_kept_goes_first(tmp_path: Path) -> None:
    async def story() -> None:
        free = [8 * GB]
        models = [tmp_path / f"{name}.gguf" for name in "abcd"]
        for path in models:
            path.write_bytes(gguf(GOOD_VALUES, GOOD_TENSORS))
        a, b, c, d = models
        engines = KeptEngines(fake_engine(), fake_engine)
        fits = ModelFits(free_bytes=lambda: free[0])
        service = ModelService(
            profile_paths(tmp_path / "profile"),
            engines,
            lambda event: None,
            NoJobs,
            fits=fits,  # type: ignore[arg-type]
        )
        await engines.start(Quiet())  # type: ignore[arg-type]
        await service.load(a)
        await service.load(b)
        assert engines.kept == [a]
        need, weights = fits.plan(c).fit.need, fits.plan(c).fit.need.weights
        free[0] = max(need.total + weights, 2 * need.kv)  # room for the one in use and this one
        await service.load(c)
        assert engines.kept == [b], "the one that was in use longest ago went"
        free[0] -= weights
        await service.load(d)
        assert (service.path, engines.kept) == (d, [])
        free[0] = 8 * GB
        await service.load(a)
        assert engines.kept == [d]
        assert not service.is_tight()
        free[0] = weights
        assert service.is_tight(), "other programs took what the weights of both need"
        await engines.close()

    asyncio.run(asyncio.wait_for(story(), 30))
