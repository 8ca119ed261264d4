"""Ctrl-C and SIGTERM while commands run: what is under way is ended in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any

from app.cli.ctrl_c import INTERRUPTED

TERMINATED = 143  # as a shell has it for a program that SIGTERM ended


class Interrupts:
    """Ctrl-C cancels the command, or the program where no command runs; SIGTERM the program. `code` is its exit code.

    Cancelled: what was said is saved, and the engine is closed.
    """

    def __init__(self) -> None:
        self.code = INTERRUPTED
        self._program: asyncio.Task[Any] | None = None
        self._command: asyncio.Future[int] | None = None

    def watch(self) -> None:
        """From now on, for the task that calls this. On Windows Ctrl-C stays a KeyboardInterrupt."""
        self._program = asyncio.current_task()
        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(signal.SIGINT, self._interrupt)
            loop.add_signal_handler(signal.SIGTERM, self._terminate)

    async def run(self, command: Coroutine[Any, Any, int]) -> int:
        """Run it so that Ctrl-C cancels it, and only it."""
        self._command = asyncio.ensure_future(command)
        try:
            return await self._command
        finally:
            self._command = None

    def _interrupt(self) -> None:
        ended = self._command or self._program
        if ended is not None:
            ended.cancel()

    def _terminate(self) -> None:
        self.code = TERMINATED
        if self._program is not None:
            self._program.cancel()
