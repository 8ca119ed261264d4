"""A model that nobody uses gives its memory back; one that does not fit is not loaded. Over Core and a fake engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.core.core import Core
from app.core.events import Event, ModelStateChanged, ReplyGrew
from app.core.kept_engines import KeptEngines
from app.core.kinds.summarize import SummarizeParams
from app.core.model_fit import ModelFits
from app.core.models import ModelService
from app.engine.fake import fake_engine
from app.engine.interface import ModelState
from app.errors import ErrorKind, KnownError
from app.paths import profile_paths
from app.settings import Settings
from tests.model.sized_models import full_attention


class Heard:
    def __init__(self) -> None:
        self.states: list[ModelState] = []
        self.has_grown = False
        self._changed = asyncio.Event()

    def __call__(self, event: Event) -> None:
        if isinstance(event, ModelStateChanged):
            self.states.append(event.state)
        self.has_grown = self.has_grown or isinstance(event, ReplyGrew)
        self._changed.set()

    async def until(self, state: ModelState) -> None:
        await self._until(lambda: self.states[-1:] == [state])

    async def until_a_reply_grows(self) -> None:
        await self._until(lambda: self.has_grown)

    async def _until(self, is_so: Callable[[], bool]) -> None:
        async def wait() -> None:
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), 20)


@asynccontextmanager
async def core_of(folder: Path, settings: Settings) -> AsyncIterator[tuple[Core, Heard]]:
    heard = Heard()
    core = Core(profile_paths(folder), fake_engine(), heard, settings=settings, model=Path("fake.gguf"))
    await core.start()
    try:
        yield core, heard
    finally:
        await core.close()


def test_after_its_minutes_a_model_sleeps_and_a_key_wakes_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with core_of(tmp_path, Settings(unload_after_minutes=0.001)) as (core, heard):
            await heard.until(ModelState.ASLEEP)
            core.change_settings(unload_after_minutes=0.0)
            core.read_ahead("new", "H")
            await heard.until(ModelState.READY)
            chat_id = await core.send(None, "[[say Awake.]]")
            await core.wait_for_reply(chat_id)
            assert core.open_chat(chat_id).messages[-1].text == "Awake."

    asyncio.run(story())


def test_a_job_wakes_the_model_that_it_needs(tmp_path: Path) -> None:
    async def story() -> None:
        async with core_of(tmp_path, Settings(unload_after_minutes=0.001)) as (core, heard):
            await heard.until(ModelState.ASLEEP)
            file = tmp_path / "note.txt"
            file.write_text("A note about the sea.")
            job_id = await core.add_job("summarize", SummarizeParams(), [file])
            assert (await asyncio.wait_for(core.wait_for_job(job_id), 20)).state.value == "done"

    asyncio.run(story())


class NoJobs:
    models_beside = ()

    def leave_model(self) -> None: ...

    async def model_changes(self) -> None: ...

    def model_is_settled(self) -> None: ...


def service(folder: Path, free_bytes: int) -> ModelService:
    fits = ModelFits(free_bytes=lambda: free_bytes)
    engine = KeptEngines(fake_engine())
    return ModelService(profile_paths(folder), engine, lambda event: None, NoJobs, fits=fits)


def test_a_model_that_does_not_fit_is_refused_with_its_figures_unless_it_is_wanted_anyway(tmp_path: Path) -> None:
    async def story() -> None:
        model = full_attention(tmp_path / "sized.gguf")
        models = service(tmp_path, 1_000_000)
        await models._engine.start(Heard())  # type: ignore[arg-type]
        with pytest.raises(KnownError) as error:
            await models.load(model)
        assert error.value.kind is ErrorKind.OUT_OF_MEMORY
        assert error.value.sentence.startswith("sized was not loaded. Does not fit: it takes ")
        assert models._engine.model_state is ModelState.ABSENT
        await models._engine.close()

    asyncio.run(story())


def test_a_model_is_unloaded_when_asked_but_not_from_under_a_reply(tmp_path: Path) -> None:
    async def story() -> None:
        async with core_of(tmp_path, Settings()) as (core, heard):
            goes_on = tmp_path / "goes on"
            chat_id = await core.send(None, f"[[until {goes_on}]] [[words 20]]")
            await heard.until_a_reply_grows()
            with pytest.raises(KnownError, match="at work"):
                await core.unload()
            goes_on.touch()
            await core.wait_for_reply(chat_id)
            await core.unload()
            await heard.until(ModelState.ASLEEP)
            await core.unload()  # it is
            core.read_ahead("new", "H")
            await heard.until(ModelState.READY)

    asyncio.run(story())
