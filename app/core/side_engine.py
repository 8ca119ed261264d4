"""A second engine, for jobs that keep another model than the chat's, where both fit in memory. Runs on the core thread.

One model at a time, first come first served: it is loaded when a job is to run with it, and its process ends with the
last job that keeps it, or when the chat's model needs the memory. A model that is kept (kept_engines.py) is not loaded
again for a job: its engine is borrowed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence, Set
from functools import partial
from pathlib import Path

from app.core.item_runner import ItemRunner
from app.core.kept_engines import KeptEngines, NewEngine
from app.core.model_fit import fits_beside
from app.core.model_names import name_of
from app.engine.fit import ContextShape
from app.engine.interface import AS_USUAL, Engine, LoadSettings, ModelState
from app.engine.messages import EngineReported
from app.errors import KnownError
from app.logs import topic

log = topic("jobs")

SIDE_CONTEXT = 1024  # tokens of a chat with a side engine: there is none
_CONTEXTS = (
    ContextShape(context_tokens=SIDE_CONTEXT, sequences=2),
    ContextShape(context_tokens=2048, sequences=8),  # what bulk has at most
)


class SideEngine:
    """`model` is the file that is loaded, or being loaded, or was until just now; empty: none.

    `new_engine` None: there can be none. `how` says how a model is loaded. `kept`: what is in memory beside the chat's
    model, and goes before a job waits. `changed` is called when another model could be had than before, `reported` with
    what the engine tells of itself (None: it is gone), `crashed` with a sentence.
    """

    def __init__(
        self,
        new_engine: NewEngine | None,
        new_runner: Callable[[Engine], ItemRunner],
        *,
        how: Callable[[], LoadSettings] = lambda: AS_USUAL,
        kept: KeptEngines | None,
        free_bytes: Callable[[], int],
        changed: Callable[[], None],
        reported: Callable[[EngineReported | None], None],
        crashed: Callable[[str], None],
    ) -> None:
        self._new_engine = new_engine
        self._new_runner = new_runner
        self._how = how
        self._kept = kept
        self._free_bytes = free_bytes
        self._changed = changed
        self._reported = reported
        self._crashed = crashed
        self.model = ""
        self.engine: Engine | None = None
        self.runner: ItemRunner | None = None
        self._problems: dict[str, str] = {}  # by model: why it is not loaded, a sentence
        self._failed: set[str] = set()  # could not be loaded, and are not tried again until the chat's model changes
        self._moving: asyncio.Task[None] | None = None  # the process begins or ends
        self._loading: asyncio.Task[None] | None = None
        self._is_held = False
        self._gives_way = True  # until it is known what the chat's model takes
        self._is_borrowed = False

    def want(self, kept: Set[str], wanted: Sequence[str], chat_model: str) -> None:
        """Jobs that have begun keep the models `kept`; `wanted` are those of them that could run now, in their order.

        Call it whenever something changed.
        """
        if self._new_engine is None or self._moving is not None:
            return
        if self.model:
            if self._gives_way or self.model not in kept or self.model in self._failed:
                self._move(self._end)
            return
        if self._gives_way or self._is_held:
            return
        before, self._problems = self._problems, {m: why for m, why in self._problems.items() if m in self._failed}
        for model in wanted:
            if model in self._failed:
                continue
            if self._kept is not None and (engine := self._kept.lend(Path(model), self)) is not None:
                self._borrow(model, engine)
                break
            if self._fits(model, chat_model):
                self._begin(model, self._new_engine)
                break
            if self._kept is not None and self._kept.kept:
                self._move(partial(self._make_room, self._kept))
                break
            self._problems[model] = _no_room(chat_model)
        if self._problems != before:
            asyncio.get_running_loop().call_soon(self._changed)

    def why_not(self, model: str) -> str:
        """One sentence: why a job that keeps this model does not run. Empty: it may."""
        name = name_of(Path(model))
        if model in self._problems:
            why = self._problems[model]
            return f"Waits for its model, {name}: {why} Load it, or let the job use the one that is loaded."
        if self.model == model:
            return "" if self._is_ready else f"Loading its model, {name}."
        if self.model:
            other = name_of(Path(self.model))
            return (
                f"Waits for its model, {name}: {other} is in memory for another job. Load it, or let the job use the "
                "one that is loaded."
            )
        return f"Waits for its model, {name}. Load it, or let the job use the one that is loaded."

    def hold(self, is_held: bool) -> None:
        """Its jobs stand still, until they are let go on."""
        if is_held != self._is_held:
            self._is_held = is_held
            if self.engine is not None:
                self.engine.hold(is_held)

    async def give_way(self) -> None:
        """The chat's model is about to change: the memory is free when this returns, and stays so until `go_on`."""
        self._gives_way = True
        while self.model:
            await asyncio.wait([self._moving or self._move(self._end)])

    def go_on(self) -> None:
        """The chat's model is there, or there is none."""
        self._gives_way = False
        self._problems.clear()
        self._failed.clear()

    async def close(self) -> None:
        """Leave everything as it stands in the store; the next start goes on."""
        self._new_engine = None
        for task in (self._moving, self._loading):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        if self.runner is not None:
            await self.runner.close()
        if self.engine is not None and not self._is_borrowed:
            await self.engine.close()

    @property
    def _is_ready(self) -> bool:
        return self._moving is None and self.engine is not None and self.engine.model_state is ModelState.READY

    def _fits(self, model: str, chat_model: str) -> bool:
        others = [Path(chat_model), *(self._kept.kept if self._kept is not None else ())]
        return fits_beside(Path(model), others, self._free_bytes(), _CONTEXTS)

    async def _make_room(self, kept: KeptEngines) -> None:
        await kept.unload(kept.kept[0])

    # the process

    def _borrow(self, model: str, engine: Engine) -> None:
        log.info("%s is in memory, and is what a job keeps", model)
        self.model, self.engine, self._is_borrowed = model, engine, True
        self.runner = self._new_runner(engine)
        engine.hold(self._is_held)
        asyncio.get_running_loop().call_soon(self._changed)

    def _begin(self, model: str, new_engine: NewEngine) -> None:
        log.info("%s is loaded beside the chat's model", model)
        self.model, self.engine = model, new_engine()
        self.runner = self._new_runner(self.engine)
        self._move(partial(self._start, self.engine, model))
        asyncio.get_running_loop().call_soon(self._changed)

    def _move(self, moving: Callable[[], Coroutine[None, None, None]]) -> asyncio.Task[None]:
        async def move() -> None:
            try:
                await moving()
            finally:
                self._moving = None
            self._changed()

        task = self._moving = asyncio.create_task(move(), name="side engine")
        return task

    async def _start(self, engine: Engine, model: str) -> None:
        try:
            await engine.start(self)
        except OSError as error:
            log.exception("the side engine could not be started")
            self._has_failed(f"its engine could not be started ({error.strerror}).")
            return
        engine.hold(self._is_held)
        self._loading = asyncio.create_task(self._load(engine, model), name="load the side model")

    async def _load(self, engine: Engine, model: str) -> None:
        with contextlib.suppress(KnownError):  # which was told in model_state_changed
            await engine.load(Path(model), self._how())

    async def _end(self) -> None:
        assert self.runner is not None
        assert self.engine is not None
        log.info("%s is not needed beside the chat's model any more", self.model)
        await self.runner.hand_back()
        if self._loading is not None:
            self._loading.cancel()
        if self._is_borrowed and self._kept is not None:
            self._kept.take_back(self.engine)
        else:
            await self.engine.close()
        self.model, self.engine, self.runner, self._loading, self._is_borrowed = "", None, None, None, False
        self._reported(None)

    def _has_failed(self, why: str) -> None:
        self._failed.add(self.model)
        self._problems[self.model] = why

    # what the engine tells (EngineObserver)

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None:
        if state is ModelState.FAILED:
            self._has_failed(sentence)
        if state in (ModelState.READY, ModelState.FAILED):
            self._changed()

    def engine_crashed(self, running: frozenset[str], description: str) -> None:
        if self.runner is not None:
            self.runner.engine_crashed(running)
        self._crashed(description)

    def engine_reported(self, report: EngineReported) -> None:
        self._reported(report)

    def chats_active(self, are_active: bool) -> None:
        """Nobody chats here."""


def _no_room(chat_model: str) -> str:
    if not chat_model:
        return "it does not fit into memory."
    return f"it does not fit into memory beside {name_of(Path(chat_model))}."
