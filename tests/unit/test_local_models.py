"""Models of other programs are like any other: found, judged, loaded where they are, and called by their names."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from app.core.core import Core
from app.core.events import Event, ModelStateChanged
from app.core.model_views import ModelPlace
from app.engine.fake import fake_engine
from app.engine.interface import ModelState
from app.engine.verdict import Verdict
from app.errors import KnownError
from app.paths import profile_paths
from app.settings import Settings
from tests.model.sized_models import full_attention


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A home with a model in Ollama's store, and one in LM Studio's."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    model = full_attention(tmp_path / "sized.gguf")
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    store = home / ".ollama" / "models"
    blob = store / "blobs" / f"sha256-{digest}"
    manifest = store / "manifests" / "registry.ollama.ai" / "library" / "qwen3" / "8b"
    studio = home / ".lmstudio" / "models" / "somebody" / "m-GGUF" / "m-Q4_0.gguf"
    for file in (blob, manifest, studio):
        file.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    blob.write_bytes(model.read_bytes())
    studio.write_bytes(model.read_bytes())
    return {"ollama": blob, "studio": studio, "first": model}


class SlowDisk(list[str]):
    """Folders that were added, of which nothing is told until `answers` is set."""

    def __init__(self, folders: list[str]) -> None:
        super().__init__(folders)
        self.is_asked, self.answers = threading.Event(), threading.Event()

    def __iter__(self) -> Iterator[str]:
        self.is_asked.set()
        assert self.answers.wait(10), "who asks it must not hold up everybody else"
        return super().__iter__()


def run(folder: Path, model: Path, story: Callable[[Core, list[Event]], Awaitable[None]]) -> None:
    async def play() -> None:
        events: list[Event] = []
        settings = Settings(added_models=[str(model)])
        core = Core(profile_paths(folder), fake_engine(), events.append, settings=settings, model=model)
        await core.start()
        try:
            await asyncio.wait_for(story(core, events), 60)
        finally:
            await core.close()

    asyncio.run(play())


def test_they_are_among_the_models_with_their_names_and_verdicts(tmp_path: Path, stores: dict[str, Path]) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        found = {model.path: model for model in await core.models()}
        ollama, studio = found[stores["ollama"]], found[stores["studio"]]
        assert (ollama.name, ollama.place, studio.name, studio.place) == (
            "qwen3:8b",
            ModelPlace.OLLAMA,
            "m-Q4_0",
            ModelPlace.LM_STUDIO,
        )
        for model in (ollama, studio):
            assert model.problem == ""
            assert model.fit is not None
            assert model.fit.word is Verdict.FITS

    run(tmp_path / "profile", stores["first"], story)


def test_one_is_used_where_it_is_and_called_by_its_name(tmp_path: Path, stores: dict[str, Path]) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        await core.load_model(stores["ollama"])
        last = [event for event in events if isinstance(event, ModelStateChanged)][-1]
        assert (last.state, last.name) == (ModelState.READY, "qwen3:8b")
        assert core.settings.model == str(stores["ollama"])
        chat = await core.send(None, "[[say yes]]")
        await core.wait_for_reply(chat)
        assert core.open_chat(chat).messages[-1].model_name == "qwen3:8b"
        assert [model.name for model in await core.models() if model.is_loaded] == ["qwen3:8b"]
        with pytest.raises(KnownError, match="belongs to Ollama"):
            await core.delete_model(stores["ollama"])
        assert stores["ollama"].exists()
        assert list(core.paths.models.rglob("*.gguf")) == [], "nothing was copied"

    run(tmp_path / "profile", stores["first"], story)


def test_a_chat_goes_on_while_a_slow_disk_is_looked_at(tmp_path: Path) -> None:
    model = full_attention(tmp_path / "sized.gguf")
    disk = SlowDisk([str(model)])

    async def story(core: Core, events: list[Event]) -> None:
        core.settings.added_models = disk
        looking = asyncio.create_task(core.models())
        while not disk.is_asked.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        chat = await core.send(None, "[[say yes]]")
        await core.wait_for_reply(chat)
        assert core.open_chat(chat).messages[-1].text == "yes"
        assert not looking.done()
        disk.answers.set()
        assert str(model) in [str(found.path) for found in await looking]

    run(tmp_path / "profile", model, story)
