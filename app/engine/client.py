"""The program's side of an engine that is spoken to in messages: streams by request id, restart after a crash.

Runs on the asyncio thread. Where the other side runs (a child process, a thread for tests) is the Connection's matter.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from app.children import describe_exit
from app.engine.answers import Answers, pieces_of
from app.engine.awaited import Awaited
from app.engine.connection import Check, Connect, Connection, takes_any_model
from app.engine.early_words import cancelled, fault_of
from app.engine.idle_clock import IdleClock
from app.engine.interface import AS_USUAL, EngineObserver, LoadSettings, ModelState, Vector
from app.engine.loading import LoadEvent, Loading
from app.engine.messages import (
    Cancel,
    Capabilities,
    Command,
    CountTokens,
    Embed,
    EngineReported,
    EngineStarted,
    Event,
    ForgetChat,
    GenerateRequest,
    Hold,
    LastWord,
    Preset,
    Priority,
    ReadAhead,
    RequestEvent,
    RequestFailed,
    SetPreset,
    Submit,
)
from app.engine.pace import Pace
from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("engine")

FIRST_RESTART_SECONDS = 0.0
LONGEST_RESTART_SECONDS = 10.0
CALM_SECONDS = 60.0  # an engine that ran this long restarts at once again
CANCEL_PATIENCE_SECONDS = 10.0  # an engine that has not stopped a request by then hangs, and is ended
EMBEDDED_TEXTS = 64  # in one command: an answer is a line of a few megabytes at most
COUNT_BYTES = 64 * 1024  # texts are counted in pieces of about this size, so that a chat gets in between
_CRASHED = "The engine stopped unexpectedly and was restarted."
_CLOSED = "The engine was closed before this was done."


class EngineClient:
    """An Engine (see interface.py) over a Connection. `check` looks at a model file without loading it.

    `context_tokens`: what a chat can have at most.
    """

    def __init__(
        self,
        connect: Connect,
        check: Check = takes_any_model,
        *,
        context_tokens: int = 8192,
        kv_disk_bytes: int = 0,
    ) -> None:
        self._connect = connect
        self._check = check
        self._connection: Connection | None = None
        self._observer: EngineObserver | None = None
        self._streams: dict[str, asyncio.Queue[RequestEvent]] = {}
        self._submitted: dict[str, Pace] = {}  # streams whose request the engine has
        self._answers = Answers()
        self._idle = IdleClock(self._streams, self._answers.waiting)
        self._loading = Loading(
            self._send, self._model_state_changed, context_tokens=context_tokens, kv_disk_bytes=kv_disk_bytes
        )
        self._preset = SetPreset(preset=Preset.RESPONSIVE)
        self._hold = Hold(is_held=False)
        self._awaited = Awaited(lambda: self._observer)
        self._ids = itertools.count(1)
        self._supervisor: asyncio.Task[None] | None = None
        self._is_closing = False

    @property
    def model_state(self) -> ModelState:
        return self._loading.state

    @property
    def capabilities(self) -> Capabilities | None:
        return self._loading.capabilities

    @property
    def pid(self) -> int | None:
        """Of the engine process, for `doctor` and for tests that kill it."""
        return getattr(self._connection, "pid", None)

    async def start(self, observer: EngineObserver) -> None:
        self._observer = observer
        self._connection = await self._connect(self._take)
        self._supervisor = asyncio.create_task(self._supervise(), name="engine supervisor")

    async def close(self) -> None:
        self._is_closing = True
        if self._connection is not None:
            await self._connection.close()
        self._loading.close(_CLOSED)
        for id in self._submitted:
            self._streams[id].put_nowait(RequestFailed(id=id, kind=ErrorKind.NO_MODEL, sentence=_CLOSED))
        self._answers.fail(KnownError(ErrorKind.NO_MODEL, _CLOSED))
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor

    # the model

    async def check(self, path: Path) -> None:
        await self._check(path)

    async def load(self, path: Path, how: LoadSettings = AS_USUAL) -> Capabilities:
        return await asyncio.shield(self._loading.begin(path, how))

    def expect_load(self) -> None:
        self._loading.expect()

    def sleep(self) -> None:
        if self._loading.is_ready and not self._idle.is_busy:
            self._loading.sleep()

    def wake(self) -> None:
        self._loading.wake()

    @property
    def idle_seconds(self) -> float:
        return self._idle.seconds

    def _use(self) -> None:
        self._idle.touch()
        self.wake()

    def has_no_model(self, error: KnownError) -> None:
        self._loading.fail(error.kind, error.sentence)

    def _model_state_changed(self, state: ModelState, fraction: float, why: str) -> None:
        if self._observer is not None:
            self._observer.model_state_changed(state, fraction, why)

    # requests

    async def generate(self, id: str, request: GenerateRequest) -> AsyncIterator[RequestEvent]:
        if id in self._streams:
            raise KnownError(ErrorKind.BUG, "This was asked for twice at the same time; wait for its end.")
        queue = self._streams[id] = asyncio.Queue()
        self._use()
        is_over = False
        try:
            early = await self._settled_or_cancelled(queue)
            if early is None and not queue.empty():
                early = queue.get_nowait()  # cancelled since
            if early is None and not self._loading.is_ready:
                early = RequestFailed(id=id, kind=ErrorKind.NO_MODEL, sentence=self._loading.why_none)
            if early is None:
                early = fault_of(id, request)
            if early is not None:
                is_over = True
                yield early
                return
            with self._awaited.during(Priority.BULK if request.is_aside else request.priority):
                pace = self._submitted[id] = Pace()
                self._send(Submit(id=id, request=request))
                clock = asyncio.get_running_loop().time
                while not is_over:
                    event = await queue.get()
                    now = clock()
                    due = pace.due(event, now)
                    if due is None:
                        continue
                    if due > now:
                        await asyncio.to_thread(_sleep_until, due, clock)
                    is_over = isinstance(event, LastWord)
                    yield pace.as_told(event, now)
        finally:
            del self._streams[id]
            self._idle.touch()
            self._submitted.pop(id, None)
            if not is_over:
                self._send(Cancel(id=id))

    def read_ahead(self, request: GenerateRequest) -> None:
        self._use()
        if self._loading.is_ready:
            self._send(ReadAhead(id=f"ahead-{next(self._ids)}", request=request))

    async def _settled_or_cancelled(self, queue: asyncio.Queue[RequestEvent]) -> RequestEvent | None:
        """Wait while a model loads; the last word of a request that was cancelled meanwhile."""
        if self._loading.state is not ModelState.LOADING:
            return None
        settled, early = asyncio.create_task(self._loading.settled.wait()), asyncio.create_task(queue.get())
        try:
            await asyncio.wait({settled, early}, return_when=asyncio.FIRST_COMPLETED)
            return early.result() if early.done() else None
        finally:
            settled.cancel()
            early.cancel()

    def cancel(self, id: str) -> None:
        if id in self._streams and id not in self._submitted:
            self._streams[id].put_nowait(cancelled(id))
            return
        self._send(Cancel(id=id))
        if id in self._submitted:
            self._submitted[id].is_stopped = True
            asyncio.get_running_loop().call_later(CANCEL_PATIENCE_SECONDS, self._end_if_hung, id, self._streams[id])

    def _end_if_hung(self, id: str, queue: asyncio.Queue[RequestEvent]) -> None:
        if self._streams.get(id) is queue and id in self._submitted and self._connection is not None:
            log.error("the engine did not stop %s; it is ended", id)
            self._connection.kill()

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        counts: list[int] = []
        for piece in pieces_of(texts, COUNT_BYTES):
            self._use()
            await self._loading.settled.wait()
            if not self._loading.is_ready:
                raise KnownError(ErrorKind.NO_MODEL, self._loading.why_none)
            id = f"count-{next(self._ids)}"
            future = self._answers.expect(id)
            self._send(CountTokens(id=id, texts=tuple(piece)))
            got = await future
            if len(got) != len(piece):
                raise KnownError(ErrorKind.NO_MODEL, self._loading.why_none)
            counts += got
        return counts

    async def embed(self, texts: Sequence[str], priority: Priority = Priority.BULK) -> list[Vector]:
        vectors: list[Vector] = []
        for start in range(0, len(texts), EMBEDDED_TEXTS):
            self._use()
            if self._loading.state is ModelState.LOADING:
                await self._loading.settled.wait()
            if not self._loading.is_ready:
                raise KnownError(ErrorKind.NO_MODEL, self._loading.why_none)
            id = f"embed-{next(self._ids)}"
            future = self._answers.expect(id)
            with self._awaited.during(priority):
                self._send(Embed(id=id, texts=tuple(texts[start : start + EMBEDDED_TEXTS]), priority=priority))
                try:
                    vectors += await future
                finally:
                    if self._answers.drop(id):
                        self._send(Cancel(id=id))
        return vectors

    def set_preset(self, preset: Preset, slowdown: float = 1.5) -> None:
        self._preset = SetPreset(preset=preset, slowdown=slowdown)
        self._send(self._preset)

    def hold(self, is_held: bool) -> None:
        self._hold = Hold(is_held=is_held)
        self._send(self._hold)

    def forget_chat(self, cache_key: str) -> None:
        self._send(ForgetChat(cache_key=cache_key))

    def _send(self, command: Command) -> None:
        if self._connection is not None:
            self._connection.send(command)

    # the connection

    async def _supervise(self) -> None:
        """Listen; when the engine dies, tell everyone who waits, start it again, and load the model again."""
        delay = FIRST_RESTART_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            if await self._ended():
                return
            self._connection_lost()
            delay = FIRST_RESTART_SECONDS if loop.time() - started > CALM_SECONDS else delay
            while self._connection is None:
                await asyncio.sleep(delay)
                delay = min(LONGEST_RESTART_SECONDS, max(0.25, delay * 2))
                try:
                    self._connection = await self._connect(self._take)
                except OSError:
                    log.exception("the engine process could not be started; it is tried again")
            self._send(self._preset)
            self._send(self._hold)
            self._loading.engine_back()

    async def _ended(self) -> bool:
        """Until the engine process has ended, by itself or because it does not speak our language. True: for good."""
        if self._connection is None:
            return self._is_closing
        code = await self._connection.wait()
        if not self._is_closing:
            log.warning("the engine process ended: %s", describe_exit(code))
        return self._is_closing

    def _connection_lost(self) -> None:
        running = frozenset(self._submitted)
        self._connection = None
        self._answers.fail(KnownError(ErrorKind.ENGINE_CRASHED, _CRASHED))
        self._loading.engine_lost()
        for id in running:
            self._streams[id].put_nowait(RequestFailed(id=id, kind=ErrorKind.ENGINE_CRASHED, sentence=_CRASHED))
        if self._observer is not None:
            self._observer.engine_crashed(running, _CRASHED)

    def _take(self, event: Event) -> None:
        stream = self._streams.get(event.id)
        if stream is not None and isinstance(event, RequestEvent):
            stream.put_nowait(event)
        elif isinstance(event, EngineStarted):
            log.info("engine started with the %s backend", event.backend)
        elif isinstance(event, LoadEvent):
            self._idle.touch()
            self._loading.take(event)
        elif event.id in self._answers:
            self._answers.take(event)
        elif isinstance(event, EngineReported) and self._observer is not None:
            self._observer.engine_reported(event)


def _sleep_until(due: float, clock: Callable[[], float]) -> None:
    """On a thread of its own: the event loop's own sleep goes by whole milliseconds, on Windows by fifteen of them."""
    time.sleep(max(0.0, due - clock()))
