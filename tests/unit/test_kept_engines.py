"""Several engines as one: to switch back loads nothing, and what was asked before a switch is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.core.kept_engines import MOST_KEPT, KeptEngines
from app.engine.client import EngineClient
from app.engine.fake import fake_engine
from app.engine.interface import AS_USUAL, LoadSettings, ModelState
from app.engine.local import local_engine
from app.engine.messages import (
    EngineReported,
    Event,
    GenerateRequest,
    Priority,
    RequestEvent,
    RequestFailed,
    RequestFinished,
    Turn,
)
from app.errors import KnownError


class Heard:
    """What the observer of them all is told; `until` waits for it."""

    def __init__(self) -> None:
        self.states: list[ModelState] = []
        self.chats: list[bool] = []
        self.crashes = 0
        self.moved = asyncio.Event()

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None:
        self.states.append(state)
        self.moved.set()

    def engine_crashed(self, running: frozenset[str], description: str) -> None:
        self.crashes += 1

    def engine_reported(self, report: EngineReported) -> None: ...

    def chats_active(self, are_active: bool) -> None:
        self.chats.append(are_active)
        self.moved.set()

    async def until(self, wanted: Callable[[], bool]) -> None:
        while not wanted():
            self.moved.clear()
            await self.moved.wait()


class Deaf:
    """A Connection to an engine that never answers."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    def send(self, *messages: object) -> None: ...

    async def wait(self) -> int:
        await self._over.wait()
        return 0

    def kill(self) -> None:
        self._over.set()

    async def close(self) -> int:
        self._over.set()
        return 0


def deaf_engine() -> EngineClient:
    async def connect(hear: Callable[[Event], None]) -> Deaf:
        return Deaf()

    return EngineClient(connect)


class Engines:
    """`made`: every engine there ever was, the first one too."""

    def __init__(self, folder: Path, backend: str) -> None:
        self.heard = Heard()
        self.made: list[EngineClient] = []
        self.new = (lambda: local_engine(folder, backend="fake")) if backend else fake_engine
        self.all = KeptEngines(self._make(), self._make, changed=self.heard.moved.set)

    def _make(self) -> EngineClient:
        self.made.append(self.new())
        return self.made[-1]

    async def load(self, path: Path, wanted: LoadSettings = AS_USUAL) -> None:
        await self.all.load_beside(path, wanted, wanted)


@asynccontextmanager
async def engines(folder: Path, first: Path | None = None, backend: str = "") -> AsyncIterator[Engines]:
    made = Engines(folder, backend)
    await made.all.start(made.heard)
    if first is not None:
        await made.all.load(first)
    try:
        yield made
    finally:
        await made.all.close()


def run(story: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 60))


def request(text: str, key: str = "") -> GenerateRequest:
    return GenerateRequest(turns=(Turn("user", text),), priority=Priority.INTERACTIVE, max_tokens=4000, cache_key=key)


async def ask(made: Engines, id: str, text: str, key: str = "") -> RequestEvent:
    async for event in made.all.generate(id, request(text, key)):
        last = event
    return last


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.gguf" for name in "abcde"]
    for path in paths:
        path.touch()
    return paths


def test_the_model_before_is_kept_and_to_switch_back_loads_nothing(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        a, b, *_ = models
        async with engines(tmp_path, a) as made:
            await made.load(b)
            assert made.all.kept == [a]
            made.heard.states.clear()
            assert made.all.use(a, AS_USUAL)
            assert made.heard.states == [ModelState.READY]
            assert (made.all.kept, len(made.made)) == ([b], 2)
            assert isinstance(await ask(made, "1", "Hello."), RequestFinished)

    run(story())


def test_a_reply_goes_on_while_another_model_is_chosen_and_chats_count_together(
    tmp_path: Path, models: list[Path]
) -> None:
    async def story() -> None:
        a, b, *_ = models
        async with engines(tmp_path, a) as made:
            go_on = tmp_path / "go on"
            events = made.all.generate("1", request(f"[[until {go_on}]]"))
            await anext(aiter(events))
            await made.load(b)
            assert made.heard.chats == [True]
            go_on.touch()
            last = None
            async for event in events:
                last = event
            assert isinstance(last, RequestFinished)
            assert made.heard.chats == [True, False]
            assert made.all.kept == [a]

    run(story())


def test_a_model_that_can_not_be_loaded_leads_back_to_the_one_before(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        large = tmp_path / "too-large.gguf"
        async with engines(tmp_path, models[0], "fake") as made:
            with pytest.raises(KnownError):
                await made.load(large)
            assert made.all.model_state is ModelState.FAILED
            assert made.all.use(models[0], AS_USUAL)
            assert made.all.model_state is ModelState.READY
            assert made.all.kept == []

    run(story())


def test_one_that_was_loaded_otherwise_or_whose_file_is_another_is_not_used(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        a, b, c, *_ = models
        async with engines(tmp_path, a) as made:
            await made.load(b)
            assert not made.all.use(a, LoadSettings(context_tokens=512))
            assert made.all.kept == []
            await made.load(c)
            b.write_bytes(b"another")
            assert not made.all.use(b, AS_USUAL)
            assert not made.all.use(tmp_path / "never.gguf", AS_USUAL)

    run(story())


def test_not_more_are_kept_than_that(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        async with engines(tmp_path, models[0]) as made:
            for path in models[1:]:
                await made.load(path)
            assert made.all.kept == models[-1 - MOST_KEPT : -1]

    run(story())


def test_a_kept_one_is_unloaded_by_hand_and_after_its_time(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        a, b, c, *_ = models
        async with engines(tmp_path, a) as made:
            await made.load(b)
            await made.all.unload(a)
            assert made.all.kept == []
            assert made.made[0].model_state is ModelState.ABSENT
            await made.load(c)
            made.all.unload_idle(3600)
            assert made.all.kept == [b]
            made.all.unload_idle(0)
            assert made.all.kept == []

    run(story())


def test_a_kept_one_that_crashes_is_gone_without_a_word(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        async with engines(tmp_path, models[0]) as made:
            await made.load(models[1])
            connection = made.made[0]._connection
            assert connection is not None
            connection.kill()
            await made.heard.until(lambda: not made.all.kept)
            assert made.heard.crashes == 0
            assert made.all.model_state is ModelState.READY

    run(story())


def test_a_reply_of_one_that_is_unloaded_gets_its_last_word(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        async with engines(tmp_path, models[0]) as made:
            events = made.all.generate("1", request("[[stall]]"))
            await anext(aiter(events))  # one that has said nothing would be asked again
            await made.load(models[1])
            await made.all.unload(models[0])
            last = [event async for event in events][-1]
            assert isinstance(last, RequestFailed)
            assert "closed before" in last.sentence

    run(story())


def test_who_waits_for_a_model_is_answered_by_the_one_that_was_chosen_instead(
    tmp_path: Path, models: list[Path]
) -> None:
    async def story() -> None:
        a, b, *_ = models
        async with engines(tmp_path, a) as made:
            made.new = deaf_engine
            loading = asyncio.create_task(made.load(b))
            await made.heard.until(lambda: made.all.model_state is ModelState.LOADING)
            asked = asyncio.create_task(ask(made, "1", "Hello."))
            await asyncio.sleep(0)  # so that it waits for that model
            assert made.all.use(a, AS_USUAL)
            assert isinstance(await asked, RequestFinished)
            with pytest.raises(KnownError):
                await loading

    run(story())


def test_a_chat_that_is_deleted_is_forgotten_by_all(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        a, b, *_ = models
        async with engines(tmp_path, a) as made:
            await ask(made, "1", "Hello. [[say yes]]", "chat")
            await made.load(b)
            made.all.forget_chat("chat")
            assert made.all.use(a, AS_USUAL)
            again = await ask(made, "2", "Hello. [[say yes]]", "chat")
            assert isinstance(again, RequestFinished)
            assert again.usage.cached_tokens == 0

    run(story())


def test_what_is_typed_is_read_by_the_model_of_its_chat_alone(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        a, b, c, *_ = models
        async with engines(tmp_path, a) as made:
            await made.load(b)
            made.all.read_ahead_in(a, request("Hello. [[say yes]]", "chat"))
            made.all.read_ahead_in(c, request("Hello. [[say yes]]", "chat"))  # which is not in memory
            elsewhere = await ask(made, "1", "Hello. [[say yes]]", "chat")
            assert made.all.use(a, AS_USUAL)
            for _ in range(5):
                await made.all.count_tokens(["a"])  # answered before a step: what was typed is read in one of them
            here = await ask(made, "2", "Hello. [[say yes]]", "chat")
            assert isinstance(elsewhere, RequestFinished)
            assert isinstance(here, RequestFinished)
            assert elsewhere.usage.cached_tokens == 0
            assert here.usage.cached_tokens > 0

    run(story())


def test_without_a_way_to_make_another_engine_the_one_there_is_loads(tmp_path: Path, models: list[Path]) -> None:
    async def story() -> None:
        heard = Heard()
        alone = KeptEngines(fake_engine())
        await alone.start(heard)
        await alone.load(models[0])
        assert not alone.can_keep
        await alone.load_beside(models[1], AS_USUAL, AS_USUAL)
        assert alone.kept == []
        await alone.close()

    run(story())
