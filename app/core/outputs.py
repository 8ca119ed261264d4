"""Results in files, as they come: a job that is half done is of use already. Lives on the core thread.

While a job runs its results are added in the order in which they end; once it is over its file is written once more,
in the order of the documents. The database has them in any case: a place that can't be written never stops a job.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.core import job_options
from app.core.events import Event
from app.core.job_options import OutputFormat
from app.core.output_layouts import layout_of
from app.core.output_writer import OutputWriter, documents_of, write_whole
from app.core.results import Result, Results
from app.errors import ErrorKind, KnownError
from app.store.items import Items
from app.store.jobs import JobRow, Jobs

SLICE_SIZE = 100
CLOSE_SECONDS = 60.0  # then a disk that does not answer is left alone


class Outputs:
    """Of all jobs. `publish` tells what can't be written; `slice_size` results are read and laid out in one go."""

    def __init__(
        self, jobs: Jobs, items: Items, publish: Callable[[Event], None], *, slice_size: int = SLICE_SIZE
    ) -> None:
        self._jobs = jobs
        self._results = Results(jobs, items)
        self._publish = publish
        self._slice_size = slice_size
        self._writers: dict[str, OutputWriter] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="results")

    def begin(self, job_id: str) -> None:
        """A job begins, or goes on after a start of the program: its file has what there is, and grows from now on."""
        self._whole(job_id, is_over=False)

    def ended(self, job_id: str, item_ids: Sequence[int]) -> None:
        """Call it with the commit of these items, before anything else is waited for."""
        if job_id in self._writers:
            self._writers[job_id].add(item_ids)

    def finish(self, job_id: str) -> None:
        """A job is over: done, failed or cancelled."""
        self._whole(job_id, is_over=True)

    def recover(self, job_id: str) -> None:
        """A job was over before the program started: `finish` it where that was not done to its end."""
        job = self._jobs.get(job_id)
        if job is not None and not job_options.decode(job.options).is_written:
            self.finish(job_id)

    async def export(self, job_id: str, path: Path, format: OutputFormat) -> Path:
        """What there is now, in a file (or a folder) of its own. Raises KnownError."""
        job = self._job(job_id)
        layout = layout_of(job, path, format, lambda: documents_of(self._jobs, job_id))
        try:
            await write_whole(
                job,
                layout,
                self._jobs,
                lambda: self._results.of_job(job),
                self._in_thread,
                name=uuid.uuid4().hex[:8],
                slice_size=self._slice_size,
            )
        except OSError as error:
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"{path} can't be written ({error.strerror or error}). Choose another place, and try again.",
            ) from error
        return path

    def results(self, job_id: str) -> Iterator[Result]:
        """What there is now, in the order of the documents; read as it is taken. Raises KnownError."""
        return self._results.of_job(self._job(job_id))

    async def settle(self, job_id: str) -> None:
        """Until all of a job that has ended so far is in its file, or was told not to be."""
        if job_id in self._writers:
            await self._writers[job_id].settle()

    async def close(self) -> None:
        """What has ended is in the files, unless they take too long."""
        settled = asyncio.gather(*(writer.settle() for writer in self._writers.values()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(settled, CLOSE_SECONDS)
        for writer in self._writers.values():
            writer.give_up()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _whole(self, job_id: str, *, is_over: bool) -> None:
        self._writers = {id: writer for id, writer in self._writers.items() if not writer.is_over}
        job = self._jobs.get(job_id)
        if job_id not in self._writers:
            if job is None or not job_options.decode(job.options).output_path:
                return
            self._writers[job_id] = OutputWriter(
                job_id, self._jobs, self._results, self._in_thread, self._publish, self._slice_size
            )
        self._writers[job_id].whole(is_over=is_over)

    def _job(self, job_id: str) -> JobRow:
        job = self._jobs.get(job_id)
        if job is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This job is not there any more.")
        return job

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
