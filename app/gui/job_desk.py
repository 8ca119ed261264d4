"""What the window knows of jobs: it asks Core, keeps the pane up to date, says when one is ready. GUI thread only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.events import JobChanged, JobRemoved, StatusChanged
from app.core.views import JobState, JobView, MachinePhase, StatusView
from app.gui import job_words
from app.gui.bridge import Bridge
from app.gui.core_words import retold
from app.gui.job_actions import OVER
from app.gui.jobs_pane import JobsPane
from app.gui.notices import Notices
from app.gui.tongue import tr

_AT_WORK = (JobState.RUNNING, JobState.READING)

if TYPE_CHECKING:
    from app.core.core import Core


class JobDesk(QObject):
    """`changed` after each news; `over` with the sentence of a job that was begun here and is over."""

    changed = Signal()
    over = Signal(str)

    def __init__(self, bridge: Bridge, pane: JobsPane, notices: Notices) -> None:
        super().__init__(pane)
        self._bridge, self._pane, self._notices = bridge, pane, notices
        self._jobs: dict[str, JobView] = {}  # in the order of the queue, without drafts: those are their dialog's
        self._awaited: set[str] = set()  # begun in this session, not over yet
        self.status = StatusView()
        self._parked_since: float | None = None
        asked = pane.actions_asked
        asked.pause.connect(lambda job_id: bridge.call(lambda core: core.pause_job(job_id)))
        asked.resume.connect(lambda job_id: bridge.call(lambda core: core.resume_job(job_id)))
        asked.cancel.connect(lambda job_id: bridge.call(lambda core: core.cancel_job(job_id)))
        asked.retry.connect(self._retry)
        asked.remove.connect(lambda job_id: bridge.call(lambda core: core.remove_job(job_id)))
        asked.use_model.connect(lambda job_id: bridge.call(lambda core: core.use_loaded_model(job_id)))
        asked.put_first.connect(self._put_first)
        asked.move.connect(self._move)

    def start(self) -> None:
        """Ask Core for all jobs."""
        self._bridge.call(lambda core: core.jobs(), done=self._show)

    def job(self, job_id: str) -> JobView | None:
        """As it was heard of last."""
        return self._jobs.get(job_id)

    def all(self) -> list[JobView]:
        """In the order of the queue, without drafts."""
        return list(self._jobs.values())

    def summarize(self, files: Sequence[Path]) -> None:
        """Queue a summary of these files."""
        wanted = tuple(files)
        self._bridge.call(lambda core: _summarize(core, wanted), done=self.await_job)

    def await_job(self, job_id: str) -> None:
        """It was begun here: say when it is ready."""
        self._awaited.add(job_id)
        if job := self._jobs.get(job_id):
            self._announce(job)

    def hear(self, event: JobChanged | JobRemoved | StatusChanged) -> None:
        """One event from the core."""
        match event:
            case JobChanged():
                if event.job.state is not JobState.DRAFT:
                    self._jobs[event.job.id] = event.job
                    self._pane.show_job(event.job)
                    self._announce(event.job)
            case JobRemoved():
                self._jobs.pop(event.job_id, None)
                self._pane.remove(event.job_id)
            case StatusChanged():
                self._take_status(event.status)
        self.changed.emit()

    @property
    def parked_seconds(self) -> float | None:
        """How long jobs have stood still for the chat; None while they don't."""
        return time.monotonic() - self._parked_since if self._parked_since is not None else None

    def running_job(self) -> JobView | None:
        """The one that the machine works on now."""
        at_work = [job for job in self._jobs.values() if job.state in _AT_WORK]
        return min(at_work, key=lambda job: (_AT_WORK.index(job.state), job.created_seconds), default=None)

    def _show(self, jobs: list[JobView]) -> None:
        self._jobs = {job.id: job for job in jobs if job.state is not JobState.DRAFT}
        self._pane.show_jobs(list(self._jobs.values()))
        self.changed.emit()

    def _retry(self, job_id: str) -> None:
        self._bridge.call(lambda core: core.retry_job(job_id), done=lambda _: self.await_job(job_id))

    def _put_first(self, job_id: str, is_first: bool) -> None:
        self._bridge.call(lambda core: core.put_job_first(job_id, is_first), done=lambda _: self.start())

    def _move(self, job_id: str, by: int) -> None:
        """Past the neighbour in the queue, and past what is over and lies between."""
        everything = list(self._jobs)
        queue = [job.id for job in self._jobs.values() if job.state not in OVER]
        place = queue.index(job_id) + by if job_id in queue else -1
        if 0 <= place < len(queue):
            places = everything.index(queue[place]) - everything.index(job_id)
            self._bridge.call(lambda core: core.move_job(job_id, places), done=lambda _: self.start())

    def _take_status(self, status: StatusView) -> None:
        self.status = status
        is_parked = status.phase is MachinePhase.BULK_PARKED
        self._parked_since = (self._parked_since or time.monotonic()) if is_parked else None
        self._pane.show_status(status, self.parked_seconds)

    def _announce(self, job: JobView) -> None:
        if job.id not in self._awaited or job.state not in OVER:
            return
        self._awaited.discard(job.id)
        sentence = ""
        if job.state is JobState.DONE:
            lacks = job_words.job_lacks(job)
            sentence = tr("{title} is ready{lacks}.", title=retold(job.title), lacks=lacks)
            open_result = (tr("Open"), lambda: self._pane.actions_asked.open.emit(job.id))
            self._notices.show_notice(sentence, tone="warn" if lacks else "ok", action=open_result, key=job.id)
        elif job.state is JobState.FAILED:
            sentence = retold(job.error) or tr("{title} failed.", title=retold(job.title))
            self._notices.show_notice(sentence, tone="danger", key=job.id)
        if sentence:
            self.over.emit(sentence)


async def _summarize(core: Core, files: Sequence[Path]) -> str:
    from app.core.kinds.summarize import SummarizeParams  # Core has it; the window need not

    return await core.add_job("summarize", SummarizeParams(), files)
