"""Jobs: what a person does with them and sees of them. Runs on the core thread."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from app import diagnostics
from app.core import job_options
from app.core.documents import DocumentService
from app.core.estimate_log import EstimateLog
from app.core.events import EngineRestarted, Event, JobChanged, JobRemoved
from app.core.file_names import check_name
from app.core.item_runner import ItemRunner
from app.core.job_news import JobNews
from app.core.job_options import JobOptions, OutputFormat
from app.core.job_progress import JobProgress
from app.core.job_runner import BEGUN, JobRunner
from app.core.kept_engines import KeptEngines, NewEngine
from app.core.kinds.kind import Material
from app.core.kinds.known import kind_named, kind_of
from app.core.levels import Levels
from app.core.machine import Machine
from app.core.outputs import Outputs
from app.core.results import Result
from app.core.side_engine import SideEngine
from app.core.source_queue import SourceQueue
from app.core.views import JobPreview, JobState, JobView
from app.engine.interface import AS_USUAL, Engine, LoadSettings
from app.engine.messages import EngineReported
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.store.items import Items
from app.store.jobs import JobRow, Jobs

log = topic("jobs")

_UNFINISHED = (*BEGUN, "draft", "paused")


class JobService:
    """All jobs. `publish` hands events to the face; `model` names the file that is loaded, or being loaded."""

    def __init__(
        self,
        store: Jobs,
        items: Items,
        engine: Engine,
        documents: DocumentService,
        unpacked: Path,
        model: Callable[[], str],
        publish: Callable[[Event], None],
        *,
        kept: KeptEngines | None = None,
        new_side_engine: NewEngine | None = None,
        side_load: Callable[[], LoadSettings] = lambda: AS_USUAL,
        side_reported: Callable[[EngineReported | None], None] = lambda report: None,
        free_bytes: Callable[[], int] = diagnostics.free_memory_bytes,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        estimates: EstimateLog | None = None,
    ) -> None:
        self._store = store
        self._items = items
        self._engine = engine
        self._unpacked, self._model, self._publish = unpacked, model, publish
        self._clock = clock
        self._new_id = new_id
        self.machine = Machine(clock=clock)
        self._levels = Levels(store, items)
        self._outputs = Outputs(store, items, publish)
        self._side_reported = side_reported
        self._side = SideEngine(
            new_side_engine,
            lambda engine: self._item_runner(engine, lambda: self._runner.on_side_engine()),
            how=side_load,
            kept=kept,
            free_bytes=free_bytes,
            changed=self._side_changed,
            reported=self._took_side_report,
            crashed=lambda sentence: publish(EngineRestarted(sentence=sentence)),
        )
        runner = self._item_runner(engine, lambda: self._runner.on_chats_engine())
        self._runner = JobRunner(store, engine, runner, self._side, self.machine, model, self._tell)
        self.measure = self._runner.measure
        self._sources = SourceQueue(
            store, items, documents, lambda job: self._runner.engine_of(job), unpacked, publish, self._source_moved
        )
        self._progress = JobProgress(store, items, engine, documents, self._sources, model, estimates)
        self._moved = asyncio.Event()
        self._news = JobNews(self._tell)

    def _item_runner(self, engine: Engine, may_run: Callable[[], Sequence[str]]) -> ItemRunner:
        return ItemRunner(
            jobs=self._store,
            items=self._items,
            levels=self._levels,
            engine=engine,
            publish=self._publish,
            may_run=may_run,
            changed=self._items_moved,
            ended=self._items_ended,
        )

    def recover(self) -> None:
        """At the start: what was running is queued again, what was being read is read again, drafts are gone."""
        count = self._items.requeue_all_running()
        if count:
            log.info("%d items were running and are queued again", count)
        for job in self._store.all():
            if job.state == "draft":
                self.remove(job.id)
            elif job.state in BEGUN:
                self._outputs.begin(job.id)
                self._levels.settle(job.id)
            elif job.state != "paused":
                self._outputs.recover(job.id)
        self.wake()

    def wake(self) -> None:
        """Something changed."""
        self._runner.fill()
        self._sources.wake()

    @property
    def models_beside(self) -> list[Path]:
        """That jobs have in memory besides the chat's."""
        return [Path(self._side.model)] if self._side.model else []

    def leave_model(self) -> None:
        """The chat's model is about to be another: what runs with it goes back to the queue."""
        self._runner.leave_chats_engine()

    async def model_changes(self) -> None:
        """The chat's model is about to be another; when this returns, the memory is free for it."""
        await self._side.give_way()

    def model_is_settled(self) -> None:
        """The chat's model is ready, or there is none."""
        self._side.go_on()
        self.wake()

    def chats_active(self, are_active: bool) -> None:
        """Somebody waits for a reply, or nobody does any more."""
        self._runner.chats_active(are_active)

    def engine_crashed(self, running: frozenset[str]) -> None:
        """`running`: all requests that were with the engine."""
        self._runner.engine_crashed(running)

    def engine_reported(self, report: EngineReported) -> None:
        """The engine tells how fast bulk goes, and whether somebody chats."""
        self._progress.engine_reported(self._model(), report)
        if report.interactive_running:
            self.machine.chatted()

    async def close(self) -> None:
        """Leave everything as it stands in the store; the next start goes on."""
        self._news.close()
        await self._sources.close()
        await self._runner.close()
        await self._outputs.close()
        self._progress.save()

    # what a person does

    def add(self, kind_name: str, params: msgspec.Struct, paths: Sequence[Path], options: JobOptions) -> str:
        """A draft over all of these, stored before anything is read; returns its id. Raises KnownError."""
        for path in paths:
            check_name(path)
        if not paths:
            raise KnownError(ErrorKind.BAD_REQUEST, "There is nothing to work on. Name at least one file or folder.")
        kind = kind_named(kind_name)
        names = tuple(path.name for path in paths)
        material = Material(names=names)
        id = self._new_id()
        self._store.add(
            id=id,
            kind=kind_name,
            title=kind.title(params, material),
            params=msgspec.json.encode(params).decode(),
            options=job_options.encode(options),
            model=self._model(),
            sources=[(str(path.absolute()), path.name) for path in paths],
            now_seconds=self._clock(),
        )
        self._tell(id)
        self._sources.fill()
        return id

    def start(self, job_id: str) -> None:
        """A draft begins. Raises KnownError where its parameters can't be used."""
        job = self._job(job_id)
        if job.state != "draft":
            return
        kind, params = kind_of(job)
        if self._progress.knows_columns(job_id):  # else each table is asked when it is read
            kind.check(params, self._progress.material(job_id))
        self._go_on(job_id)

    def change(self, job_id: str, params: msgspec.Struct | None, options: JobOptions | None) -> None:
        """Other parameters, for what has not been done so far; other options. Raises KnownError."""
        job = self._job(job_id)
        if params is not None:
            kind = kind_named(job.kind)
            if self._bulk_context():
                params = kind.fitted(params, self._bulk_context())
            if job.state != "draft":
                kind.check(params, self._progress.material(job_id))
            names = tuple(source.name for source in self._store.sources(job_id) if source.state != "unfolded")
            self._store.update(
                job_id,
                params=msgspec.json.encode(params).decode(),
                title=kind.title(params, Material(names=names)),
            )
        if options is not None:
            self._store.update(job_id, options=job_options.encode(options))
            if job.state in BEGUN:
                self._outputs.begin(job_id)
        self._tell(job_id)
        self.wake()

    def pause(self, job_id: str) -> None:
        if self._job(job_id).state in BEGUN:
            self._halt(job_id, JobState.PAUSED)

    def resume(self, job_id: str) -> None:
        if self._job(job_id).state == "paused":
            self._go_on(job_id)

    def cancel(self, job_id: str) -> None:
        if self._job(job_id).state in _UNFINISHED:
            self._halt(job_id, JobState.CANCELLED)

    def retry(self, job_id: str) -> None:
        """What failed or is missing goes again; documents that were not read are read again."""
        job = self._job(job_id)
        has_failed = self._items.retry(job_id)
        has_unread = self._store.reread_failed(job_id)
        if job.state in _UNFINISHED or (job.state == "done" and not has_failed and not has_unread):
            raise KnownError(ErrorKind.BAD_REQUEST, f"{job.title} has nothing to be tried again.")
        self._go_on(job_id)

    def retry_item(self, item_id: int) -> None:
        """One that failed goes again, whatever the state of its job. Raises KnownError."""
        item = self._items.get(item_id)
        if item is None or not self._items.retry(item.job_id, item_id):
            raise KnownError(ErrorKind.BAD_REQUEST, "This part has nothing to be tried again.")
        if self._job(item.job_id).state not in _UNFINISHED:
            self._go_on(item.job_id)
        self._tell(item.job_id)
        self.wake()

    def arrived(self, job_ids: Sequence[str]) -> None:
        """Jobs came from a file: they are in the store."""
        for job_id in job_ids:
            self._tell(job_id)

    def clone(self, job_id: str) -> str:
        """A draft like it, over the same documents."""
        job = self._job(job_id)
        id = self._new_id()
        sources = [source for source in self._store.sources(job_id) if not self._is_unpacked(source.path)]
        self._store.add(
            id=id,
            kind=job.kind,
            title=job.title,
            params=job.params,
            options=job.options,
            model=self._model(),
            sources=[(source.path, source.name) for source in sources if source.path],
            now_seconds=self._clock(),
        )
        self._tell(id)
        self._sources.fill()
        return id

    def move(self, job_id: str, places: int) -> None:
        self._store.move(job_id, places)
        self._tell_all()

    def put_first(self, job_id: str, is_first: bool) -> None:
        """Before all others, or again among them."""
        self._store.update(job_id, is_first=int(is_first))
        self._tell_all()
        self.wake()

    def use_loaded_model(self, job_id: str) -> None:
        self._store.update(job_id, model=self._model())
        self._tell(job_id)
        self.wake()

    def remove(self, job_id: str) -> None:
        self._halt(job_id, JobState.CANCELLED)
        self._store.remove(job_id)
        self._progress.forget(job_id)
        shutil.rmtree(self._unpacked / job_id, ignore_errors=True)
        self._publish(JobRemoved(job_id=job_id))

    async def wait(self, job_id: str) -> JobView:
        """Until a job is done, failed, paused or cancelled, and its results are in their file."""
        while self._job(job_id).state in BEGUN:
            self._moved.clear()
            await self._moved.wait()
        await self._outputs.settle(job_id)
        return self._view(self._job(job_id))

    def _go_on(self, job_id: str) -> None:
        self._store.set_state(job_id, "queued")
        self._outputs.begin(job_id)
        self._levels.settle(job_id)
        self._tell(job_id)
        self.wake()

    def _halt(self, job_id: str, state: JobState) -> None:
        self._store.set_state(job_id, state.value)
        self._sources.stop_job(job_id)
        self._runner.stop_job(job_id)
        self._tell(job_id)
        self.wake()

    # what a person sees

    def all(self) -> list[JobView]:
        return [self._view(job) for job in self._store.all()]

    async def preview(self, job_id: str) -> JobPreview:
        """What a draft will do, as far as its documents were read."""
        return await self._progress.preview(self._job(job_id))

    def results(self, job_id: str) -> Iterator[Result]:
        """All results so far, in the order of the documents; read as they are taken."""
        return self._outputs.results(job_id)

    async def export(self, job_id: str, path: Path, format: OutputFormat) -> Path:
        """All results so far, to a file or a folder."""
        return await self._outputs.export(self._job(job_id).id, path, format)

    def unfinished_items(self) -> tuple[int, int]:
        """(done, total) over all jobs that have begun."""
        views = [self._view(job) for job in self._store.all() if job.state in (*BEGUN, "paused")]
        return sum(view.items_done for view in views), sum(view.items_total for view in views)

    def _job(self, job_id: str) -> JobRow:
        job = self._store.get(job_id)
        if job is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This job is not there any more.")
        return job

    def _view(self, job: JobRow) -> JobView:
        waits = self._runner.why_not(job) if job.state in BEGUN else ""
        can_change = bool(waits) and self._runner.keeps_another_model(job)
        return self._progress.view(job, waits=waits, can_change_model=can_change)

    def _bulk_context(self) -> int:
        capabilities = self._engine.capabilities
        return capabilities.bulk_context if capabilities is not None else 0

    def _is_unpacked(self, path: str) -> bool:
        return Path(path).is_relative_to(self._unpacked)

    # news

    def _source_moved(self, job_id: str) -> None:
        if not self._sources.is_reading(job_id):
            self._levels.settle(job_id)
        self._changed(job_id)
        self._runner.fill()

    def _items_moved(self, job_id: str) -> None:
        self._changed(job_id)
        asyncio.get_running_loop().call_soon(self._runner.share)  # when the runner has taken others

    def _side_changed(self) -> None:
        self.wake()
        for job in self._store.all():
            if job.state in BEGUN and self._runner.keeps_another_model(job):
                self._tell(job.id)

    def _took_side_report(self, report: EngineReported | None) -> None:
        if report is not None:
            self._progress.engine_reported(self._side.model, report)
        self._side_reported(report)

    def _items_ended(self, job_id: str, item_ids: Sequence[int]) -> None:
        self._progress.items_ended(job_id, [item for id in item_ids if (item := self._items.get(id)) is not None])
        self._outputs.ended(job_id, item_ids)

    def _changed(self, job_id: str) -> None:
        job = self._store.get(job_id)
        if job is None:
            return
        is_over = job.state not in BEGUN and job.state != "draft"
        if is_over:
            self._outputs.finish(job_id)
        self._news.changed(job_id, is_urgent=is_over)
        if is_over:
            self._runner.fill()  # its model may not be needed any more

    def _tell(self, job_id: str) -> None:
        job = self._store.get(job_id)
        if job is not None:
            self._moved.set()
            self._publish(JobChanged(job=self._view(job)))

    def _tell_all(self) -> None:
        for job in self._store.all():
            self._tell(job.id)
