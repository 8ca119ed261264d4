"""A step of bulk on a thread of its own, at the same time as steps of chats. Told what to do on the step thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from app.engine.process.backend import StepResult
from app.engine.process.llama_context import AbortFlag, LlamaContext, PausableFlag

STAND_SECONDS = 0.002  # so long a chat's step waits for both cores; else it gets those that are free


class SideThread:
    """`flag` is the one that tears bulk's steps otherwise."""

    def __init__(self, flag: AbortFlag) -> None:
        self._flag = flag
        self._own_flag = PausableFlag()
        self._can_pause = False
        self._step: Future[StepResult] | None = None
        self._thread = ThreadPoolExecutor(1, "bulk beside a chat")
        self.n_threads = 0  # that it computes on now

    @property
    def is_busy(self) -> bool:
        return self._step is not None

    def start(self, compute: Callable[[], StepResult], context: LlamaContext | None, n_threads: int) -> None:
        """`context`: which it computes in, where that can stand still in the middle of a step; on one thread it can."""
        self._flag.clear()
        self._own_flag.clear()
        self.n_threads = n_threads
        self._can_pause = context is not None and n_threads == 1
        if context is not None and n_threads == 1:
            self._step = self._thread.submit(self._compute_pausable, compute, context)
        else:
            self._step = self._thread.submit(compute)

    def _compute_pausable(self, compute: Callable[[], StepResult], context: LlamaContext) -> StepResult:
        context.obey(self._own_flag)
        try:
            return compute()
        finally:
            context.obey(self._flag)

    def pause(self, is_paused: bool) -> int:
        """Have it stand still, or go on, where it can; returns how many threads it has now."""
        if self._can_pause:
            self._own_flag.pause(is_paused)
            self.n_threads = 0 if is_paused and self._own_flag.stands(STAND_SECONDS) else 1
        return self.n_threads

    def take(self) -> StepResult | None:
        """The result, once it is there. Raises what was raised."""
        if self._step is None or not self._step.done():
            return None
        return self._settle(self._step)

    def end(self) -> StepResult:
        """Tear it; the result. Raises what was raised."""
        assert self._step is not None
        self._flag.raise_()
        self._own_flag.raise_()
        return self._settle(self._step)

    def interrupt(self) -> None:
        """Any thread."""
        self._own_flag.raise_()

    def _settle(self, step: Future[StepResult]) -> StepResult:
        try:
            return step.result()
        finally:
            self._step, self.n_threads = None, 0
            self._flag.clear()

    def close(self) -> None:
        if self._step is not None:
            self.end()
        self._thread.shutdown()
