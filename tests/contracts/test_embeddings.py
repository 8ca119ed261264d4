"""Vectors of texts: over the fake engine, the engine process with the fake backend, and a real decoder that pools."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

import gguf
import pytest

from app.engine.client import EngineClient
from app.engine.fake import fake_engine
from app.engine.local import local_engine
from app.engine.messages import Preset, Priority, RequestFailed, RequestFinished
from app.errors import ErrorKind, KnownError
from tests.contracts.test_engine_contract import Observer, answer, bulk, chat, run_with
from tests.model.tiny_models import encoder, full_attention

CHAT = Priority.INTERACTIVE
NAMES = ["fake thread", "fake process", "real model"]


@pytest.fixture(params=NAMES)
def engine_and_model(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Callable[[], EngineClient], Path]:
    if request.param == "fake thread":
        return fake_engine, tmp_path / "none.gguf"
    if request.param == "fake process":
        return lambda: local_engine(tmp_path, backend="fake"), tmp_path / "none.gguf"
    return lambda: local_engine(tmp_path), full_attention(tmp_path / "tiny.gguf", pooling=gguf.PoolingType.MEAN)


def product(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def test_each_text_gets_its_own_vector_whatever_stands_beside_it(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        assert engine.capabilities is not None
        texts = [f"Note {n}: {'the rain kept on ' * (n % 7)}{n * n}." for n in range(150)]
        vectors = await engine.embed(texts)
        assert len(vectors) == len(texts)
        assert {len(vector) for vector in vectors} == {engine.capabilities.embedding_size}
        assert all(math.isclose(product(vector, vector), 1.0, abs_tol=1e-5) for vector in vectors)
        for n in (0, 77, 149):
            (alone,) = await engine.embed([texts[n]], CHAT)
            assert product(alone, vectors[n]) > 0.9999
        assert await engine.embed([]) == []

    asyncio.run(run_with(engine_and_model, story))


def test_chats_and_bulk_go_on_beside_embeddings_in_every_preset(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        texts = [f"{n}. The ferry left late, and the rain kept on until the evening." for n in range(40)]
        for preset in Preset:
            engine.set_preset(preset)
            embedding = asyncio.create_task(engine.embed(texts))
            writing = asyncio.create_task(answer(engine, f"bulk {preset}", bulk("Write about the sea.", max_tokens=12)))
            talking = asyncio.create_task(answer(engine, f"chat {preset}", chat("Tell a story.", max_tokens=12)))
            (asked,) = await engine.embed(["Where is the ferry?"], CHAT)
            for _, last in await asyncio.gather(writing, talking):
                assert isinstance(last, RequestFinished)
            assert len(await embedding) == len(texts)
            assert product(asked, (await engine.embed(["Where is the ferry?"]))[0]) > 0.9999

    asyncio.run(run_with(engine_and_model, story))


def test_what_can_not_be_embedded_is_refused_with_a_sentence(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        assert engine.capabilities is not None
        most = engine.capabilities.embedding_tokens
        with pytest.raises(KnownError) as too_long:
            await engine.embed(["Fine.", "x" * (most + 5)])
        assert too_long.value.kind is ErrorKind.PROMPT_TOO_LONG
        assert f"{most:,}" in too_long.value.sentence
        with pytest.raises(KnownError) as empty:
            await engine.embed(["Fine.", " \n"])
        assert empty.value.kind is ErrorKind.BAD_REQUEST
        assert len(await engine.embed(["Fine."])) == 1

    asyncio.run(run_with(engine_and_model, story))


def test_who_no_longer_waits_has_its_texts_dropped(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        observer.is_idle.clear()
        task = asyncio.create_task(engine.embed(["The rain kept on until the evening. " * 10] * 64))
        await engine.count_tokens(["the engine has got it by now"])
        task.cancel()
        assert len(await engine.embed(["Still there?"], CHAT)) == 1
        await asyncio.wait_for(observer.is_idle.wait(), 30)

    asyncio.run(run_with(engine_and_model, story))


def test_texts_that_share_words_are_near_in_the_fake(tmp_path: Path) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        asked, near, far = await engine.embed(
            ["When did the ferry leave?", "The ferry did leave late.", "Potatoes need salt and much butter."]
        )
        assert product(asked, near) > product(asked, far) + 0.2

    asyncio.run(run_with((fake_engine, tmp_path / "none.gguf"), story))


def test_a_model_without_embeddings_says_so(tmp_path: Path) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        assert engine.capabilities is not None
        assert engine.capabilities.embedding_size == 0
        with pytest.raises(KnownError) as error:
            await engine.embed(["Hello."])
        assert error.value.kind is ErrorKind.BAD_REQUEST
        assert "no embeddings" in error.value.sentence

    asyncio.run(run_with((lambda: local_engine(tmp_path), full_attention(tmp_path / "tiny.gguf")), story))


def test_a_model_that_only_embeds_says_so_when_it_is_asked_to_write(tmp_path: Path) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        assert engine.capabilities is not None
        assert not engine.capabilities.can_write
        engine.read_ahead(chat("Hello", key="c"))
        for priority, request in enumerate((chat("Hello."), bulk("Hello."))):
            _, last = await answer(engine, f"{priority}", request)
            assert isinstance(last, RequestFailed)
            assert last.kind is ErrorKind.NO_MODEL
            assert "Choose a model that writes" in last.sentence
        assert len(await engine.embed(["Hello."])) == 1

    asyncio.run(run_with((lambda: local_engine(tmp_path), encoder(tmp_path / "tiny.gguf")), story))


def test_without_a_model_and_after_a_crash_the_reason_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        engine = local_engine(tmp_path, backend="fake", options=("--seconds-per-token", "0.001"))
        engine.has_no_model(KnownError(ErrorKind.NO_MODEL, "There is none."))
        with pytest.raises(KnownError, match="There is none"):
            await engine.embed(["Hello."])
        await engine.start(Observer())
        await engine.load(tmp_path / "none.gguf")
        task = asyncio.create_task(engine.embed(["A long text. " * 100] * 64))
        crash = answer(engine, "crash", chat("[[crash]]"))
        _, last = await crash
        assert isinstance(last, RequestFailed)
        with pytest.raises(KnownError) as error:
            await task
        assert error.value.kind is ErrorKind.ENGINE_CRASHED
        assert len(await engine.embed(["Hello."])) == 1
        await engine.close()

    asyncio.run(story())
