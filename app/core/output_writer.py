"""The results of one job on their way into its files. Lives on the core thread; files are touched in a worker thread.

What ends while all is being written anew is left out there and added behind it, so every result is in a file once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.core import job_options
from app.core.events import Event, NoticeShown
from app.core.output_files import Rewrite, add
from app.core.output_layouts import Layout, layout_of
from app.core.results import Result, Results
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.store.jobs import JobRow, Jobs

log = topic("outputs")

Worker = Callable[..., Awaitable[Any]]
"""Calls a function with these arguments in the worker thread."""


class OutputWriter:
    """`whole`: all anew, then what ends. Where the place can't be written, nothing is until `whole` again."""

    def __init__(
        self,
        job_id: str,
        jobs: Jobs,
        results: Results,
        worker: Worker,
        publish: Callable[[Event], None],
        slice_size: int,
    ) -> None:
        self._job_id = job_id
        self._jobs = jobs
        self._results = results
        self._worker = worker
        self._publish = publish
        self._slice_size = slice_size
        self._wants_whole = False
        self._is_over = False
        self._layout: Layout | None = None  # None: nothing can be added
        self._ended: dict[int, None] = {}  # items that are not written so far
        self._documents: set[int] = set()  # that are written as one result
        self._task: asyncio.Task[None] | None = None

    def whole(self, *, is_over: bool) -> None:
        """Write all there is; `is_over`: nothing will be added to it."""
        self._wants_whole, self._is_over = True, is_over
        self._go()

    def add(self, item_ids: Sequence[int]) -> None:
        if self._layout is not None or self._wants_whole or self.is_busy:
            self._ended.update(dict.fromkeys(item_ids))
            self._go()

    @property
    def is_busy(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def is_over(self) -> bool:
        return self._is_over and not self.is_busy

    async def settle(self) -> None:
        """Until everything is written that can be."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    def give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _go(self) -> None:
        if not self.is_busy:
            self._task = asyncio.create_task(self._work(), name=f"write results of {self._job_id}")

    async def _work(self) -> None:
        while self._wants_whole or (self._ended and self._layout is not None):
            try:
                if self._wants_whole:
                    await self._write_whole()
                else:
                    await self._add()
            except KnownError as error:
                self._stop(error.sentence)
            except Exception:
                log.exception("results could not be written")
                self._stop("Results could not be written to their file, for a reason that is in the log.")

    def _stop(self, sentence: str) -> None:
        """Until all is to be written again."""
        self._layout = None
        self._ended.clear()
        if self._wants_whole:
            return  # at once
        self._publish(NoticeShown(sentence=sentence, is_error=True))
        if self._is_over:
            with contextlib.suppress(KnownError):
                self._set_written(True)

    def _set_written(self, is_written: bool) -> None:
        job = self._jobs.get(self._job_id)
        options = job_options.decode(job.options) if job is not None else None
        if options is not None and options.is_written is not is_written:
            options = msgspec.structs.replace(options, is_written=is_written)
            self._jobs.update(self._job_id, options=job_options.encode(options))

    async def _write_whole(self) -> None:
        self._wants_whole = False
        self._ended.clear()
        self._documents.clear()
        job = self._jobs.get(self._job_id)
        options = job_options.decode(job.options) if job is not None else None
        if job is None or options is None or not options.output_path:
            self._layout = None
            return
        self._set_written(False)
        path = Path(options.output_path)
        layout = layout_of(job, path, options.output_format, lambda: documents_of(self._jobs, job.id))
        try:
            results, size = self._new_results(job), self._slice_size
            await write_whole(job, layout, self._jobs, results, self._worker, name=job.id[:8], slice_size=size)
        except OSError as error:
            raise _not_written(error, path, is_over=self._is_over) from error
        self._layout = layout
        if self._is_over and not self._wants_whole:
            self._set_written(True)

    def _new_results(self, job: JobRow) -> Callable[[], Iterable[Result]]:
        def results() -> Iterable[Result]:
            self._documents.clear()
            for result in self._results.of_job(job):
                if result.item is None or result.item.id not in self._ended:
                    self._note(result)
                    yield result

        return results

    async def _add(self) -> None:
        job, layout = self._jobs.get(self._job_id), self._layout
        ids = list(itertools.islice(self._ended, self._slice_size))
        for id in ids:
            del self._ended[id]
        if job is None or layout is None:
            return
        found = [*self._results.of_items(job, ids), *self._results.unread(job.id)]
        results = [result for result in found if result.item is not None or result.source_id not in self._documents]
        if layout.outgrown_by(results):
            self._wants_whole = True
            return
        for result in results:
            self._note(result)
        texts = laid_out(layout, results)
        may_be_new = {file: layout.head(file) for file in texts if file not in layout.files}
        try:
            await self._worker(add, texts, may_be_new)
        except FileNotFoundError:  # somebody took it away
            self._wants_whole = True
        except OSError as error:
            path = layout.folder or layout.files[0]
            raise _not_written(error, path, is_over=False) from error

    def _note(self, result: Result) -> None:
        if result.item is None and result.source_id is not None:
            self._documents.add(result.source_id)


async def write_whole(
    job: JobRow,
    layout: Layout,
    jobs: Jobs,
    results: Callable[[], Iterable[Result]],
    worker: Worker,
    *,
    name: str,
    slice_size: int,
) -> None:
    """All results of a job, in their order. `name` keeps two writers apart. Raises OSError; then all is as before."""
    rewrite = Rewrite(name)
    try:
        while not await _fill(rewrite, layout, results(), worker, slice_size):
            pass  # the table has grown wider meanwhile
        if jobs.get(job.id) is not None:
            await worker(rewrite.put_in_place, layout.spare)
    finally:
        await worker(rewrite.discard)


async def _fill(rewrite: Rewrite, layout: Layout, results: Iterable[Result], worker: Worker, slice_size: int) -> bool:
    """False: what was written does not fit what came, and has to be written again."""
    await worker(rewrite.begin, layout.files, {file: layout.head(file) for file in layout.files}, layout.folder)
    waiting = iter(results)
    while some := list(itertools.islice(waiting, slice_size)):
        if layout.outgrown_by(some):
            return False
        texts = laid_out(layout, some)
        await worker(rewrite.add, texts, {file: layout.head(file) for file in texts})
    return True


def laid_out(layout: Layout, results: Sequence[Result]) -> dict[Path, str]:
    """What is added to each file."""
    texts: dict[Path, list[str]] = {}
    for result in results:
        texts.setdefault(layout.file(result), []).append(layout.text(result))
    return {file: "".join(parts) for file, parts in texts.items()}


def documents_of(jobs: Jobs, job_id: str) -> list[tuple[int, str]]:
    return [(source.id, source.name) for source in jobs.sources(job_id)]


def _not_written(error: OSError, path: Path, *, is_over: bool) -> KnownError:
    then = "export them to another place" if is_over else "they are written there once the job is over"
    return KnownError(
        ErrorKind.DISK_FULL if error.errno == 28 else ErrorKind.BAD_REQUEST,
        f"{path} can't be written ({error.strerror or error}). Results are kept in Rubato: {then}.",
    )
