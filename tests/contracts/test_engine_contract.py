"""What every Engine promises: the fake on a thread, the engine process with the fake backend, and with a real GGUF."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from app.engine.client import EngineClient
from app.engine.fake import fake_engine
from app.engine.interface import Engine, ModelState
from app.engine.local import local_engine
from app.engine.messages import (
    EngineReported,
    FinishReason,
    GenerateRequest,
    Preset,
    Priority,
    PromptRead,
    RequestFailed,
    RequestFinished,
    Sampling,
    TextProduced,
    Turn,
)
from app.engine.process.fake_llama import reply_to
from app.errors import ErrorKind, KnownError

GREEDY = Sampling(temperature=0.0)


class Observer:
    def __init__(self) -> None:
        self.states: list[ModelState] = []
        self.reports: list[EngineReported] = []
        self.crashes: list[frozenset[str]] = []
        self.chats: list[bool] = []
        self.is_idle = asyncio.Event()
        self.changed = asyncio.Event()

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None:
        self.states.append(state)
        self.changed.set()

    def engine_crashed(self, running: frozenset[str], description: str) -> None:
        self.crashes.append(running)

    def chats_active(self, are_active: bool) -> None:
        self.chats.append(are_active)
        self.changed.set()

    def engine_reported(self, report: EngineReported) -> None:
        self.reports.append(report)
        self.changed.set()
        if not (report.interactive_running or report.bulk_running):
            self.is_idle.set()

    async def until(self, wanted: Callable[[], bool]) -> None:
        while not wanted():
            self.changed.clear()
            await self.changed.wait()


def chat(text: str, *, max_tokens: int = 24, key: str = "", **more: object) -> GenerateRequest:
    return GenerateRequest(
        turns=(Turn("user", text),),
        priority=Priority.INTERACTIVE,
        max_tokens=max_tokens,
        sampling=GREEDY,
        cache_key=key,
        **more,  # type: ignore[arg-type]
    )


def bulk(text: str, *, max_tokens: int = 24) -> GenerateRequest:
    return GenerateRequest(turns=(Turn("user", text),), priority=Priority.BULK, max_tokens=max_tokens, sampling=GREEDY)


async def answer(engine: Engine, id: str, request: GenerateRequest) -> tuple[str, RequestFinished | RequestFailed]:
    text, last = "", None
    async for event in engine.generate(id, request):
        assert last is None, "something came after the last word"
        if isinstance(event, TextProduced):
            text += event.text
        elif isinstance(event, RequestFinished | RequestFailed):
            last = event
    assert last is not None, "no last word"
    return text, last


@pytest.fixture(params=["fake thread", "fake process", "real model"])
def engine_and_model(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Callable[[], EngineClient], Path]:
    if request.param == "fake thread":
        return fake_engine, tmp_path / "none.gguf"
    if request.param == "fake process":
        return lambda: local_engine(tmp_path, backend="fake"), tmp_path / "none.gguf"
    return lambda: local_engine(tmp_path), request.getfixturevalue("starter_model")


async def run_with(
    engine_and_model: tuple[Callable[[], EngineClient], Path],
    story: Callable[[EngineClient, Observer], AsyncIterator[None]] | Callable,
) -> None:
    new_engine, model = engine_and_model
    engine, observer = new_engine(), Observer()
    await engine.start(observer)
    try:
        await engine.load(model)
        await asyncio.wait_for(story(engine, observer), 120)
    finally:
        await engine.close()


def test_a_request_streams_text_and_ends_with_one_last_word(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        text, last = await answer(engine, "a", chat("Name three colours."))
        assert isinstance(last, RequestFinished)
        assert text.strip()
        assert last.usage.output_tokens <= 24
        assert last.usage.prompt_tokens > 3
        assert 0 < last.timings.ttft_seconds <= last.timings.total_seconds
        assert observer.states[-1] is ModelState.READY

    asyncio.run(run_with(engine_and_model, story))


def test_the_same_prompt_again_is_read_from_the_cache_and_answered_alike(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        first, _ = await answer(engine, "a", chat("What is a rubato in music?", key="c"))
        again, last = await answer(engine, "b", chat("What is a rubato in music?", key="c"))
        assert isinstance(last, RequestFinished)
        assert again == first
        assert last.usage.cached_tokens == last.usage.prompt_tokens - 1

    asyncio.run(run_with(engine_and_model, story))


def test_a_reply_that_was_cut_goes_on_where_it_ended(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        whole, _ = await answer(engine, "a", chat("Tell me about rivers.", max_tokens=30))
        half, last = await answer(engine, "b", chat("Tell me about rivers.", max_tokens=12))
        assert isinstance(last, RequestFinished)
        assert last.reason is FinishReason.LENGTH
        rest, _ = await answer(engine, "c", chat("Tell me about rivers.", max_tokens=18, begun_reply=half))
        assert half + rest == whole

    asyncio.run(run_with(engine_and_model, story))


def test_cancel_is_a_last_word_too(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        last = None
        endless = chat("Count to a thousand. [[stall]]", max_tokens=4000, ignore_eos=True)
        async for event in engine.generate("a", endless):
            if isinstance(event, TextProduced):
                engine.cancel("a")
            last = event
        assert isinstance(last, RequestFinished)
        assert last.reason is FinishReason.CANCELLED
        text, _ = await answer(engine, "b", chat("Still there?"))
        assert text.strip()

    asyncio.run(run_with(engine_and_model, story))


def test_leaving_the_stream_cancels_the_request(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        stream = engine.generate("a", chat("Count. [[stall]]", max_tokens=4000, ignore_eos=True))
        async for event in stream:
            if isinstance(event, TextProduced):
                break
        observer.is_idle.clear()
        await stream.aclose()
        await asyncio.wait_for(observer.is_idle.wait(), 30)

    asyncio.run(run_with(engine_and_model, story))


def test_a_prompt_that_can_never_fit_is_refused_with_the_figures(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        _, last = await answer(engine, "a", chat("word and another " * 9000))
        assert isinstance(last, RequestFailed)
        assert last.kind is ErrorKind.PROMPT_TOO_LONG
        assert "8,192" in last.sentence

    asyncio.run(run_with(engine_and_model, story))


def test_bulk_and_chat_at_once_all_get_their_own_answer(engine_and_model) -> None:
    """Every interleaving of steps, parks and torn steps gives the text that the request gets when it is alone."""

    async def story(engine: EngineClient, observer: Observer) -> None:
        prompts = [f"Write one sentence about the number {n}." for n in range(12)]
        alone = [(await answer(engine, f"alone-{n}", bulk(text)))[0] for n, text in enumerate(prompts[:3])]
        tasks = [asyncio.create_task(answer(engine, f"bulk-{n}", bulk(text))) for n, text in enumerate(prompts)]
        for preset in Preset:
            engine.set_preset(preset)
            text, last = await answer(engine, f"chat-{preset.value}", chat(f"Say hello in {preset.value} words."))
            assert text.strip()
            assert isinstance(last, RequestFinished)
        results = await asyncio.gather(*tasks)
        assert all(isinstance(last, RequestFinished) for _, last in results)
        assert len({text for text, _ in results}) > 6
        if engine.capabilities is not None and engine.capabilities.model_name == "Fake":
            assert [text for text, _ in results[:3]] == alone  # a batched float sum may differ in its last bits

    asyncio.run(run_with(engine_and_model, story))


def test_a_reply_that_repeats_is_guessed_and_is_the_same_as_without(engine_and_model) -> None:
    line = "The ferry left late, and the rain kept on until the evening. "
    request = chat(f"Repeat: {line * 6}[[say {line * 12}]]", max_tokens=100, begun_reply=line * 2)

    async def story(engine: EngineClient, observer: Observer) -> None:
        plain, without = await answer(engine, "a", msgspec.structs.replace(request, may_guess=False))
        guessed, last = await answer(engine, "b", request)
        assert isinstance(without, RequestFinished)
        assert isinstance(last, RequestFinished)
        assert guessed == plain
        assert without.usage.guess_steps == 0
        assert 0 < last.usage.guess_steps < last.usage.output_tokens / 2
        assert last.usage.output_tokens == without.usage.output_tokens

    asyncio.run(run_with(engine_and_model, story))


def test_in_balanced_bulk_goes_on_between_the_chats_steps_and_says_what_it_says_alone(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        prompt = "Write about the sea. [[words 30]]"
        alone, _ = await answer(engine, "alone", bulk(prompt, max_tokens=40))
        engine.set_preset(Preset.BALANCED)
        task = asyncio.create_task(answer(engine, "bulk", bulk(prompt, max_tokens=40)))
        await answer(engine, "chat", chat("Tell a long story. [[words 100]]", max_tokens=120))
        text, last = await task
        assert isinstance(last, RequestFinished)
        is_fake = engine.capabilities is not None and engine.capabilities.model_name == "Fake"
        n_same = None if is_fake else 20  # a batched float sum may differ in its last bits, and a near tie fall so
        assert text[:n_same] == alone[:n_same]

    asyncio.run(run_with(engine_and_model, story))


def test_bulk_that_is_held_stands_still_and_goes_on_where_it_was(engine_and_model, tmp_path: Path) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        is_fake = engine.capabilities is not None and engine.capabilities.model_name == "Fake"
        go_on = tmp_path / "go on"  # still under way when the hold arrives, and a real model is with so many tokens
        text = f"Tell me of rivers. [[until {go_on}]] [[words 30]]"
        prompt = msgspec.structs.replace(bulk(text, max_tokens=300), ignore_eos=not is_fake)
        said = ""
        async for event in engine.generate("b", prompt):
            if isinstance(event, TextProduced):
                if not said:
                    observer.reports.clear()
                    engine.hold(True)
                    await observer.until(lambda: any(report.bulk_is_parked for report in observer.reports))
                    parked = [report for report in observer.reports if report.bulk_is_parked]
                    await answer(engine, "c", chat("Hello."))
                    observer.reports.clear()
                    engine.hold(True)  # which has it tell how things are
                    await observer.until(lambda: any(report.bulk_is_parked for report in observer.reports))
                    assert observer.reports[-1].bulk_tokens == parked[0].bulk_tokens
                    assert observer.reports[-1].bulk_tokens_per_second == 0
                    go_on.touch()
                    engine.hold(False)
                said += event.text
        assert said == reply_to(text) if is_fake else len(said) > 40

    asyncio.run(run_with(engine_and_model, story))


def test_what_is_held_is_held_after_a_crash_too(tmp_path: Path) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        engine.hold(True)
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        await observer.until(lambda: bool(observer.crashes) and engine.model_state is ModelState.READY)
        waiting = asyncio.create_task(answer(engine, "b", bulk("Bulk.")))
        await answer(engine, "c", chat("Hello."))
        observer.reports.clear()
        engine.hold(True)
        await observer.until(lambda: any(report.bulk_waiting for report in observer.reports))
        assert not waiting.done()
        engine.hold(False)
        assert isinstance((await waiting)[1], RequestFinished)

    asyncio.run(run_with((lambda: local_engine(tmp_path, backend="fake"), tmp_path / "none.gguf"), story))


def test_it_is_told_when_the_first_chat_begins_and_when_the_last_one_is_over(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        await answer(engine, "b", bulk("Bulk."))
        assert observer.chats == []
        first, second = (asyncio.create_task(answer(engine, id, chat("Hello."))) for id in "cd")
        await asyncio.gather(first, second)
        assert observer.chats == [True, False]
        await anext(aiter(events := engine.generate("e", chat("Hello."))))
        assert observer.chats[2:] == [True]
        await events.aclose()
        assert observer.chats[2:] == [True, False]

    asyncio.run(run_with(engine_and_model, story))


def test_tokens_are_counted(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        one, empty, long = await engine.count_tokens(["hello", "", "hello there " * 20_000])
        assert 0 < one <= 5
        assert empty == 0
        assert long > 20_000

    asyncio.run(run_with(engine_and_model, story))


def test_reading_a_long_prompt_tells_how_far_it_is(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        seen: list[PromptRead] = []
        async for event in engine.generate("a", chat("one two three " * 400, max_tokens=2)):
            if isinstance(event, PromptRead):
                seen.append(event)
        assert seen
        assert all(0 < event.n_read < event.n_total for event in seen)
        assert [event.n_read for event in seen] == sorted(event.n_read for event in seen)

    asyncio.run(run_with(engine_and_model, story))


def test_without_a_model_a_request_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        engine = fake_engine()
        await engine.start(Observer())
        _, last = await answer(engine, "a", chat("Hello."))
        assert isinstance(last, RequestFailed)
        assert last.kind is ErrorKind.NO_MODEL
        await engine.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "not a GGUF"), (b"PK\x03\x04 something else", "not a GGUF"), (None, "can't be opened")],
)
def test_a_file_that_is_no_model_gets_a_sentence(tmp_path: Path, content: bytes | None, words: str) -> None:
    async def story() -> None:
        file = tmp_path / "model.gguf"
        if content is not None:
            file.write_bytes(content)
        engine, observer = local_engine(tmp_path), Observer()
        await engine.start(observer)
        with pytest.raises(KnownError) as error:
            await engine.load(file)
        assert words in error.value.sentence
        assert observer.states[-1] is ModelState.FAILED
        await engine.close()

    asyncio.run(story())


def test_a_truncated_model_gets_a_sentence_and_the_one_before_can_be_loaded_again(
    tmp_path: Path, starter_model: Path
) -> None:
    async def story() -> None:
        file = tmp_path / "cut.gguf"
        with starter_model.open("rb") as whole:
            file.write_bytes(whole.read(3_000_000))
        engine = local_engine(tmp_path)
        await engine.start(Observer())
        await engine.load(starter_model)
        with pytest.raises(KnownError) as error:
            await engine.load(file)
        assert error.value.kind is ErrorKind.MODEL_UNREADABLE
        assert "cut short" in error.value.sentence
        await engine.load(starter_model)
        text, _ = await answer(engine, "a", chat("Hello."))
        assert text.strip()
        await engine.close()

    asyncio.run(story())


def test_what_a_model_thinks_is_told_apart_and_its_tags_are_not_shown(tmp_path: Path) -> None:
    async def story() -> None:
        engine = fake_engine()
        await engine.start(Observer())
        await engine.load(tmp_path / "none.gguf")
        parts = {True: "", False: ""}
        async for event in engine.generate("a", chat("[[say <think>\nHm, é.\n</think>\n\nYes.]]", max_tokens=99)):
            if isinstance(event, TextProduced):
                parts[event.is_thinking] += event.text
        assert parts == {True: "Hm, é.", False: "Yes."}
        await engine.close()

    asyncio.run(story())


def test_a_model_that_sleeps_is_loaded_again_by_what_needs_it(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        first, _ = await answer(engine, "a", chat("Say where you are.", key="c"))
        for again in ("request", "count", "key"):
            engine.sleep()
            assert engine.model_state is ModelState.ASLEEP
            if again == "request":
                text, _ = await answer(engine, "b", chat("Say where you are.", key="c"))
                assert text == first
            elif again == "count":
                assert await engine.count_tokens(["Hello"])
            else:
                engine.read_ahead(chat("Hel"))
                await observer.until(lambda: engine.model_state is ModelState.READY)
            assert engine.model_state is ModelState.READY
        assert observer.states.count(ModelState.ASLEEP) == 3

    asyncio.run(run_with(engine_and_model, story))


def test_a_model_that_is_in_use_does_not_sleep(engine_and_model) -> None:
    async def story(engine: EngineClient, observer: Observer) -> None:
        asked = asyncio.create_task(answer(engine, "a", chat("Count to a hundred.", max_tokens=40)))
        await observer.until(lambda: bool(observer.chats))
        assert engine.idle_seconds == 0.0
        engine.sleep()
        assert engine.model_state is ModelState.READY
        _, last = await asked
        assert isinstance(last, RequestFinished)
        assert engine.idle_seconds >= 0.0

    asyncio.run(run_with(engine_and_model, story))
