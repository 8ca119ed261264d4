"""A model file that becomes another one stands still while somebody chats, and goes on then."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from app.child_command import child_command
from app.core.core import Core
from app.core.events import Event, ReplyGrew
from app.engine.fake import fake_engine
from app.engine.gguf_metadata import read_metadata
from app.lab.format import kind_of, make
from app.paths import profile_paths
from app.settings import Settings
from tests.model.tiny_models import full_attention


class Desk:
    """A whole program over a fake engine that writes slowly, and its process that makes a model file."""

    def __init__(self, folder: Path) -> None:
        self.model = full_attention(folder / "tiny-F32.gguf")
        self._grown = asyncio.Event()
        self.core = Core(
            profile_paths(folder / "profile"),
            fake_engine(seconds_per_token=0.02),
            self._hear,
            settings=Settings(makes_titles=False),
            model=self.model,
        )

    def _hear(self, event: Event) -> None:
        if isinstance(event, ReplyGrew):
            self._grown.set()

    async def chat(self) -> str:
        """One that would write for minutes; it has begun."""
        chat_id = await self.core.send(None, "[[words 5000]]")
        await self._grown.wait()
        return chat_id

    async def until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.002)

    def states(self) -> list[str]:
        """Of the processes that make or compare."""
        found = []
        for child in psutil.Process().children():
            try:
                if "format" in child.cmdline():
                    found.append(child.status())
            except psutil.Error:
                continue  # it has ended
        return found

    @property
    def is_still(self) -> bool:
        return self.states() == [psutil.STATUS_STOPPED]


@asynccontextmanager
async def desk_in(folder: Path) -> AsyncIterator[Desk]:
    desk = Desk(folder)
    await desk.core.start()
    try:
        await desk.core.count_tokens([""])
        yield desk
    finally:
        await desk.core.close()


def test_what_is_being_made_stands_still_while_a_reply_is_written(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_in(tmp_path) as desk:
            making = asyncio.create_task(make(desk.core, desk.model, "Q8_0"))
            await desk.until(lambda: bool(desk.states()))
            chat_id = await desk.chat()
            await desk.until(lambda: desk.is_still or making.done())
            assert not making.done()
            desk.core.stop(chat_id)
            file, _ = await making
            assert kind_of(read_metadata(file)) == "Q8_0"

    asyncio.run(asyncio.wait_for(story(), 150))


def test_what_is_begun_beside_a_chat_waits_for_its_end(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_in(tmp_path) as desk:
            chat_id = await desk.chat()
            making = asyncio.create_task(make(desk.core, desk.model, "Q8_0"))
            await desk.until(lambda: desk.is_still)
            desk.core.stop(chat_id)
            await making

    asyncio.run(asyncio.wait_for(story(), 150))


def test_what_stands_still_can_be_stopped(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_in(tmp_path) as desk:
            await desk.chat()
            making = asyncio.create_task(make(desk.core, desk.model, "Q8_0"))
            await desk.until(lambda: desk.is_still)
            making.cancel()
            await asyncio.wait([making])
            assert making.cancelled()
            assert desk.states() == []
            assert not list(desk.core.paths.models.rglob("*"))

    asyncio.run(asyncio.wait_for(story(), 150))


def test_what_a_killed_program_left_standing_still_is_ended_at_the_next_start(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = subprocess.Popen(child_command("format", "--program", str(gone.pid)), stdin=subprocess.PIPE)
    try:
        psutil.Process(left.pid).suspend()
        profile_paths(tmp_path / "profile").trials.mkdir(parents=True)

        async def story() -> None:
            async with desk_in(tmp_path) as desk:
                assert not desk.core.paths.trials.exists()

        asyncio.run(asyncio.wait_for(story(), 150))
        assert left.wait(20) != 0
    finally:
        left.kill()
        left.communicate()
