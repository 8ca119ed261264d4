"""Jobs: what a person does with them and sees of them. Runs on the core thread."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from app.core import summary
from app.core.document_queue import DocumentQueue
from app.core.documents import DocumentService
from app.core.events import Event, JobChanged, JobRemoved
from app.core.item_runner import ItemRunner
from app.core.views import JobState, JobView, SummaryView
from app.engine.interface import Engine
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.store.jobs import JobRow, Jobs

log = topic("jobs")

_UNFINISHED = (JobState.READING, JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
_UNDER_WAY = (JobState.READING, JobState.QUEUED, JobState.RUNNING)


class JobService:
    """All jobs. `publish` hands events to the face."""

    def __init__(
        self,
        store: Jobs,
        engine: Engine,
        documents: DocumentService,
        publish: Callable[[Event], None],
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._store = store
        self._publish = publish
        self._clock = clock
        self._new_id = new_id
        self._runner = ItemRunner(store=store, engine=engine, publish=publish, changed=self._changed)
        self._documents = DocumentQueue(store, engine, documents, publish, self._document_moved)
        self._moved = asyncio.Event()

    def recover(self) -> None:
        """At the start: what was running is queued again, what was being read is read again."""
        count = self._store.requeue_all_running()
        if count:
            log.info("%d items were running and are queued again", count)
        for job in self._store.all():
            if job.state == JobState.READING.value:
                self._documents.add(job)
        self.wake()

    def wake(self) -> None:
        """Something changed: a model is ready, for example."""
        self._documents.wake()
        self._runner.fill()

    def engine_crashed(self, running: frozenset[str]) -> None:
        """`running`: all requests that were with the engine."""
        self._runner.engine_crashed(running)

    async def close(self) -> None:
        """Leave everything as it stands in the store; the next start goes on."""
        await self._documents.close()
        await self._runner.close()

    # what a person does

    def summarize(self, files: Sequence[Path]) -> list[str]:
        """One job a file, stored before anything is read; returns their ids. Raises KnownError, and queues none."""
        ids = []
        for file in files:
            if not _is_text(file):
                raise KnownError(
                    ErrorKind.BAD_REQUEST, f"The name of {file} is not valid UTF-8: rename it, and try again."
                )
        for file in files:
            id = self._new_id()
            self._store.add(
                id=id,
                kind="summarize",
                title=f"Summary of {file.name}",
                source=str(file),
                params=summary.encode(summary.SummaryParams(document=file.name)),
                now_seconds=self._clock(),
            )
            ids.append(id)
            self._documents.add(self._job(id))
            self._changed(id)
        return ids

    def pause(self, job_id: str) -> None:
        if JobState(self._job(job_id).state) in _UNDER_WAY:
            self._halt(job_id, JobState.PAUSED)

    def resume(self, job_id: str) -> None:
        if self._job(job_id).state == JobState.PAUSED.value:
            self._go_on(job_id)

    def cancel(self, job_id: str) -> None:
        if JobState(self._job(job_id).state) in _UNFINISHED:
            self._halt(job_id, JobState.CANCELLED)

    def retry(self, job_id: str) -> None:
        """Failed or cancelled: what is missing goes again; a document that was not read is read again."""
        job = self._job(job_id)
        if JobState(job.state) in _UNFINISHED or (
            job.state == JobState.DONE.value and self._store.count(job_id).failed == 0
        ):
            raise KnownError(ErrorKind.BAD_REQUEST, f"{job.title} has nothing to be tried again.")
        self._store.retry_failed(job_id)
        self._go_on(job_id)

    def remove(self, job_id: str) -> None:
        self._halt(job_id, JobState.CANCELLED)
        self._store.remove(job_id)
        self._publish(JobRemoved(job_id=job_id))

    async def wait(self, job_id: str) -> JobView:
        """Until a job is done, failed, paused or cancelled."""
        while (view := self._view(self._job(job_id))).state in _UNDER_WAY:
            self._moved.clear()
            await self._moved.wait()
        return view

    def _go_on(self, job_id: str) -> None:
        was_read = self._n_chunks(job_id) > 0
        self._store.set_state(job_id, (JobState.QUEUED if was_read else JobState.READING).value)
        if not was_read:
            self._documents.add(self._job(job_id))
        self._changed(job_id)
        self.wake()

    def _halt(self, job_id: str, state: JobState) -> None:
        self._store.set_state(job_id, state.value)
        self._documents.stop_job(job_id)
        self._runner.stop_job(job_id)
        self._changed(job_id)
        self.wake()

    # what a person sees

    def all(self) -> list[JobView]:
        return [self._view(job) for job in self._store.all()]

    def result(self, job_id: str) -> SummaryView:
        """Raises KnownError while the job is not done."""
        job = self._job(job_id)
        if job.state != JobState.DONE.value:
            raise KnownError(ErrorKind.BAD_REQUEST, f"{job.title} is not finished yet.")
        return summary.summary(job_id, job.title, summary.decode_params(job.params), self._store.items(job_id))

    def unfinished_items(self) -> tuple[int, int]:
        """(done, total) over all unfinished jobs."""
        views = [self._view(job) for job in self._store.all() if JobState(job.state) in _UNFINISHED]
        return sum(view.items_done for view in views), sum(view.items_total for view in views)

    def _job(self, job_id: str) -> JobRow:
        job = self._store.get(job_id)
        if job is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This job is not there any more.")
        return job

    def _document_moved(self, job_id: str) -> None:
        self._changed(job_id)
        self._runner.fill()

    def _changed(self, job_id: str) -> None:
        job = self._store.get(job_id)
        if job is not None:
            self._moved.set()
            self._publish(JobChanged(job=self._view(job)))

    def _view(self, job: JobRow) -> JobView:
        counts = self._store.count(job.id)
        state = JobState(job.state)
        total = summary.total_items(self._n_chunks(job.id)) if state is not JobState.READING else 0
        finished = counts.done + counts.failed
        return JobView(
            id=job.id,
            title=job.title,
            state=state,
            items_done=counts.done,
            items_failed=counts.failed,
            items_total=finished if state is JobState.DONE else max(total, finished),
            coverage=self._coverage(job, state),
            error=job.error,
            created_seconds=job.created_seconds,
            seconds_left=self._runner.seconds_left(job.id, total - finished) if state is JobState.RUNNING else None,
            items_running=counts.running,
        )

    def _n_chunks(self, job_id: str) -> int:
        counts = self._store.count(job_id, 0)
        return counts.queued + counts.running + counts.done + counts.failed

    def _coverage(self, job: JobRow, state: JobState) -> str:
        pages = self._documents.pages_read(job.id)
        if state is JobState.READING and self._documents.waits_for_model(job.id):
            return "waiting for a model"
        if state is JobState.READING and pages is not None:
            n_read, n_pages = pages
            return f"{n_read} of {n_pages} pages read" if n_pages else f"{n_read} parts read"
        if state is not JobState.DONE:
            return ""
        # stored with the end of the job; one that ended before that was done is counted here
        return job.coverage or summary.coverage(summary.decode_params(job.params), self._store.items(job.id, 0))


def _is_text(file: Path) -> bool:
    """The database, which finds it again later, holds text."""
    try:
        str(file).encode()
    except UnicodeEncodeError:
        return False
    return True
