"""Balanced: a step of bulk that is computed at the same time as steps of chats. Runs on the step thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.engine.process.backend import Backend, DecodeFailed, StepPlan, StepResult
from app.engine.process.scheduler import Scheduler


@dataclass(kw_only=True)
class Beside:
    """`apply` takes in what came of a step, `lose` is told of one that could not be computed."""

    backend: Backend
    scheduler: Scheduler
    apply: Callable[[StepPlan, StepResult], None]
    lose: Callable[[DecodeFailed], None]
    _plan: StepPlan | None = None

    @property
    def is_running(self) -> bool:
        """Bulk's slots are in use."""
        return self._plan is not None

    def start(self) -> None:
        """Where it is time for it; one that runs stands still or goes on, as the balance says."""
        plan = None if self._plan is not None else self.scheduler.plan_beside()
        if self._plan is None and plan is None:
            return
        n_threads = self.scheduler.balance.threads(self.backend.n_threads)
        if self._plan is not None:
            self.scheduler.beside_threads = self.backend.pause_beside(n_threads == 0)
        elif plan is not None and n_threads > 0:
            self.backend.start_beside(plan, n_threads)
            self._plan, self.scheduler.beside_threads = plan, n_threads

    def take(self) -> None:
        """What has been computed; where bulk may not run any more, it is torn."""
        if self._plan is None:
            return
        if not self.scheduler.may_run_beside:
            self.end()
            return
        self._settle(self._plan, self.backend.take_beside)

    def end(self) -> None:
        """Torn, wherever it is."""
        if self._plan is not None:
            self._settle(self._plan, self.backend.end_beside)

    def _settle(self, plan: StepPlan, result_of: Callable[[], StepResult | None]) -> None:
        try:
            result = result_of()
            if result is None:
                return
            self._plan, self.scheduler.beside_threads = None, 0
            self.apply(plan, result)
        except DecodeFailed as error:
            self._plan, self.scheduler.beside_threads = None, 0
            self.lose(error)
