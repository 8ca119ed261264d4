"""Which job runs where: with the chat's engine or with the side engine. Runs on the core thread.

Both are computed at the same time, each with the threads that the other leaves it; the side engine gives way to chats,
and jobs of one engine to the job of the other that was put first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from app.core import job_options
from app.core.item_runner import ItemRunner
from app.core.machine import Machine, is_conditional, why_not
from app.core.model_names import name_of
from app.core.side_engine import SideEngine
from app.engine.interface import Engine, ModelState
from app.store.jobs import JobRow, Jobs

LOOK_SECONDS = 10.0  # how often what jobs wait for is looked at
BEGUN = ("queued", "running")


class JobRunner:
    """`model` names the file that the chat's engine has, or is loading; `tell` is called for a job that waits."""

    def __init__(
        self,
        store: Jobs,
        engine: Engine,
        runner: ItemRunner,
        side: SideEngine,
        machine: Machine,
        model: Callable[[], str],
        tell: Callable[[str], None],
    ) -> None:
        self._store = store
        self._engine = engine
        self._runner = runner
        self._side = side
        self._machine = machine
        self._model = model
        self._tell = tell
        self.look_seconds = LOOK_SECONDS
        self._looking: asyncio.TimerHandle | None = None
        self._is_held = False  # bulk of the chat's engine is
        self._are_chats_active = self._is_measured = False

    def fill(self) -> None:
        """Give the engines what they can take. Call it whenever something changed."""
        self._look_at_side()
        if self._engine.model_state is ModelState.ASLEEP and self.on_chats_engine():
            self._engine.wake()
        self._runner.fill()
        if self._side.runner is not None:
            self._side.runner.fill()
        self.share()
        if self._looking is None and any(self._waits(job) for job in self._begun()):
            self._looking = asyncio.get_running_loop().call_later(self.look_seconds, self._look_again)

    def stop_job(self, job_id: str) -> None:
        """Its items go back to the queue."""
        for runner in self._runners:
            runner.stop_job(job_id)

    def leave_chats_engine(self) -> None:
        """Its model is about to be another."""
        for job_id in self._runner.job_ids:
            self._runner.stop_job(job_id)

    def engine_crashed(self, running: frozenset[str]) -> None:
        """The chat's engine did. `running`: all requests that were with it."""
        self._runner.engine_crashed(running)

    def chats_active(self, are_active: bool) -> None:
        """Somebody waits for a reply, or nobody does any more."""
        self._are_chats_active = are_active
        self.share()
        if not are_active:
            self._look_at_side()  # it loads nothing while somebody chats

    def measure(self, is_on: bool) -> None:
        """This machine is being measured, or has been: jobs stand still meanwhile."""
        self._is_measured = is_on
        self.share()
        for job in self._begun():
            self._tell(job.id)

    async def close(self) -> None:
        """Leave everything as it stands in the store; the next start goes on."""
        if self._looking is not None:
            self._looking.cancel()
        await self._runner.close()
        await self._side.close()

    # what may run

    def on_chats_engine(self) -> list[str]:
        """Jobs that may run with the model of the chats."""
        return [job.id for job in self._begun() if self._is_chats(job) and not self._waits_for_machine(job)]

    def on_side_engine(self) -> list[str]:
        """Jobs that may run with the model of the side engine."""
        return [job.id for job in self._begun() if self._is_sides(job) and not self._waits_for_machine(job)]

    def engine_of(self, job: JobRow) -> Engine:
        """Which counts its tokens: that of its model, where that is loaded."""
        return self._side.engine if self._side.engine is not None and self._is_sides(job) else self._engine

    def keeps_another_model(self, job: JobRow) -> bool:
        """Than the chat's."""
        return not self._is_chats(job)

    def why_not(self, job: JobRow) -> str:
        """One sentence: why it does not run now. Empty: it may."""
        if self._is_measured:
            return "Waits until this machine has been measured."
        if self._is_chats(job):
            return self._waits_for_machine(job)
        if not Path(job.model).is_file():
            return f"Its model, {name_of(Path(job.model))}, is gone. Let the job use the one that is loaded."
        return self._side.why_not(job.model) or self._waits_for_machine(job)

    @property
    def _runners(self) -> list[ItemRunner]:
        return [self._runner] if self._side.runner is None else [self._runner, self._side.runner]

    def _begun(self) -> list[JobRow]:
        return self._store.begun()

    def _is_chats(self, job: JobRow) -> bool:
        return job.model in ("", self._model())

    def _is_sides(self, job: JobRow) -> bool:
        return not self._is_chats(job) and job.model == self._side.model

    def _waits_for_machine(self, job: JobRow) -> str:
        options = job_options.decode(job.options)
        return why_not(options, self._machine.state()) if is_conditional(options) else ""

    def _look_at_side(self) -> None:
        others = [job for job in self._begun() if not self._is_chats(job) and Path(job.model).is_file()]
        wanted = [job.model for job in others if not self._waits_for_machine(job)]
        self._side.want({job.model for job in others}, wanted, self._model())

    def _waits(self, job: JobRow) -> bool:
        return not self._is_chats(job) or is_conditional(job_options.decode(job.options))

    def _look_again(self) -> None:
        self._looking = None
        for job in self._begun():
            if self._waits(job):
                if self._waits_for_machine(job):
                    self.stop_job(job.id)  # its items go on when the condition holds again
                self._tell(job.id)
        self.fill()

    # who computes

    def share(self) -> None:
        """Chats go before the side engine; where one engine has a job that was put first, the other waits."""
        chats_first, sides_first = map(self._has_first, (self._runner, self._side.runner))
        is_held = self._is_measured or (sides_first and not chats_first)
        if is_held != self._is_held:
            self._is_held = is_held
            self._engine.hold(is_held)
        self._side.hold(self._is_measured or self._are_chats_active or (chats_first and not sides_first))

    def _has_first(self, runner: ItemRunner | None) -> bool:
        ids = runner.job_ids if runner is not None else ()
        return any((job := self._store.get(id)) is not None and job.is_first for id in ids)
