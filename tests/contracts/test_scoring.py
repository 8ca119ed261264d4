"""How likely given texts are to follow a prompt: over the fake engine and the real model."""

from __future__ import annotations

import asyncio
import math

import msgspec

from app.engine.client import EngineClient
from app.engine.messages import RequestFailed, RequestFinished
from app.errors import ErrorKind
from tests.contracts.test_engine_contract import (  # noqa: F401
    Observer,
    answer,
    bulk,
    chat,
    engine_and_model,
    run_with,
)


def test_what_the_model_would_say_is_likelier_than_what_it_would_not(engine_and_model) -> None:  # noqa: F811
    async def story(engine: EngineClient, observer: Observer) -> None:
        prompt = bulk("Name three colours.", max_tokens=8)
        said, _ = await answer(engine, "said", prompt)
        texts = (said, "Seventeen zebras xylophone", said.split(" ")[0])
        text, last = await answer(engine, "score", msgspec.structs.replace(prompt, score=texts))
        assert text == ""
        assert isinstance(last, RequestFinished)
        likely, unlikely, beginning = last.scores
        assert unlikely < likely <= beginning <= 0.0
        assert last.usage.output_tokens == 0

    asyncio.run(run_with(engine_and_model, story))


def test_many_are_scored_side_by_side_while_a_chat_goes_on(engine_and_model) -> None:  # noqa: F811
    async def story(engine: EngineClient, observer: Observer) -> None:
        labels = (" cheerful", " sad", " angry")

        def note(n: int):
            return msgspec.structs.replace(bulk(f"Note {n}: I am number {n * n}. My mood is"), score=labels)

        alone = [(await answer(engine, f"alone {n}", note(n)))[1].scores for n in range(4)]
        tasks = [asyncio.create_task(answer(engine, f"note {n}", note(n))) for n in range(12)]
        await answer(engine, "chat", chat("Say hello."))
        results = [last for _, last in await asyncio.gather(*tasks)]
        assert all(isinstance(last, RequestFinished) and len(last.scores) == 3 for last in results)
        for one, last in zip(alone, results, strict=False):
            # batched sums differ in their last bits
            assert all(math.isclose(a, b, abs_tol=0.05) for a, b in zip(one, last.scores, strict=True))

    asyncio.run(run_with(engine_and_model, story))


def test_a_text_that_is_too_long_to_be_scored_is_refused(engine_and_model) -> None:  # noqa: F811
    async def story(engine: EngineClient, observer: Observer) -> None:
        request = msgspec.structs.replace(bulk("Hello."), score=("word and another " * 3000,))
        _, last = await answer(engine, "a", request)
        assert isinstance(last, RequestFailed)
        assert last.kind is ErrorKind.PROMPT_TOO_LONG

    asyncio.run(run_with(engine_and_model, story))
