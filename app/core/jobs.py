"""The job runner: takes items from the durable queue, keeps the engine full, records each result with its "done".

After an engine crash the items that were running go one at a time; one that crashes the engine alone, twice, has
failed, its neighbours have not. Runs on the core thread.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.core import summary
from app.core.documents import DocumentService
from app.core.events import Event, JobChanged, JobRemoved, NoticeShown
from app.core.views import JobState, JobView, SummaryView
from app.engine.interface import Engine, ModelState
from app.engine.messages import FinishReason, RequestFailed, RequestFinished, TextProduced
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.store.jobs import ItemCounts, ItemRow, JobRow, Jobs

log = topic("jobs")

MOST_CRASHES_ALONE = 2
QUEUED_AHEAD = 2  # items given to the engine beyond its sequences, so that it never waits for the next one
RECORD_AGAIN_SECONDS = 5.0  # a full disk: the result is kept and written when there is room
_REQUEUED = (ErrorKind.NO_MODEL, ErrorKind.ENGINE_CRASHED)
_UNFINISHED = (JobState.READING, JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)


@dataclass
class _Running:
    item: ItemRow
    task: asyncio.Task[None]


@dataclass
class _Pace:
    """How fast a job goes, measured since the program started."""

    started_seconds: float
    n_done: int = 0


@dataclass(kw_only=True)
class JobRunner:
    """All jobs. `publish` hands events to the face."""

    store: Jobs
    engine: Engine
    documents: DocumentService
    publish: Callable[[Event], None]
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    _running: dict[str, _Running] = field(default_factory=dict)  # by request id
    _readers: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # by job
    _pages: dict[str, tuple[int, int | None]] = field(default_factory=dict)  # of documents being read
    _paces: dict[str, _Pace] = field(default_factory=dict)
    _crashed_together: frozenset[str] = frozenset()
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _is_closing: bool = False

    def recover(self) -> None:
        """At the start: what was running is queued again, what was being read is read again."""
        count = self.store.requeue_all_running()
        if count:
            log.info("%d items were running and are queued again", count)
        for job in self.store.all():
            if job.state == JobState.READING.value:
                self._read(job)
        self.wake()

    # jobs

    def all(self) -> list[JobView]:
        return [self._view(job) for job in self.store.all()]

    def summarize(self, files: Sequence[Path]) -> list[str]:
        """One job a file, stored before anything is read; returns their ids."""
        ids = []
        for file in files:
            id = self.new_id()
            params = summary.encode(summary.SummaryParams(document=file.name))
            self.store.add(
                id=id,
                kind="summarize",
                title=f"Summary of {file.name}",
                source=str(file),
                params=params,
                now_seconds=self.clock(),
            )
            ids.append(id)
            self._read(self._job(id))
            self._publish(id)
        return ids

    def pause(self, job_id: str) -> None:
        if self._job(job_id).state in (JobState.QUEUED.value, JobState.RUNNING.value):
            self._halt(job_id, JobState.PAUSED)

    def resume(self, job_id: str) -> None:
        if self._job(job_id).state == JobState.PAUSED.value:
            self._go_on(job_id)

    def cancel(self, job_id: str) -> None:
        if JobState(self._job(job_id).state) in _UNFINISHED:
            self._halt(job_id, JobState.CANCELLED)

    def retry(self, job_id: str) -> None:
        """Failed or cancelled: what is missing goes again; a document that was not read is read again."""
        self.store.retry_failed(job_id)
        self._go_on(job_id)

    def _go_on(self, job_id: str) -> None:
        was_read = self._n_chunks(job_id) > 0
        self.store.set_state(job_id, (JobState.QUEUED if was_read else JobState.READING).value)
        if not was_read:
            self._read(self._job(job_id))
        self._publish(job_id)
        self.wake()

    def remove(self, job_id: str) -> None:
        self._halt(job_id, JobState.CANCELLED)
        self.store.remove(job_id)
        self.publish(JobRemoved(job_id=job_id))

    def result(self, job_id: str) -> SummaryView:
        job = self._job(job_id)
        items = self.store.items(job_id)
        if job.state != JobState.DONE.value or not items:
            raise KnownError(ErrorKind.BAD_REQUEST, f"{job.title} is not finished yet.")
        return summary.summary(job_id, job.title, summary.decode_params(job.params), items)

    def unfinished_items(self) -> tuple[int, int]:
        """(done, total) over all unfinished jobs."""
        views = [self._view(job) for job in self.store.all() if JobState(job.state) in _UNFINISHED]
        return sum(view.items_done for view in views), sum(view.items_total for view in views)

    async def wait(self, job_id: str) -> JobView:
        """Until a job has had its last word."""
        while (view := self._view(self._job(job_id))).state in (JobState.READING, JobState.QUEUED, JobState.RUNNING):
            self._changed.clear()
            await self._changed.wait()
        return view

    # reading

    def _read(self, job: JobRow) -> None:
        self._readers[job.id] = asyncio.create_task(self._read_document(job), name=f"read {job.source}")

    async def _read_document(self, job: JobRow) -> None:
        try:
            document = await self.documents.read(Path(job.source), lambda *pages: self._pages_read(job.id, *pages))
            sizes = summary.sizes_for(await self._bulk_context())
            chunks = await self.documents.chunks(document, sizes.chunk_tokens)
            params = summary.SummaryParams(
                document=document.name,
                n_pages=document.n_pages,
                notes=document.notes,
                output_tokens=sizes.output_tokens,
            )
            self.store.queue_items(job.id, 0, summary.chunk_inputs(chunks), params=summary.encode(params))
        except KnownError as error:
            if error.kind is ErrorKind.ENGINE_CRASHED:
                self._read(job)
                return
            self._fail_job(job.id, error.sentence)
        except Exception:
            log.exception("a document could not be prepared")
            self._fail_job(job.id, f"{Path(job.source).name} could not be prepared; the log says why.")
        finally:
            self._pages.pop(job.id, None)
            if self._readers.get(job.id) is asyncio.current_task():
                del self._readers[job.id]
        self._publish(job.id)
        self.wake()

    async def _bulk_context(self) -> int:
        """Tokens that one bulk request can have; waits for the model."""
        await self.engine.count_tokens([""])
        capabilities = self.engine.capabilities
        if capabilities is None:
            raise KnownError(ErrorKind.NO_MODEL, "No model is loaded. Choose a model, then try again.")
        return capabilities.bulk_context

    def _pages_read(self, job_id: str, n_read: int, n_pages: int | None) -> None:
        self._pages[job_id] = (n_read, n_pages)
        self._publish(job_id)

    def _fail_job(self, job_id: str, sentence: str) -> None:
        try:
            self.store.set_state(job_id, JobState.FAILED.value, sentence)
        except KnownError as error:
            self.publish(NoticeShown(sentence=error.sentence, is_error=True))

    # running

    def wake(self) -> None:
        """Something changed: give the engine what it can take."""
        self._changed.set()
        if self._is_closing:
            return
        try:
            self._fill()
        except KnownError as error:
            self.publish(NoticeShown(sentence=error.sentence, is_error=True))

    def engine_crashed(self, running: frozenset[str]) -> None:
        """`running`: all requests that were with the engine, chats too."""
        self._crashed_together = running

    def _fill(self) -> None:
        capabilities = self.engine.capabilities
        if self.engine.model_state is not ModelState.READY or capabilities is None:
            return
        if self.store.has_suspects() or any(running.item.is_suspect for running in self._running.values()):
            if not self._running:
                self._claim(only_suspects=True)
            return
        while len(self._running) < capabilities.bulk_sequences + QUEUED_AHEAD:
            if not self._claim(only_suspects=False):
                return

    def _claim(self, *, only_suspects: bool) -> bool:
        item = self.store.claim(only_suspects=only_suspects)
        if item is None:
            return False
        if self.store.start_job(item.job_id) or item.job_id not in self._paces:
            self._paces[item.job_id] = _Pace(self.monotonic())
        request_id = f"item-{item.id}"
        task = asyncio.create_task(self._run(request_id, item), name=request_id)
        self._running[request_id] = _Running(item, task)
        self._publish(item.job_id)
        return True

    async def _run(self, request_id: str, item: ItemRow) -> None:
        try:
            params = summary.decode_params(self._job(item.job_id).params)
            text, last = "", None
            async for event in self.engine.generate(request_id, summary.request_for(item, params)):
                if isinstance(event, TextProduced):
                    text += event.text
                elif isinstance(event, RequestFinished | RequestFailed):
                    last = event
            await self._record(request_id, item, text, last)
        except asyncio.CancelledError:
            self._running.pop(request_id, None)
            raise
        except Exception:
            log.exception("item %d failed", item.id)
            self._running.pop(request_id, None)
            self.publish(NoticeShown(sentence="A background item failed; the log says why.", is_error=True))
        self._running.pop(request_id, None)
        self._publish(item.job_id)
        self.wake()

    async def _record(
        self, request_id: str, item: ItemRow, text: str, last: RequestFinished | RequestFailed | None
    ) -> None:
        """Write what came of an item; where the disk is full, keep it and try again."""
        is_told = False
        while True:
            try:
                self._settle(request_id, item, text, last)
                return
            except KnownError as error:
                if not is_told:
                    self.publish(NoticeShown(sentence=error.sentence, is_error=True))
                    is_told = True
                await asyncio.sleep(RECORD_AGAIN_SECONDS)

    def _settle(self, request_id: str, item: ItemRow, text: str, last: RequestFinished | RequestFailed | None) -> None:
        if isinstance(last, RequestFailed):
            if last.kind in _REQUEUED:
                self._requeue(request_id, item, last.kind)
            else:
                self._finish(item, "", error=last.sentence)
        elif last is None or last.reason is FinishReason.CANCELLED:
            self.store.requeue(item.id)  # its job was paused or cancelled
        else:
            output = summary.clean_output(text)
            self._finish(item, output, error="" if output else "The model answered with nothing.")

    def _requeue(self, request_id: str, item: ItemRow, kind: ErrorKind) -> None:
        if kind is not ErrorKind.ENGINE_CRASHED:
            self.store.requeue(item.id)
            return
        crashes = item.crashes + (1 if self._crashed_together == {request_id} else 0)
        if crashes >= MOST_CRASHES_ALONE:
            self._finish(item, "", error="This part makes the engine crash each time.")
        else:
            self.store.requeue_suspect(item.id, crashes)

    def _finish(self, item: ItemRow, output: str, *, error: str) -> None:
        """Record an item, and in the same commit what follows when it was the last of its level."""
        state = "failed" if error else "done"
        level = [
            replace(other, state=state, output=output) if other.id == item.id else other
            for other in self.store.items(item.job_id, item.level)
        ]
        is_last = all(other.state in ("done", "failed") for other in level)
        follows = summary.next_level(level) if is_last else []
        job_is_done = is_last and not follows
        if error:
            self.store.fail_item(item, error, next_level=follows, job_is_done=job_is_done)
        else:
            self.store.finish_item(item, output, next_level=follows, job_is_done=job_is_done)
        if job_is_done and not any(other.state == "done" for other in self.store.items(item.job_id, 0)):
            self.store.set_state(item.job_id, JobState.FAILED.value, f"No part could be summarised: {error}")
        pace = self._paces.get(item.job_id)
        if pace is not None:
            pace.n_done += 1

    def _halt(self, job_id: str, state: JobState) -> None:
        self.store.set_state(job_id, state.value)
        reader = self._readers.get(job_id)
        if reader is not None:
            reader.cancel()
        for request_id, running in self._running.items():
            if running.item.job_id == job_id:
                self.engine.cancel(request_id)
        self._publish(job_id)
        self.wake()

    async def close(self) -> None:
        """Leave everything as it stands in the store; the next start goes on."""
        self._is_closing = True
        tasks = [*self._readers.values(), *(running.task for running in self._running.values())]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # views

    def _job(self, job_id: str) -> JobRow:
        job = self.store.get(job_id)
        if job is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This job is not there any more.")
        return job

    def _publish(self, job_id: str) -> None:
        job = self.store.get(job_id)
        if job is not None:
            self._changed.set()
            self.publish(JobChanged(job=self._view(job)))

    def _view(self, job: JobRow) -> JobView:
        counts = self.store.count(job.id)
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
            seconds_left=self._seconds_left(job.id, total - finished) if state is JobState.RUNNING else None,
            items_running=counts.running,
        )

    def _n_chunks(self, job_id: str) -> int:
        counts: ItemCounts = self.store.count(job_id, 0)
        return counts.queued + counts.running + counts.done + counts.failed

    def _coverage(self, job: JobRow, state: JobState) -> str:
        if state is JobState.READING and job.id in self._pages:
            n_read, n_pages = self._pages[job.id]
            return f"{n_read} of {n_pages} pages read" if n_pages else f"{n_read} parts read"
        if state is not JobState.DONE:
            return ""
        return summary.coverage(summary.decode_params(job.params), self.store.items(job.id, 0))

    def _seconds_left(self, job_id: str, n_left: int) -> float | None:
        pace = self._paces.get(job_id)
        if pace is None or pace.n_done == 0 or n_left <= 0:
            return None
        return (self.monotonic() - pace.started_seconds) / pace.n_done * n_left
