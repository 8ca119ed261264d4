"""Nothing is read twice, and what is read once says the same: turns, switches, restarts, jobs, read-ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from app.engine.client import EngineClient
from app.engine.local import local_engine
from app.engine.messages import (
    FinishReason,
    GenerateRequest,
    Priority,
    RequestFailed,
    RequestFinished,
    Sampling,
    Turn,
    Usage,
)
from tests.contracts.test_engine_contract import Observer, answer

NewEngine = Callable[[], EngineClient]
INSTRUCTION = "You sort short notes by their mood. " + "Read the note with care, then answer with one word. " * 8
STORY = "The ferry left late, and the rain kept on until the evening. " * 12


@pytest.fixture(params=["fake process", "real model"])
def engine_and_model(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[NewEngine, Path]:
    kv = tmp_path / "kv"
    if request.param == "fake process":
        return lambda: local_engine(tmp_path, backend="fake", kv_folder=kv, kv_disk_bytes=10**9), tmp_path / "none.gguf"
    return lambda: local_engine(tmp_path, kv_folder=kv, kv_disk_bytes=10**9), request.getfixturevalue("starter_model")


@asynccontextmanager
async def started(engine_and_model: tuple[NewEngine, Path]) -> AsyncIterator[EngineClient]:
    new_engine, model = engine_and_model
    engine = new_engine()
    await engine.start(Observer())
    try:
        await engine.load(model)
        yield engine
    finally:
        await engine.close()


def chat(key: str, *texts: str, **more: object) -> GenerateRequest:
    """Texts of the user and of the assistant in turn."""
    turns = tuple(Turn("user" if n % 2 == 0 else "assistant", text) for n, text in enumerate(texts))
    request = GenerateRequest(
        turns=turns, priority=Priority.INTERACTIVE, max_tokens=12, sampling=Sampling(temperature=0), cache_key=key
    )
    return msgspec.structs.replace(request, **more)


async def ask(engine: EngineClient, id: str, request: GenerateRequest) -> tuple[str, Usage]:
    text, last = await answer(engine, id, request)
    assert isinstance(last, RequestFinished), last
    return text, last.usage


def test_many_chats_keep_what_was_read(engine_and_model) -> None:
    """More of them than there are slots: those that were displaced come back from RAM."""

    async def story() -> None:
        async with started(engine_and_model) as engine:
            keys = [f"chat {n}" for n in range(5)]
            first = {key: await ask(engine, f"1 {key}", chat(key, f"{key}. {STORY}")) for key in keys}
            for key in keys:
                text, usage = first[key]
                _, again = await ask(engine, f"2 {key}", chat(key, f"{key}. {STORY}", text, "And then?"))
                assert again.cached_tokens >= usage.prompt_tokens - 1

    asyncio.run(story())


def test_after_a_restart_a_chat_goes_on_from_the_disk(engine_and_model) -> None:
    async def story() -> None:
        async with started(engine_and_model) as engine:
            text, usage = await ask(engine, "1", chat("a", STORY))
            second = chat("a", STORY, text, "And then?")
            expected, _ = await ask(engine, "2", second)
        async with started(engine_and_model) as engine:
            again, restored = await ask(engine, "3", second)
            assert restored.cached_tokens >= usage.prompt_tokens
            assert again == expected

    asyncio.run(story())


def test_a_deleted_and_a_temporary_chat_leave_nothing_on_the_disk(engine_and_model, tmp_path: Path) -> None:
    async def story() -> None:
        async with started(engine_and_model) as engine:
            await ask(engine, "1", chat("kept", STORY))
            await ask(engine, "2", chat("temporary", STORY, is_temporary=True))
        assert len(list((tmp_path / "kv").glob("*.kv"))) == 1
        async with started(engine_and_model) as engine:
            engine.forget_chat("kept")
            await engine.count_tokens([""])
        assert list((tmp_path / "kv").iterdir()) == []

    asyncio.run(story())


def test_what_is_only_typed_is_never_written_to_the_disk(engine_and_model, tmp_path: Path) -> None:
    async def story() -> None:
        async with started(engine_and_model) as engine:
            text, _ = await ask(engine, "1", chat("a", STORY))
            (size,) = await engine.count_tokens([STORY])
            typed = chat("a", STORY, text, f"My secret is this. {STORY}")
            engine.read_ahead(typed)
            engine.read_ahead(chat("never sent", f"Another secret. {STORY}"))
            await ask(engine, "past", GenerateRequest(turns=(Turn("user", "x"),), priority=Priority.BULK, max_tokens=1))
        assert len(list((tmp_path / "kv").glob("*.kv"))) == 1, "of the chat that there is"
        async with started(engine_and_model) as engine:
            _, usage = await ask(engine, "2", typed)
            assert size <= usage.cached_tokens < size * 1.5, "the chat is there, and what was typed is not"

    asyncio.run(story())


def test_a_chat_that_is_deleted_while_it_is_read_ahead_leaves_nothing(engine_and_model, tmp_path: Path) -> None:
    async def story() -> None:
        async with started(engine_and_model) as engine:
            text, _ = await ask(engine, "1", chat("a", STORY))
            engine.read_ahead(chat("a", STORY, text, f"{STORY * 8}"))
            engine.forget_chat("a")
            await engine.count_tokens([""])
        assert not (tmp_path / "kv").exists() or list((tmp_path / "kv").iterdir()) == []

    asyncio.run(story())


def test_a_damaged_file_is_dropped_and_the_chat_is_read_again(engine_and_model, tmp_path: Path) -> None:
    async def story() -> None:
        async with started(engine_and_model) as engine:
            expected, _ = await ask(engine, "1", chat("a", STORY))
        (file,) = (tmp_path / "kv").glob("*.kv")
        content = bytearray(file.read_bytes())
        content[-100] ^= 0xFF
        file.write_bytes(content)
        async with started(engine_and_model) as engine:
            text, usage = await ask(engine, "2", chat("a", STORY))
            assert usage.cached_tokens == 0
            assert text == expected

    asyncio.run(story())


def test_requests_with_a_common_beginning_read_it_once(engine_and_model) -> None:
    def note(n: int) -> GenerateRequest:
        turns = (Turn("system", INSTRUCTION), Turn("user", f"Note {n}: the number {n * n} came up again."))
        return GenerateRequest(turns=turns, priority=Priority.BULK, max_tokens=6, sampling=Sampling(temperature=0))

    async def story() -> None:
        async with started(engine_and_model) as engine:
            alone, _ = await ask(engine, "alone", note(3))
        async with started(engine_and_model) as engine:
            results = await asyncio.gather(*(ask(engine, f"note {n}", note(n)) for n in range(12)))
            (beginning,) = await engine.count_tokens([INSTRUCTION])
            read_whole = [usage for _, usage in results if usage.cached_tokens < beginning // 2]
            assert len(read_whole) == 1, "the first one reads it, the others wait for that"
            assert results[3][0] == alone

    asyncio.run(story())


def test_what_was_read_ahead_is_not_read_again(engine_and_model) -> None:
    async def story() -> None:
        async with started(engine_and_model) as engine:
            text, usage = await ask(engine, "1", chat("a", STORY))
            expected, _ = await ask(engine, "2", chat("a", STORY, text, "What did the captain say to the crew?"))
            engine.forget_chat("a")
            engine.read_ahead(chat("a", STORY, text, "What did the captain"))
            # nothing is told of it; a bulk request that is answered shows that the engine is past it
            await ask(engine, "past", GenerateRequest(turns=(Turn("user", "x"),), priority=Priority.BULK, max_tokens=1))
            again, read = await ask(engine, "3", chat("a", STORY, text, "What did the captain say to the crew?"))
            assert read.cached_tokens > usage.prompt_tokens
            assert again == expected

    asyncio.run(story())


def test_a_chat_that_outgrows_the_context_loses_its_oldest_turns_and_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with started((lambda: local_engine(tmp_path, backend="fake"), tmp_path / "none.gguf")) as engine:
            assert engine.capabilities is not None
            (size,) = await engine.count_tokens([STORY])
            n_turns = engine.capabilities.interactive_context // size + 4
            n_turns += 1 - n_turns % 2
            texts = [f"{n}. {STORY}" for n in range(n_turns)]
            system = (Turn("system", "You are kind."),)
            first = chat("a", *texts)
            _, usage = await ask(engine, "1", msgspec.structs.replace(first, turns=(*system, *first.turns)))
            assert usage.dropped_turns >= 4
            assert usage.dropped_turns % 2 == 0
            more = chat("a", *texts, "Yes.", "And then?")
            _, after = await ask(engine, "2", msgspec.structs.replace(more, turns=(*system, *more.turns)))
            assert after.dropped_turns == usage.dropped_turns
            assert after.cached_tokens >= usage.prompt_tokens - 20, "the same cut: what was read stays read"

    asyncio.run(story())


def test_what_is_asked_aside_costs_the_chat_nothing(engine_and_model) -> None:
    """It runs in an idle machine alone, where its chat lies, and the next turn finds all that was read before."""

    async def story() -> None:
        async with started(engine_and_model) as engine:
            first = chat("tea", f"{STORY} What was it about?")
            text, usage = await ask(engine, "1", first)
            question = chat("tea", first.turns[0].content, text, "Name it.", is_aside=True)
            said, aside = await ask(engine, "2", question)
            assert said
            assert aside.cached_tokens >= usage.prompt_tokens - 1
            _, once = await ask(engine, "3", chat("tea", first.turns[0].content, text, "And then?"))
            assert once.cached_tokens >= aside.cached_tokens
            assert once.reread_reason == ""
            _, last = await answer(engine, "4", chat("nobody knows it", STORY, is_aside=True))
            assert isinstance(last, RequestFailed), "it is not read for that"

    asyncio.run(story())


def test_what_is_asked_aside_gives_way_to_everything(engine_and_model) -> None:
    async def story() -> None:
        async with started(engine_and_model) as engine:
            first = chat("tea", f"{STORY} What was it about?")
            text, usage = await ask(engine, "1", first)
            aside = chat("tea", first.turns[0].content, text, "Name it. [[stall]]", is_aside=True)
            aside = msgspec.structs.replace(aside, ignore_eos=True, max_tokens=500)
            asking = engine.generate("aside", aside)
            await anext(asking)
            _, turn = await ask(engine, "2", chat("tea", first.turns[0].content, text, "And then?"))
            assert turn.cached_tokens >= usage.prompt_tokens - 1
            last = [event async for event in asking][-1]
            assert isinstance(last, RequestFinished)
            assert last.reason is FinishReason.CANCELLED
            endless = chat("", f"{STORY} [[stall]]", priority=Priority.BULK, max_tokens=500, ignore_eos=True)
            running = engine.generate("bulk", endless)
            await anext(running)
            _, refused = await answer(engine, "3", msgspec.structs.replace(aside, max_tokens=5))
            assert isinstance(refused, RequestFinished)
            assert refused.reason is FinishReason.CANCELLED, "bulk has the machine"
            await running.aclose()

    asyncio.run(story())
