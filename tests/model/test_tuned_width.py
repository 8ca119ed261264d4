"""The engine runs as many sequences at once as were found to be fast on this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from app.engine import tuned
from app.engine.interface import LoadSettings
from app.engine.local import local_engine
from app.engine.messages import GenerateRequest, Priority, RequestFinished, TextProduced, Turn
from app.engine.process.llama import LlamaBackend
from app.engine.process.memory_plan import BULK_SEQUENCES
from app.engine.tuned import DECODE, Choice, FlashAttention, Point, Setting, Tuned
from app.lab.bench import Watcher
from tests.model.tiny_models import full_attention


def width_of(model: Path, tuning: Path | None) -> int:
    backend = LlamaBackend(model, 512, lambda fraction: True, n_threads=1, tuning=tuning)
    try:
        return backend.capabilities.bulk_sequences
    finally:
        backend.close()


def test_the_width_that_was_measured_is_used(tmp_path: Path) -> None:
    model, folder = full_attention(tmp_path / "m.gguf"), tmp_path / "tuning"
    assert width_of(model, None) == width_of(model, folder) == BULK_SEQUENCES
    points = tuple(
        Point(setting=Setting(what=DECODE, threads=1, width=width), step_seconds=1.0, tokens_per_second=rate)
        for width, rate in ((1, 10.0), (8, 20.0), (16, 40.0))
    )
    tuned.save(folder, model, Tuned(model="m", points=points))
    assert width_of(model, folder) == 16


def test_the_engine_runs_with_all_of_the_choice(tmp_path: Path) -> None:
    chosen = Choice(width=3, piece=64, threads=1, flash_attention=FlashAttention.ALWAYS, chat_flash_attention=True)
    model = full_attention(tmp_path / "m.gguf")
    backend = LlamaBackend(model, 512, lambda fraction: True, n_threads=1, choice=chosen)
    try:
        capabilities = backend.capabilities
        backend.prepare(Priority.BULK)
    finally:
        backend.close()
    assert (capabilities.bulk_sequences, capabilities.step_tokens) == (3, 64)


def test_contexts_are_of_the_kind_that_a_person_wants_where_the_model_takes_it(
    tmp_path: Path, starter_model: Path
) -> None:
    async def story(model: Path, kv: str) -> tuple[int, str]:
        engine = local_engine(tmp_path, options=["--threads", "1"])
        await engine.start(Watcher())
        try:
            how = LoadSettings(context_tokens=512, kv=kv, flash_attention=None)
            loaded = await engine.load(model, how)
            request = GenerateRequest(turns=(Turn("user", "Hello."),), priority=Priority.INTERACTIVE, max_tokens=8)
            text = ""
            async for event in engine.generate("1", request):
                text += event.text if isinstance(event, TextProduced) else ""
                last = event
            assert isinstance(last, RequestFinished)
            return loaded.kv_bytes, text
        finally:
            await engine.close()

    (wide, _), (small, said) = asyncio.run(story(starter_model, "F16")), asyncio.run(story(starter_model, "Q8_0"))
    assert small < 0.6 * wide
    assert said
    tiny = full_attention(tmp_path / "m.gguf")  # with heads too small for blocks of 32
    assert asyncio.run(story(tiny, "Q8_0"))[0] == asyncio.run(story(tiny, "F16"))[0]


def test_the_process_takes_a_choice_from_its_command_line(tmp_path: Path) -> None:
    async def story() -> int:
        choice = msgspec.json.encode(Choice(width=5, piece=128)).decode()
        engine = local_engine(tmp_path, options=["--threads", "1", "--choice", choice])
        await engine.start(Watcher())
        try:
            return (await engine.load(full_attention(tmp_path / "m.gguf"))).bulk_sequences
        finally:
            await engine.close()

    assert asyncio.run(story()) == 5
