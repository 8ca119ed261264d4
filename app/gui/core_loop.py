"""Core on its own thread: asyncio's loop, in which every call of the window is a task.

Imported by that thread: asyncio takes as long to import as a fifth of the window, which need not wait for it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from app.errors import ErrorKind, KnownError
from app.logs import topic

if TYPE_CHECKING:
    from app.core.core import Core, EventSink

Failed = Callable[[KnownError], None]
Arrive = Callable[[Callable[[], None]], None]
"""Hands over what is to be done on the GUI thread."""


class CoreLoop:
    """Made and run on the core thread; `post` and `close` may be called on any."""

    def __init__(self, make_core: Callable[[EventSink], Core], sink: EventSink, arrive: Arrive) -> None:
        self._make_core, self._sink, self._arrive = make_core, sink, arrive
        self._loop = asyncio.new_event_loop()
        self._core: Core | None = None
        self._started = asyncio.Event()
        self._start_error: KnownError | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self) -> None:
        """Until it was closed. Core is made first."""
        asyncio.set_event_loop(self._loop)
        self._spawn(self._start_core())
        try:
            self._loop.run_forever()
        finally:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def post(
        self,
        work: Callable[[Core], Any],
        done: Callable[[Any], None] | None,
        failed: Failed,
    ) -> None:
        """Run `work` when Core has started; one of `done` and `failed` then arrives."""
        self._loop.call_soon_threadsafe(self._spawn, self._work(work, done, failed))

    def close(self) -> None:
        """Core is closed, then the loop ends."""
        self._loop.call_soon_threadsafe(self._spawn, self._close_core())

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start_core(self) -> None:
        try:
            self._core = self._make_core(self._sink)
            await self._core.start()
        except Exception as error:
            self._start_error = _known(error)
        finally:
            self._started.set()

    async def _work(self, work: Callable[[Core], Any], done: Callable[[Any], None] | None, failed: Failed) -> None:
        await self._started.wait()
        try:
            if self._start_error is not None or self._core is None:
                raise self._start_error or KnownError(ErrorKind.BUG, "The core did not start.")
            answer = work(self._core)
            result = await answer if inspect.isawaitable(answer) else answer
        except Exception as error:
            known = _known(error)
            self._arrive(lambda: failed(known))
        else:
            if done is not None:
                self._arrive(lambda: done(result))

    async def _close_core(self) -> None:
        await self._started.wait()
        try:
            if self._core is not None:
                await self._core.close()
        except Exception as error:
            _known(error)
        self._loop.stop()


def _known(error: Exception) -> KnownError:
    if isinstance(error, KnownError):
        return error
    topic("window").error("a call to the core failed", exc_info=error)
    return KnownError(ErrorKind.BUG, "Something went wrong inside Rubato. The details are in its log.")
