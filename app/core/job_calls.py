"""What a face asks of jobs: the part of Core that is about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.core.estimate_log import EstimateLog
from app.core.job_contents import JobContents
from app.core.job_options import NO_OPTIONS, JobOptions, OutputFormat
from app.core.jobs import JobService
from app.core.results import Result
from app.core.views import DocumentView, ItemDetail, ItemPage, ItemState, JobPreview, JobView, SummaryView
from app.errors import KnownError


class JobCalls:
    """See Core."""

    _jobs: JobService
    _contents: JobContents
    _estimates: EstimateLog

    def jobs(self) -> list[JobView]:
        return self._jobs.all()

    def learned(self, kind: str, model: Path) -> float:
        """What jobs of this kind take with this model, over what its speeds say."""
        return self._estimates.factor(str(model), kind)

    def hold_jobs(self, is_held: bool) -> None:
        """While this machine is measured, jobs stand still."""
        self._jobs.measure(is_held)

    async def add_job(
        self,
        kind: str,
        params: msgspec.Struct,
        paths: Sequence[Path],
        options: JobOptions = NO_OPTIONS,
        *,
        is_draft: bool = False,
    ) -> str:
        """One job over all of these files, folders, archives and tables; returns its id at once.

        A draft only looks at them, until `start_job`. Raises KnownError.
        """
        job_id = self._jobs.add(kind, params, paths, options)
        if not is_draft:
            try:
                self._jobs.start(job_id)
            except KnownError:
                self._jobs.remove(job_id)
                raise
        return job_id

    async def preview_job(self, job_id: str) -> JobPreview:
        """What a draft will do, as far as its documents have been read."""
        return await self._jobs.preview(job_id)

    def change_job(
        self, job_id: str, *, params: msgspec.Struct | None = None, options: JobOptions | None = None
    ) -> None:
        """Other parameters for what has not been done so far; other options."""
        self._jobs.change(job_id, params, options)

    def start_job(self, job_id: str) -> None:
        """A draft begins. Raises KnownError where its parameters can't be used."""
        self._jobs.start(job_id)

    async def wait_for_job(self, job_id: str) -> JobView:
        """Until a job is done, failed, paused or cancelled."""
        return await self._jobs.wait(job_id)

    def pause_job(self, job_id: str) -> None:
        self._jobs.pause(job_id)

    def resume_job(self, job_id: str) -> None:
        self._jobs.resume(job_id)

    def cancel_job(self, job_id: str) -> None:
        self._jobs.cancel(job_id)

    def retry_job(self, job_id: str) -> None:
        self._jobs.retry(job_id)

    def remove_job(self, job_id: str) -> None:
        self._jobs.remove(job_id)

    def retry_item(self, item_id: int) -> None:
        self._jobs.retry_item(item_id)

    async def clone_job(self, job_id: str) -> str:
        """A draft like it, over the same documents; returns its id."""
        return self._jobs.clone(job_id)

    def move_job(self, job_id: str, places: int) -> None:
        """Up (negative) or down in the queue."""
        self._jobs.move(job_id, places)

    def put_job_first(self, job_id: str, is_first: bool) -> None:
        self._jobs.put_first(job_id, is_first)

    def use_loaded_model(self, job_id: str) -> None:
        """A job that waits for its model takes the one that is loaded."""
        self._jobs.use_loaded_model(job_id)

    def job_params(self, job_id: str) -> Any:
        return self._contents.params(job_id)

    def job_options(self, job_id: str) -> JobOptions:
        return self._contents.options(job_id)

    def documents(self, job_id: str) -> list[DocumentView]:
        return self._contents.documents(job_id)

    def items(self, job_id: str, *, state: ItemState | None = None, offset: int = 0, limit: int = 100) -> ItemPage:
        """A part of the list of a job's items, or of those in one state."""
        return self._contents.page(job_id, state, offset, limit)

    def item(self, item_id: int) -> ItemDetail:
        return self._contents.item(item_id)

    def summary(self, job_id: str, document: int = 0) -> SummaryView:
        """Of one document of a summary job by its place, or (-1) of all together."""
        return self._contents.summary(job_id, document)

    def results(self, job_id: str) -> Iterator[Result]:
        """What a job has so far, in the order of its documents; read as it is taken. Raises KnownError."""
        return self._jobs.results(job_id)

    async def export_job(self, job_id: str, path: Path, format: OutputFormat) -> Path:
        """All results so far, to a file or a folder."""
        return await self._jobs.export(job_id, path, format)
