"""Two engine processes with the real model: a job goes on with its own beside the chat's."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core.chat_views import MessageState
from app.core.core import Core
from app.core.events import EngineRestarted, Event, JobChanged, ModelStateChanged, ReplyEnded, StatusChanged
from app.core.kinds.prompt import PromptParams
from app.core.side_engine import SIDE_CONTEXT
from app.core.views import JobState, MachinePhase
from app.engine.client import EngineClient
from app.engine.interface import ModelState
from app.engine.local import local_engine
from app.paths import profile_paths
from app.settings import Settings

N_ITEMS = 40  # some seconds of work, so that there is some when the chat has ended
PARAMS = PromptParams(template="Write two sentences about {text}.", max_tokens=16)


def test_a_job_a_chat_and_a_crash_with_two_models_in_memory(tmp_path: Path, starter_model: Path) -> None:
    own = tmp_path / "own.gguf"
    own.symlink_to(starter_model)
    table = tmp_path / "subjects.csv"
    table.write_text("\n".join(["text", *(f"the number {n}" for n in range(N_ITEMS))]))
    paths = profile_paths(tmp_path / "profile")
    paths.make_folders()

    async def story() -> None:
        events: list[Event] = []
        changed = asyncio.Event()
        sides: list[EngineClient] = []

        def hear(event: Event) -> None:
            events.append(event)
            changed.set()

        n_seen = 0

        async def until(kind: type, wanted: Callable[[Any], bool] = lambda event: True) -> None:
            """The next that is as wanted, after the one that was waited for before: it may be there already."""
            nonlocal n_seen
            while True:
                while n_seen < len(events):
                    event, n_seen = events[n_seen], n_seen + 1
                    if isinstance(event, kind) and wanted(event):
                        return
                changed.clear()
                await changed.wait()

        def new_side_engine() -> EngineClient:
            sides.append(local_engine(paths.logs, context_tokens=SIDE_CONTEXT))
            return sides[-1]

        core = Core(
            paths,
            local_engine(paths.logs),
            hear,
            settings=Settings(max_reply_tokens=40),
            model=own,
            new_side_engine=new_side_engine,
        )
        await core.start()
        try:
            await until(ModelStateChanged, lambda event: event.state is ModelState.READY)
            job_id = await core.add_job("prompt", PARAMS, [table], is_draft=True)
            await until(JobChanged, lambda event: event.job.documents_read == 1)
            await core.load_model(starter_model)
            core.start_job(job_id)
            await until(JobChanged, lambda event: event.job.items_done > 0)

            chat = asyncio.create_task(core.send(None, "What is a rubato?"))
            await until(StatusChanged, lambda event: event.status.phase is MachinePhase.BULK_PARKED)
            await until(ReplyEnded)
            await chat
            (reply,) = [event.message for event in events if isinstance(event, ReplyEnded)]
            assert reply.state in (MessageState.COMPLETE, MessageState.CUT)

            (side,) = sides
            assert side.pid is not None
            os.kill(side.pid, signal.SIGKILL)
            await until(EngineRestarted)
            view = await core.wait_for_job(job_id)
            assert (view.state, view.items_done, view.items_failed) == (JobState.DONE, N_ITEMS, 0)
            while side.pid is not None and Path(f"/proc/{side.pid}").exists():
                await until(StatusChanged)
        finally:
            await core.close()

    asyncio.run(asyncio.wait_for(story(), 170))
