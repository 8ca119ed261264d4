"""Two engine processes with the real model: the one before stays, answers at once, and is gone with the program."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil

from app.core.chat_views import ChatOptions, MessageState
from app.core.core import Core
from app.core.events import EngineRestarted, Event, ModelsChanged, ModelStateChanged, ReplyEnded
from app.engine.client import EngineClient
from app.engine.interface import ModelState
from app.engine.local import local_engine
from app.paths import profile_paths
from app.settings import Settings


def test_chats_with_two_models_go_to_and_fro_and_one_that_is_killed_is_loaded_again(
    tmp_path: Path, starter_model: Path
) -> None:
    other = tmp_path / "other.gguf"
    other.symlink_to(starter_model)
    paths = profile_paths(tmp_path / "profile")
    paths.make_folders()
    engines: list[EngineClient] = []
    events: list[Event] = []
    changed = asyncio.Event()

    def new_engine() -> EngineClient:
        engines.append(local_engine(paths.logs, kv_folder=paths.kv, kv_disk_bytes=10**9))
        return engines[-1]

    def hear(event: Event) -> None:
        events.append(event)
        changed.set()

    async def until(kind: type) -> None:
        while not any(isinstance(event, kind) for event in events):
            changed.clear()
            await changed.wait()

    async def ask(core: Core, chat: str | None, model: Path) -> tuple[str, set[ModelState]]:
        events.clear()
        chat = await core.send(chat, "Say hello.", options=ChatOptions(model=str(model)))
        await core.wait_for_reply(chat)
        (ended,) = [event.message for event in events if isinstance(event, ReplyEnded)]
        assert ended.state in (MessageState.COMPLETE, MessageState.CUT)
        return chat, {event.state for event in events if isinstance(event, ModelStateChanged)}

    async def story() -> None:
        settings = Settings(max_reply_tokens=8, makes_titles=False)
        core = Core(paths, new_engine(), hear, settings=settings, model=starter_model, new_engine=new_engine)
        await core.start()
        try:
            first, _ = await ask(core, None, starter_model)
            second, states = await ask(core, None, other)
            assert ModelState.LOADING in states
            for chat, model in ((first, starter_model), (second, other), (first, starter_model)):
                _, states = await ask(core, chat, model)
                assert states == {ModelState.READY}, "nothing was loaded"
            assert len(engines) == 2
            kept = engines[1]
            assert kept.pid is not None
            events.clear()
            os.kill(kept.pid, signal.SIGKILL)
            await until(ModelsChanged)
            assert not any(isinstance(event, EngineRestarted) for event in events)
            _, states = await ask(core, second, other)
            assert ModelState.LOADING in states
        finally:
            await core.close()

    asyncio.run(asyncio.wait_for(story(), 120))
    assert [child for child in psutil.Process().children(recursive=True) if "engine" in child.cmdline()] == []
