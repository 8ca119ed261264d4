"""What an engine is spoken to through, wherever it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from app import wire
from app.engine.messages import Event


class Connection(Protocol):
    """A running engine at the other end of a pipe."""

    def send(self, *messages: wire.Message) -> None: ...
    async def wait(self) -> int:
        """Until it has ended and all its events were heard; its exit code."""

    def kill(self) -> None: ...
    async def close(self) -> int: ...


Connect = Callable[[Callable[[Event], None]], Awaitable[Connection]]
"""(who hears its events) -> Connection"""
Check = Callable[[Path], Awaitable[None]]


async def takes_any_model(path: Path) -> None:
    pass
