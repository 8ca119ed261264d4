"""How far jobs are, what they will take, and what came of them: all that is computed from their rows."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.core import job_options, job_views, source_facts
from app.core.coverage import coverage
from app.core.documents import DocumentService
from app.core.estimate import (
    NO_SPEED,
    TEMPLATE_END_TOKENS,
    Pace,
    SpeedMeter,
    Work,
    expected_work,
    own_parts,
    seconds_for,
)
from app.core.estimate_log import Ended, EstimateLog
from app.core.kinds import item_input
from app.core.kinds.kind import Material
from app.core.kinds.known import kind_of
from app.core.source_queue import SourceQueue
from app.core.speed_probe import probe, warm_up
from app.core.views import JobPreview, JobState, JobView
from app.engine.interface import Engine, ModelState
from app.engine.messages import EngineReported, GenerateRequest
from app.errors import KnownError
from app.ingest.tables import is_table
from app.logs import topic
from app.store.items import ItemRow, Items
from app.store.jobs import JobRow, Jobs, SpeedRow

jobs_log = topic("jobs")

MOST_DOCUMENTS_SHOWN = 500
REPORT_SECONDS = 2.0  # within which the engine tells how it fared


@dataclass
class _Run:
    """A job since it runs: `speed` as it was known then, and whether it had the machine to itself all the time."""

    speed: SpeedRow
    is_undisturbed: bool = True


@dataclass
class JobProgress:
    """`model` names the file that is loaded."""

    store: Jobs
    items: Items
    engine: Engine
    documents: DocumentService
    sources: SourceQueue
    model: Callable[[], str]
    log: EstimateLog | None = None
    monotonic: Callable[[], float] = time.monotonic
    _runs: dict[str, _Run] = field(default_factory=dict)
    _counting: set[asyncio.Task[int]] = field(default_factory=set)
    _paces: dict[str, Pace] = field(default_factory=dict)
    _meters: dict[str, SpeedMeter] = field(default_factory=dict)  # by model
    _probe: asyncio.Task[None] | None = None
    _reported: asyncio.Event = field(default_factory=asyncio.Event)
    _overheads: dict[tuple[str, str], int] = field(default_factory=dict)  # by job and parameters

    def __post_init__(self) -> None:
        self.estimates = self.log or EstimateLog()

    # what happens

    def engine_reported(self, model: str, report: EngineReported) -> None:
        """Of the engine that has this model."""
        self._meter(model).took(report)
        self._reported.set()
        if report.interactive_running:
            self._disturb()

    def items_ended(self, job_id: str, ended: Sequence[ItemRow]) -> None:
        tokens = sum(item.prompt_tokens + item.output_tokens for item in ended)
        self._pace(job_id).took(self.monotonic(), len(ended), tokens)

    def forget(self, job_id: str) -> None:
        self._paces.pop(job_id, None)
        self._runs.pop(job_id, None)

    def save(self) -> None:
        """The speeds, for the next start."""
        for task in (self._probe, *self._counting):
            if task is not None:
                task.cancel()
        with contextlib.suppress(KnownError):  # a full disk: they are measured again
            for model, meter in self._meters.items():
                if meter.speed.read_tokens:
                    self.store.set_speed(model, meter.speed)

    def _pace(self, job_id: str) -> Pace:
        return self._paces.setdefault(job_id, Pace())

    def _meter(self, model: str) -> SpeedMeter:
        if model not in self._meters:
            self._meters[model] = SpeedMeter(self.store.speed(model) or NO_SPEED)
        return self._meters[model]

    # how far a job is

    def view(self, job: JobRow, *, waits: str, can_change_model: bool) -> JobView:
        """As its card shows it."""
        counts = self.items.count(job.id)
        totals = self.store.source_totals(job.id)
        through = counts.done + counts.failed
        total = through if job.state == "done" else max(job.n_expected, counts.total)
        now, pace = self.monotonic(), self._pace(job.id)
        is_running = job.state == "running" and counts.running > 0
        pace.runs(now, is_running=is_running)
        self._follow(job, pace, is_running=is_running, n_through=through)
        ended = self.estimates.of(job.id) if job.state == "done" else None
        items_rate, tokens_rate = pace.rates(now) if is_running else (0.0, 0.0)
        return JobView(
            id=job.id,
            kind=job.kind,
            title=job.title,
            state=self._state(job, totals.n_waiting, counts.total),
            items_done=counts.done,
            items_failed=counts.failed,
            items_total=total,
            items_running=counts.running,
            coverage=self._coverage(job, totals.n, totals.n_waiting),
            error=job.error,
            waits=waits,
            can_change_model=can_change_model,
            created_seconds=job.created_seconds,
            seconds_left=self._seconds_left(job, total - through) if is_running else None,
            items_per_second=items_rate,
            tokens_per_second=tokens_rate,
            prompt_tokens=job.prompt_tokens,
            output_tokens=job.output_tokens,
            saved_tokens=job.cached_tokens,
            documents=totals.n,
            documents_read=totals.n - totals.n_waiting - totals.n_failed,
            documents_failed=totals.n_failed,
            is_first=job.is_first,
            output_path=job_options.decode(job.options).output_path,
            estimated_seconds=ended.told if ended is not None else None,
            took_seconds=ended.took if ended is not None else None,
        )

    def _follow(self, job: JobRow, pace: Pace, *, is_running: bool, n_through: int) -> None:
        """What a job was estimated to take when it began, and once it is done, what it took."""
        if is_running:
            if job.id not in self._runs:
                self._runs[job.id] = _Run(self._meter(job.model or self.model()).speed)
                counting = asyncio.ensure_future(self._overhead(job))
                self._counting.add(counting)
                counting.add_done_callback(self._counted)
            if len(self._runs) > 1:
                self._disturb()
        elif job.state == "done" and (run := self._runs.pop(job.id, None)) is not None:
            work = self._work(job, self._overheads.get((job.id, job.params), 0))
            by_speeds, model = seconds_for(work, run.speed), job.model or self.model()
            if by_speeds and pace.n_done >= n_through > 0:  # all of it, since this start of the program
                self.estimates.add(
                    Ended(
                        job_id=job.id,
                        model=model,
                        kind=job.kind,
                        by_speeds=by_speeds,
                        told=by_speeds * self.estimates.factor(model, job.kind),
                        took=pace.run_seconds,
                        is_undisturbed=run.is_undisturbed,
                    )
                )
        elif job.state not in ("queued", "running"):
            self._runs.pop(job.id, None)

    def _counted(self, counting: asyncio.Task[int]) -> None:
        self._counting.discard(counting)
        if not counting.cancelled() and counting.exception() is not None:
            jobs_log.debug("the prompts of a job were not counted: %s", counting.exception())

    def _disturb(self) -> None:
        for run in self._runs.values():
            run.is_undisturbed = False

    def _state(self, job: JobRow, n_waiting: int, n_items: int) -> JobState:
        is_being_read = job.state in ("queued", "running") and n_waiting > 0 and n_items == 0
        return JobState.READING if is_being_read else JobState(job.state)

    def _coverage(self, job: JobRow, n_documents: int, n_waiting: int) -> str:
        if job.state == "done":
            # stored with the end of the job; one that ended before that was done is counted here
            return job.coverage or coverage(job, self.store, self.items)
        if n_waiting and self.sources.waits_for_model(job.id):
            return "waiting for a model"
        if n_documents > 1 and n_waiting:
            return f"{n_documents - n_waiting:,} of {n_documents:,} documents read"
        return self.sources.read_so_far(job.id)

    def _seconds_left(self, job: JobRow, n_left: int) -> float | None:
        work = self._work(job, self._overheads.get((job.id, job.params), 0))
        expected = self._seconds_for(job, work)
        total = max(1, job.n_expected)
        return self._pace(job.id).seconds_left(n_left, expected * n_left / total if expected is not None else None)

    # what a draft will do

    def knows_columns(self, job_id: str) -> bool:
        """False while a table waits to be read, or a folder or an archive that may have tables in it."""
        paths = [Path(source.path) for source in self.store.sources(job_id, state="waiting")]
        return not any(path.is_dir() or path.suffix.lower() == ".zip" or is_table(path) for path in paths)

    def material(self, job_id: str) -> Material:
        sources = [source for source in self.store.sources(job_id) if source.state not in ("unfolded", "failed")]
        columns = [source_facts.decode(source.facts).columns for source in sources if source.state != "waiting"]
        are_tables = bool(columns) and all(found is not None for found in columns)
        return Material(names=tuple(s.name for s in sources), columns=columns[0] if are_tables else None)

    async def preview(self, job: JobRow) -> JobPreview:
        """As far as its documents were read. Measures the machine where that was never done."""
        sources = self.store.sources(job.id)
        documents = [source for source in sources if source.state != "unfolded"]
        notes = tuple(n for s in sources if s.state == "unfolded" for n in source_facts.decode(s.facts).notes)
        is_reading = any(source.state == "waiting" for source in documents) or len(documents) == 0
        kind, params = kind_of(job)
        material, problem = self.material(job.id), ""
        try:
            if not is_reading:
                kind.check(params, material)
        except KnownError as error:
            problem = error.sentence
        first = self.items.first(job.id)
        work, seconds = Work(read_tokens=0, written_tokens=0), None
        if first is not None and not problem:
            if not is_reading:
                await self._measure()
            work = self._work(job, await self._overhead(job))
            seconds = self._seconds_for(job, work)
        elif not is_reading and not problem:
            problem = next((source.error for source in documents if source.error), "There is nothing to work on.")
        return JobPreview(
            job_id=job.id,
            title=job.title,
            is_reading=is_reading,
            documents=tuple(
                job_views.document_view(source)
                for source in sorted(documents, key=lambda s: s.state != "failed")[:MOST_DOCUMENTS_SHOWN]
            ),
            n_documents=len(documents),
            n_failed=sum(source.state == "failed" for source in documents),
            n_items=job.n_expected,
            read_tokens=round(work.read_tokens),
            written_tokens=round(work.written_tokens),
            columns=material.columns or (),
            first_prompt=job_views.prompt_text(job, item_input.decode(first.input)) if first is not None else "",
            problem=problem,
            notes=notes,
            seconds=seconds,
        )

    def _work(self, job: JobRow, overhead: int) -> Work:
        kind, params = kind_of(job)
        totals = self.store.source_totals(job.id)
        return expected_work(
            n_items=job.n_expected,
            own_tokens=totals.n_tokens,
            n_own=totals.n_items,
            item_overhead=overhead,
            output_tokens=kind.output_tokens(params),
        )

    def _seconds_for(self, job: JobRow, work: Work) -> float | None:
        """By the speeds, and by what jobs of its kind took so far."""
        model = job.model or self.model()
        seconds = seconds_for(work, self._meter(model).speed)
        return seconds * self.estimates.factor(model, job.kind) if seconds is not None else None

    async def _measure(self) -> None:
        """Where this model was never measured here."""
        meter = self._meter(self.model())
        if meter.speed.written_tokens or self.engine.model_state is not ModelState.READY:
            return
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._probe_once(), name="measure the speed")
        await asyncio.shield(self._probe)

    async def _probe_once(self) -> None:
        meter = self._meter(self.model())
        for ask in (warm_up, probe):
            meter.speed = NO_SPEED
            await ask(self.engine)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    while not meter.speed.written_tokens:
                        self._reported.clear()
                        await self._reported.wait()

    async def _overhead(self, job: JobRow) -> int:
        """Tokens of an item's prompts besides its own text, and besides what the prompts of all items begin with.

        Less than nothing where a prompt has only a part of the item's text.
        """
        key = (job.id, job.params)
        if key not in self._overheads and self.engine.model_state is ModelState.READY:
            kind, params = kind_of(job)
            inputs = [item_input.decode(item.input) for item in self.items.page(job.id, limit=2)]
            try:
                prompts = [[_text_of(request) for request in kind.requests(params, input)] for input in inputs]
            except Exception:  # the item itself will fail, with its sentence
                return 0
            text = item_input.text_of(inputs[0])
            rests = own_parts(prompts, text)
            counts = await self.documents.counts([*rests, text])
            self._overheads[key] = sum(counts[:-1]) - counts[-1] + len(rests) * TEMPLATE_END_TOKENS
        return self._overheads.get(key, 0)


def _text_of(request: GenerateRequest) -> str:
    return "".join(turn.content for turn in request.turns)
