"""The engine in use and those that had its model before, where memory allows: to switch back loads nothing.

It is an Engine itself (engine/interface.py), over several: what is asked goes to the one in use, and what was asked
before a switch is answered by the one that was asked. One that is kept has nothing else to do, and can be lent to a job
that keeps its model. Runs on the core thread.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from pathlib import Path

from app.engine.interface import AS_USUAL, Engine, EngineObserver, LoadSettings, ModelState, Vector
from app.engine.messages import (
    Capabilities,
    EngineReported,
    GenerateRequest,
    Preset,
    Priority,
    RequestEvent,
    RequestFailed,
)
from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("engine")

NewEngine = Callable[[], Engine]

MOST_KEPT = 2  # besides the one in use


class KeptEngines:
    """`new_engine` None: there is one engine, and nothing is kept. `changed` when other models are kept than before."""

    def __init__(
        self, engine: Engine, new_engine: NewEngine | None = None, *, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._new_engine = new_engine
        self._changed = changed
        self._observer: EngineObserver | None = None
        self._current = _Member(self, engine)
        self._kept: list[_Member] = []  # the one that was in use last comes last
        self._lent: list[_Member] = []
        self._chatting: set[_Member] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._preset: tuple[Preset, float] | None = None
        self._is_held = False

    # which are in memory

    @property
    def kept(self) -> list[Path]:
        """Models in memory besides the one in use, that nobody uses; the one that was in use last comes last."""
        return [member.path for member in self._kept if member.path is not None]

    @property
    def can_keep(self) -> bool:
        """Could the model in use stay, and another be loaded beside it?"""
        return self._new_engine is not None and self._current.is_ready and self._current.path is not None

    def use(self, path: Path, wanted: LoadSettings) -> bool:
        """Switch to a model that is kept. False: it is not, or was loaded in another way than is `wanted` now."""
        member = next((one for one in self._kept if one.path == path), None)
        if member is None:
            return False
        if not member.is_ready or (member.wanted, member.stamp) != (wanted, _stamp(path)):
            self._drop(member)
            return False
        self._kept.remove(member)
        self._replace(member)
        if self._observer is not None:
            self._observer.model_state_changed(ModelState.READY, 1.0, "")
            if member.report is not None:
                self._observer.engine_reported(member.report)
        return True

    async def load_beside(self, path: Path, how: LoadSettings, wanted: LoadSettings) -> Capabilities:
        """Load a model while the one in use stays, and is kept. Raises KnownError; `use` leads back then."""
        if self._new_engine is None:
            return await self.load(path, how, wanted)
        member = _Member(self, self._new_engine())
        before = self._current
        try:
            await member.engine.start(member)
        except OSError:
            log.exception("another engine could not be started; the one there is loads the model")
            return await self.load(path, how, wanted)
        if self._current is not before or not before.is_ready:  # another was chosen meanwhile
            self._end(member)
            return await self.load(path, how, wanted)
        if self._preset is not None:
            member.engine.set_preset(*self._preset)
        member.engine.hold(self._is_held)
        self._replace(member)
        return await member.load(path, how, wanted)

    def _replace(self, member: _Member) -> None:
        """It is the one in use from now on."""
        before, self._current = self._current, member
        if before.is_ready:
            self._kept.append(before)
        else:
            self._end(before)
        self._trim()
        self._changed()

    async def unload(self, path: Path) -> None:
        """Give the memory of a model back that is kept; it is free when this returns."""
        for member in [one for one in self._kept if one.path == path]:
            self._drop(member)
        if self._ending:
            await asyncio.wait(self._ending)

    def is_at_work(self, path: Path | None) -> bool:
        """Has the one in use, or one that is kept, something to do with this model?"""
        return any(member.path == path and not member.engine.idle_seconds for member in (self._current, *self._kept))

    def unload_idle(self, limit_seconds: float) -> None:
        """Of those that are kept, what nobody has used for so long."""
        for member in [one for one in self._kept if one.engine.idle_seconds >= limit_seconds]:
            self._drop(member)

    def _trim(self) -> None:
        """Not more than MOST_KEPT; what still writes a reply stays."""
        while len(self._kept) > MOST_KEPT:
            idle = next((one for one in self._kept if one.engine.idle_seconds > 0), None)
            if idle is None:
                return
            self._drop(idle)

    def _drop(self, member: _Member) -> None:
        self._kept.remove(member)
        self._end(member)
        self._changed()

    def _end(self, member: _Member) -> None:
        log.info("%s is not kept in memory any more", member.path)
        member.is_over = True
        task = asyncio.create_task(member.engine.close(), name="end an engine")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def read_ahead_in(self, path: Path | None, request: GenerateRequest) -> None:
        """As `read_ahead`, for a chat with a model of its own: where that is in memory, and else nowhere."""
        if path in (None, self._current.path):
            self._current.engine.read_ahead(request)
        for member in [one for one in self._kept if one.path == path]:
            member.engine.read_ahead(request)

    # a job that keeps the model of one

    def lend(self, path: Path, observer: EngineObserver) -> Engine | None:
        """One that is kept, to whom hears of it from now on; None: there is none with this model."""
        member = next((one for one in self._kept if one.path == path and one.is_ready), None)
        if member is None:
            return None
        self._kept.remove(member)
        self._lent.append(member)
        member.borrower = observer
        self._changed()
        return member.engine

    def take_back(self, engine: Engine) -> None:
        """It is kept again, as long as it has its model."""
        member = next(one for one in self._lent if one.engine is engine)
        self._lent.remove(member)
        member.borrower = None
        if member.is_ready:
            engine.hold(self._is_held)
            self._kept.append(member)
            self._trim()
            self._changed()
        else:
            self._end(member)

    # an Engine

    @property
    def model_state(self) -> ModelState:
        return self._current.engine.model_state

    @property
    def capabilities(self) -> Capabilities | None:
        return self._current.engine.capabilities

    @property
    def idle_seconds(self) -> float:
        return self._current.engine.idle_seconds

    async def start(self, observer: EngineObserver) -> None:
        self._observer = observer
        await self._current.engine.start(self._current)

    async def check(self, path: Path) -> None:
        await self._current.engine.check(path)

    async def load(self, path: Path, how: LoadSettings = AS_USUAL, wanted: LoadSettings = AS_USUAL) -> Capabilities:
        """In place of the one in use. `wanted`: the settings, of which `how` is what the memory allows."""
        return await self._current.load(path, how, wanted)

    def expect_load(self) -> None:
        self._current.engine.expect_load()

    def sleep(self) -> None:
        self._current.engine.sleep()

    def wake(self) -> None:
        self._current.engine.wake()

    def has_no_model(self, error: KnownError) -> None:
        self._current.engine.has_no_model(error)

    async def generate(self, id: str, request: GenerateRequest) -> AsyncIterator[RequestEvent]:
        is_lost = True
        while is_lost:
            member, is_first, is_lost = self._current, True, False
            events = member.engine.generate(id, request)
            try:
                async for event in events:
                    is_refused = isinstance(event, RequestFailed) and event.kind is ErrorKind.NO_MODEL
                    if is_refused and is_first and member.is_over:
                        is_lost = True  # the model was being loaded, and one that is kept was chosen instead
                        break
                    is_first = False
                    yield event
            finally:
                if isinstance(events, AsyncGenerator):
                    await events.aclose()  # now, and not when it is collected

    def read_ahead(self, request: GenerateRequest) -> None:
        self._current.engine.read_ahead(request)

    def cancel(self, id: str) -> None:
        for member in self._all:
            member.engine.cancel(id)

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return await self._current.engine.count_tokens(texts)

    async def embed(self, texts: Sequence[str], priority: Priority = Priority.BULK) -> list[Vector]:
        return await self._current.engine.embed(texts, priority)

    def set_preset(self, preset: Preset, slowdown: float = 1.5) -> None:
        self._preset = (preset, slowdown)
        for member in self._all:
            member.engine.set_preset(preset, slowdown)

    def hold(self, is_held: bool) -> None:
        self._is_held = is_held
        for member in (self._current, *self._kept):
            member.engine.hold(is_held)

    def forget_chat(self, cache_key: str) -> None:
        for member in self._all:
            member.engine.forget_chat(cache_key)

    async def close(self) -> None:
        self._new_engine = None
        self._observer = None
        await asyncio.gather(*(member.engine.close() for member in self._all))
        if self._ending:
            await asyncio.wait(self._ending)

    @property
    def _all(self) -> list[_Member]:
        return [self._current, *self._kept, *self._lent]

    # what the engines tell

    def heard_state(self, member: _Member, state: ModelState, fraction: float, sentence: str) -> None:
        """Of one that is not lent."""
        if member is self._current and self._observer is not None:
            self._observer.model_state_changed(state, fraction, sentence)

    def heard_crash(self, member: _Member, running: frozenset[str], description: str) -> None:
        """Of one that is not lent. One that is kept is not loaded again: it is loaded when it is wanted."""
        if member in self._kept:
            self._drop(member)
        elif member is self._current and self._observer is not None:
            self._observer.engine_crashed(running, description)

    def heard_report(self, member: _Member, report: EngineReported) -> None:
        """Of one that is not lent."""
        if member is self._current and self._observer is not None:
            self._observer.engine_reported(report)

    def heard_chats(self, member: _Member, are_active: bool) -> None:
        """Of any: a reply may be written by one while another is in use."""
        before = bool(self._chatting)
        (self._chatting.add if are_active else self._chatting.discard)(member)
        if before != bool(self._chatting) and self._observer is not None:
            self._observer.chats_active(bool(self._chatting))


class _Member:
    """One engine, as its observer. `wanted`: the settings at the load; `report`: the last one."""

    def __init__(self, engines: KeptEngines, engine: Engine) -> None:
        self._engines, self.engine = engines, engine
        self.path: Path | None = None
        self.wanted = AS_USUAL
        self.stamp = (0, 0)
        self.report: EngineReported | None = None
        self.borrower: EngineObserver | None = None
        self.is_over = False

    @property
    def is_ready(self) -> bool:
        return self.engine.model_state is ModelState.READY

    async def load(self, path: Path, how: LoadSettings, wanted: LoadSettings) -> Capabilities:
        self.path, self.wanted, self.stamp = path, wanted, _stamp(path)
        return await self.engine.load(path, how)

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None:
        if self.borrower is not None:
            self.borrower.model_state_changed(state, fraction, sentence)
        else:
            self._engines.heard_state(self, state, fraction, sentence)

    def engine_crashed(self, running: frozenset[str], description: str) -> None:
        if self.borrower is not None:
            self.borrower.engine_crashed(running, description)
        else:
            self._engines.heard_crash(self, running, description)

    def engine_reported(self, report: EngineReported) -> None:
        self.report = report
        if self.borrower is not None:
            self.borrower.engine_reported(report)
        else:
            self._engines.heard_report(self, report)

    def chats_active(self, are_active: bool) -> None:
        self._engines.heard_chats(self, are_active)


def _stamp(path: Path) -> tuple[int, int]:
    """What tells that a file is another one by now: its bytes and its date. Zeros: it is not there."""
    with contextlib.suppress(OSError):
        facts = path.stat()
        return facts.st_size, facts.st_mtime_ns
    return 0, 0
