"""Jobs watched until they are over: progress on standard error, then their results."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Any

from app.cli.codes import FAILED, OK, SOME_FAILED
from app.cli.results import print_failures, print_json, print_results
from app.cli.text import is_under_way, job_line, progress_bar
from app.core.core import Core
from app.core.events import Event, JobChanged, ModelStateChanged, NoticeShown
from app.core.instance import Console
from app.core.views import JobState, JobView
from app.engine.interface import ModelState

STEPS = 10  # lines of progress a job, where there is no terminal to draw on


class WorkOff:
    """Of these jobs, for one console."""

    def __init__(self, core: Core, job_ids: Sequence[str], console: Console) -> None:
        self._core = core
        self._job_ids = job_ids
        self._console = console
        self._steps: dict[str, int] = {}
        self._waits: dict[str, str] = {}
        self._no_model: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self, *, with_results: bool, as_json: bool) -> int:
        """Until they are over, or can't go on; the exit code. `with_results`: on standard output."""
        remove = self._core.add_sink(self._show)
        codes = [OK]
        try:
            if self._core.model_problem:
                self._no_model.set_result(self._core.model_problem)
            for id in self._job_ids:
                job = await self._wait(id)
                if job is None:
                    return FAILED
                codes.append(await self._tell(job, with_results=with_results, as_json=as_json))
        finally:
            remove()
        return FAILED if FAILED in codes else max(codes)

    async def _wait(self, job_id: str) -> JobView | None:
        """The job when it is over, or waits for another model; None: there is no model at all."""
        waiting = asyncio.ensure_future(self._core.wait_for_job(job_id))
        stuck = asyncio.ensure_future(self._wait_for_model_choice(job_id))
        try:
            either: set[asyncio.Future[Any]] = {waiting, stuck, self._no_model}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
            if stuck.done():
                return stuck.result()
            self._console.err(f"{self._no_model.result()}\n")
            return None
        finally:
            waiting.cancel()
            stuck.cancel()

    async def _wait_for_model_choice(self, job_id: str) -> JobView:
        """Until a job waits for a model that is not the one in memory, and nothing here will change that."""
        found: asyncio.Future[JobView] = asyncio.get_running_loop().create_future()

        def look(job: JobView) -> None:
            is_loaded = self._core.model_state is ModelState.READY
            if job.id == job_id and job.can_change_model and is_loaded and not found.done():
                found.set_result(job)

        def hear(event: Event) -> None:
            if isinstance(event, JobChanged):
                look(event.job)
            elif isinstance(event, ModelStateChanged):
                for job in self._core.jobs():
                    look(job)

        remove = self._core.add_sink(hear)
        try:
            for job in self._core.jobs():
                look(job)
            return await found
        finally:
            remove()

    async def _tell(self, job: JobView, *, with_results: bool, as_json: bool) -> int:
        if with_results and not job.output_path and job.state is JobState.DONE:
            await print_results(self._core, job.id, self._console, as_json=as_json)
        elif as_json:
            print_json(job, self._console)
        print_failures(self._core, job, self._console)
        if is_under_way(job):
            self._console.err(f"{job.title}: {job.waits} The second is “rubato jobs use-model {job.id[:8]}”.\n")
            return FAILED
        if job.state is not JobState.DONE:
            is_told = job.items_failed or job.documents_failed
            self._console.err(f"{job_line(dataclasses.replace(job, error='') if is_told else job)}\n")
            return FAILED
        self._console.err(f"{job_line(job)}\n")
        if job.output_path:
            self._console.err(f"Results: {job.output_path}\n")
        return SOME_FAILED if job.items_failed or job.documents_failed else OK

    def _show(self, event: Event) -> None:
        if isinstance(event, JobChanged) and event.job.id in self._job_ids:
            self._show_progress(event.job)
        elif isinstance(event, NoticeShown):
            self._console.err(f"{event.sentence}\n")
        elif isinstance(event, ModelStateChanged) and event.state is ModelState.FAILED and not self._no_model.done():
            self._no_model.set_result(event.sentence)

    def _show_progress(self, job: JobView) -> None:
        """A line at each tenth, and a bar in between where there is a terminal (see Console)."""
        if not is_under_way(job):
            return
        step = job.items_done * STEPS // job.items_total if job.items_total else -1
        if step > self._steps.get(job.id, -1) or job.waits != self._waits.get(job.id, ""):
            self._console.err(f"\r{job_line(job)}\n")
        self._steps[job.id], self._waits[job.id] = step, job.waits
        self._console.err(f"\r{progress_bar(job)}")
