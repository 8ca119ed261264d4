"""What the window knows of jobs: it asks Core, keeps the pane up to date, says when one is ready. GUI thread only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.events import JobChanged, JobRemoved, StatusChanged
from app.core.views import JobState, JobView, MachinePhase, StatusView
from app.gui.bridge import Bridge
from app.gui.jobs_pane import JobsPane
from app.gui.notices import Notices

_AT_WORK = (JobState.RUNNING, JobState.READING)
_OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class JobDesk(QObject):
    """`changed` after each news; `open_asked` with the id of a job whose result is wanted."""

    changed = Signal()
    open_asked = Signal(str)

    def __init__(self, bridge: Bridge, pane: JobsPane, notices: Notices) -> None:
        super().__init__(pane)
        self._bridge, self._pane, self._notices = bridge, pane, notices
        self._jobs: dict[str, JobView] = {}
        self._awaited: set[str] = set()  # begun in this session, not over yet
        self.status = StatusView()
        self._parked_since: float | None = None
        asked = pane.actions_asked
        asked.pause.connect(lambda job_id: bridge.call(lambda core: core.pause_job(job_id)))
        asked.resume.connect(lambda job_id: bridge.call(lambda core: core.resume_job(job_id)))
        asked.cancel.connect(lambda job_id: bridge.call(lambda core: core.cancel_job(job_id)))
        asked.retry.connect(lambda job_id: bridge.call(lambda core: core.retry_job(job_id)))
        asked.remove.connect(lambda job_id: bridge.call(lambda core: core.remove_job(job_id)))
        asked.open.connect(self.open_asked)

    def start(self) -> None:
        """Ask Core for all jobs."""
        self._bridge.call(lambda core: core.jobs(), done=self._show)

    def summarize(self, files: Sequence[Path]) -> None:
        """Queue a summary of each file; a bar says when it is ready."""
        wanted = tuple(files)
        self._bridge.call(lambda core: core.summarize(wanted), done=self._await)

    def hear(self, event: JobChanged | JobRemoved | StatusChanged) -> None:
        """One event from the core."""
        match event:
            case JobChanged():
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
        self._jobs = {job.id: job for job in jobs}
        self._pane.show_jobs(jobs)
        self.changed.emit()

    def _take_status(self, status: StatusView) -> None:
        self.status = status
        is_parked = status.phase is MachinePhase.BULK_PARKED
        self._parked_since = (self._parked_since or time.monotonic()) if is_parked else None
        self._pane.show_status(status, self.parked_seconds)

    def _await(self, job_ids: list[str]) -> None:
        self._awaited.update(job_ids)
        for job_id in job_ids:
            if job := self._jobs.get(job_id):
                self._announce(job)

    def _announce(self, job: JobView) -> None:
        if job.id not in self._awaited or job.state not in _OVER:
            return
        self._awaited.discard(job.id)
        if job.state is JobState.DONE:
            open_result = ("Open", lambda: self.open_asked.emit(job.id))
            self._notices.show_notice(f"{job.title} is ready.", tone="ok", action=open_result, key=job.id)
        elif job.state is JobState.FAILED:
            self._notices.show_notice(job.error or f"{job.title} failed.", tone="danger", key=job.id)
