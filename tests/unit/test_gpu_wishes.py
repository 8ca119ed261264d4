"""What a person wants of the GPUs reaches every engine that loads a model; GPUs are data, over fake engines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from app.core.core import Core
from app.core.events import Event, NoticeShown
from app.core.kept_engines import KeptEngines
from app.core.kinds.summarize import SummarizeParams
from app.core.model_fit import ModelFits
from app.core.models import ModelService
from app.core.views import JobState
from app.engine.client import EngineClient
from app.engine.devices import Gpu
from app.engine.fake import fake_engine
from app.engine.messages import LoadModel
from app.engine.process.fake_llama import FAKE_CAPABILITIES
from app.paths import profile_paths
from app.settings import Settings
from tests.unit.gguf_files import GOOD_TENSORS, GOOD_VALUES, gguf
from tests.unit.test_kept_models import NoJobs, Quiet

TWO = [Gpu(name="Big", free_bytes=24 * 10**9), Gpu(name="Small", free_bytes=8 * 10**9)]


class Engines:
    """Fake ones, and how each was asked to load a model, as (layers, split). `gpu_layers`: that they then have."""

    def __init__(self, gpu_layers: int = 12) -> None:
        self.asked: list[tuple[int, tuple[float, ...]]] = []
        self._capabilities = msgspec.structs.replace(FAKE_CAPABILITIES, gpu_layers=gpu_layers)

    def new(self) -> EngineClient:
        return fake_engine(opens=self._opened, capabilities=self._capabilities)

    def _opened(self, command: LoadModel) -> None:
        self.asked.append((command.gpu_layers, command.gpu_split))


def model(folder: Path, name: str) -> Path:
    path = folder / f"{name}.gguf"
    path.write_bytes(gguf(GOOD_VALUES, GOOD_TENSORS))
    return path


def said_while_loading(
    folder: Path, settings: Settings, gpus: list[Gpu], gpu_layers: int = 12
) -> tuple[Engines, list[str]]:
    engines, said = Engines(gpu_layers), []

    def hear(event: Event) -> None:
        if isinstance(event, NoticeShown):
            said.append(event.sentence)

    async def story() -> None:
        engine = KeptEngines(engines.new())
        fits = ModelFits(gpu_split=lambda: settings.gpu_split, gpus=lambda: gpus)
        service = ModelService(
            profile_paths(folder / "profile"), engine, hear, NoJobs, settings=lambda: settings, fits=fits
        )
        await engine.start(Quiet())  # type: ignore[arg-type]
        await service.load(model(folder, "a"))
        await engine.close()

    asyncio.run(asyncio.wait_for(story(), 30))
    return engines, said


def test_the_number_and_the_split_go_to_the_engine(tmp_path: Path) -> None:
    engines, said = said_while_loading(tmp_path, Settings(gpu_layers=12, gpu_split=[3, 1]), TWO)
    assert engines.asked == [(12, (3, 1))]
    assert said == []


def test_a_split_that_does_not_suit_the_gpus_is_told_and_the_model_is_loaded_all_the_same(tmp_path: Path) -> None:
    engines, said = said_while_loading(tmp_path, Settings(gpu_split=[3, 1, 2]), TWO)
    assert len(engines.asked) == 1
    assert said == [
        "“3, 1, 2” does not say how 2 GPUs share a model. Write a number for each, such as “3, 1”, or nothing."
    ]


def test_layers_that_the_gpu_has_no_room_for_are_told(tmp_path: Path) -> None:
    assert said_while_loading(tmp_path, Settings(gpu_layers=40), TWO, gpu_layers=0)[1] == [
        "The GPU has no room for 40 layers of a, so the processor computes. Set fewer layers, or “automatic”."
    ]
    assert said_while_loading(tmp_path, Settings(), TWO, gpu_layers=0)[1] == [
        "The GPU had no room for a, so the processor computes. Close what else uses the GPU, and load the model again."
    ]
    full = [Gpu(name="Full", free_bytes=0)]  # nothing else was promised
    for settings, gpus in ((Settings(gpu_layers=0), TWO), (Settings(), full), (Settings(gpu_layers=40), [])):
        assert said_while_loading(tmp_path, settings, gpus, gpu_layers=0)[1] == []


@pytest.mark.parametrize("gpus", [[], TWO[:1]], ids=["none", "one"])
def test_where_nothing_is_shared_a_split_is_nothing_to_talk_of(tmp_path: Path, gpus: list[Gpu]) -> None:
    assert said_while_loading(tmp_path, Settings(gpu_split=[3, 1]), gpus)[1] == []


def play(folder: Path, settings: Settings, story: Callable[[Core], Awaitable[None]]) -> tuple[Engines, Engines]:
    """The chat's engine and those of jobs, of a whole Core."""
    chats, sides = Engines(), Engines()

    async def run() -> None:
        core = Core(
            profile_paths(folder / "profile"),
            chats.new(),
            lambda event: None,
            settings=settings,
            model=model(folder, "a"),
            new_side_engine=sides.new,
        )
        await core.start()
        try:
            await story(core)
        finally:
            await core.close()

    asyncio.run(asyncio.wait_for(run(), 40))
    return chats, sides


def test_the_engine_of_a_job_with_another_model_leaves_the_gpu_alone_too(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("A note about the sea.")

    async def story(core: Core) -> None:
        await core.count_tokens([""])  # the chat's model is there
        job_id = await core.add_job("summarize", SummarizeParams(), [note], is_draft=True)
        await core.load_model(model(tmp_path, "b"))
        core.start_job(job_id)
        assert (await core.wait_for_job(job_id)).state is JobState.DONE

    chats, sides = play(tmp_path, Settings(gpu_layers=0, gpu_split=[0, 1]), story)
    assert set(chats.asked) == set(sides.asked) == {(0, (0, 1))}
