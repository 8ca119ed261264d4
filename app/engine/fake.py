"""The engine on a thread of this process, with the fake backend: for tests and for work on the window."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from app import wire
from app.engine.client import EngineClient
from app.engine.connection import Connection
from app.engine.messages import Capabilities, Command, Event, LoadModel
from app.engine.process.fake_llama import FakeBackend
from app.engine.process.inbox import Inbox
from app.engine.process.loop import EngineLoop


class _Thread:
    """A Connection to a step loop in this process. Messages are encoded and decoded all the same."""

    def __init__(
        self,
        hear: Callable[[Event], None],
        seconds_per_token: float,
        capabilities: Capabilities | None,
        opens: Callable[[LoadModel], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._hear = hear
        self._inbox = Inbox()
        self._events: wire.Decoder[Event] = wire.Decoder(Event)
        self._commands: wire.Decoder[Command] = wire.Decoder(Command)

        def opened(command: LoadModel, _: object) -> FakeBackend:
            opens(command)
            return FakeBackend(seconds_per_token=seconds_per_token, capabilities=capabilities)

        engine = EngineLoop(
            opened,
            self._inbox,
            lambda events: self._post(wire.encode(*events)),
            name="fake",
        )
        self._thread = threading.Thread(target=engine.run, name="fake engine", daemon=True)
        self._thread.start()

    def _post(self, data: bytes) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, data)

    def _take(self, data: bytes) -> None:
        for line in data.splitlines():
            self._hear(self._events.decode(line))

    def send(self, *messages: wire.Message) -> None:
        for line in wire.encode(*messages).splitlines():
            self._inbox.put(self._commands.decode(line))

    async def wait(self) -> int:
        await asyncio.to_thread(self._thread.join)
        return 0

    def kill(self) -> None:
        self._inbox.close()

    async def close(self) -> int:
        self._inbox.close()
        return await self.wait()


def fake_engine(
    *,
    seconds_per_token: float = 0.0,
    capabilities: Capabilities | None = None,
    opens: Callable[[LoadModel], None] = lambda command: None,
) -> EngineClient:
    """An Engine that needs no model and starts at once. `opens` hears, on its thread, how a model is to be loaded."""

    async def connect(hear: Callable[[Event], None]) -> Connection:
        return _Thread(hear, seconds_per_token, capabilities, opens)

    return EngineClient(connect)
