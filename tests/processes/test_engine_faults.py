"""An engine that is given a bad model while it works, and one that hangs. Real processes, the fake backend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.core.chat_views import MessageState
from app.core.core import Core
from app.core.events import Event, ModelStateChanged, ReplyGrew
from app.engine.client import EngineClient
from app.engine.local import check_model, local_engine
from app.errors import ErrorKind, KnownError
from app.paths import profile_paths
from app.settings import Settings
from tests.unit.gguf_files import GOOD_TENSORS, GOOD_VALUES, gguf, string, u32


class Listener:
    """Hears a Core's events; `until` waits for one that is as wanted."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._heard = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._heard.set()

    async def until(self, kind: type) -> None:
        async def wait() -> None:
            while not any(isinstance(event, kind) for event in self.events):
                self._heard.clear()
                await self._heard.wait()

        await asyncio.wait_for(wait(), 60)


@asynccontextmanager
async def core_with(folder: Path, engine: EngineClient, model: Path, **settings: int) -> AsyncIterator[Core]:
    core = Core(profile_paths(folder), engine, lambda event: None, settings=Settings(**settings), model=model)
    await core.start()
    try:
        yield core
    finally:
        await core.close()


def bad_models(folder: Path, good: Path) -> dict[str, Path]:
    """A file that is cut short, one that is no model, one of a newer version, one of a kind that nobody knows, one that
    is not there, and one that llama.cpp aborts on.
    """
    cut, text, crashing = folder / "cut.gguf", folder / "text.gguf", folder / "crashing.gguf"
    newer, unheard = folder / "newer.gguf", folder / "unheard.gguf"
    newer.write_bytes(gguf(GOOD_VALUES, GOOD_TENSORS, version=4))
    unheard.write_bytes(gguf(GOOD_VALUES | {"general.architecture": string("unheard")}, GOOD_TENSORS))
    absurd = {"llama.expert_count": u32(100_000), "llama.embedding_length": u32(8), "llama.feed_forward_length": u32(8)}
    crashing.write_bytes(gguf(GOOD_VALUES | absurd | {"llama.attention.head_count": u32(2)}, GOOD_TENSORS))
    with good.open("rb") as file:
        cut.write_bytes(file.read(20_000_000))
    text.write_text("Not a model.")
    return {
        "cut short": cut,
        "is not a GGUF": text,
        "newer than this program knows": newer,
        "this version does not know .“unheard”.": unheard,
        "can't be opened": folder / "gone.gguf",
        "llama.cpp crash": crashing,
    }


def test_a_bad_model_that_is_chosen_while_a_reply_is_written_changes_nothing(
    tmp_path: Path, starter_model: Path
) -> None:
    async def story() -> None:
        logs = tmp_path / "logs"
        logs.mkdir()
        engine = EngineClient(local_engine(logs, backend="fake")._connect, lambda path: check_model(path, logs))
        async with core_with(tmp_path, engine, starter_model) as core:
            heard = Listener()
            core.add_sink(heard)
            go_on = tmp_path / "go on"
            chat_id = await core.send(None, f"Write a long story about a ship. [[until {go_on}]]")
            await heard.until(ReplyGrew)
            n_before = len(heard.events)
            for why, model in bad_models(tmp_path, starter_model).items():
                with pytest.raises(KnownError, match=why):
                    await core.load_model(model)
            go_on.touch()
            await core.wait_for_reply(chat_id)
            assert core.open_chat(chat_id).messages[-1].state is MessageState.COMPLETE
            assert not any(isinstance(event, ModelStateChanged) for event in heard.events[n_before:])
            assert core.model_path == starter_model
            assert core.settings.model == ""

    asyncio.run(story())


def test_an_engine_that_does_not_stop_is_ended_and_started_again(tmp_path: Path) -> None:
    async def story() -> None:
        logs = tmp_path / "logs"
        logs.mkdir()
        async with core_with(tmp_path, local_engine(logs, backend="fake"), Path("fake.gguf")) as core:
            heard = Listener()
            core.add_sink(heard)
            chat_id = await core.send(None, "[[hang]]")
            await heard.until(ReplyGrew)
            core.stop(chat_id)
            await asyncio.wait_for(core.wait_for_reply(chat_id), 60)
            assert core.open_chat(chat_id).messages[-1].state is MessageState.INTERRUPTED
            await core.send(chat_id, "[[say Here I am.]]")
            await asyncio.wait_for(core.wait_for_reply(chat_id), 60)
            assert core.open_chat(chat_id).messages[-1].text == "Here I am."

    asyncio.run(story())


def test_a_model_that_fails_after_its_check_brings_back_the_one_before(tmp_path: Path) -> None:
    """As for want of memory: the engine has let the old one go by then."""

    async def story() -> None:
        logs = tmp_path / "logs"
        logs.mkdir()
        async with core_with(tmp_path, local_engine(logs, backend="fake"), Path("fake.gguf")) as core:
            await core.try_engine()
            with pytest.raises(KnownError) as error:
                await core.load_model(Path("too-large.gguf"))
            assert error.value.kind is ErrorKind.OUT_OF_MEMORY
            assert await core.try_engine() > 0
            assert core.model_path == Path("fake.gguf")
            assert core.model_problem == ""

    asyncio.run(story())
