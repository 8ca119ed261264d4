"""Documents of new jobs become items: read, cut by the engine's own token counts, queued in one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from app.core import summary
from app.core.documents import DocumentService
from app.core.events import Event, NoticeShown
from app.core.full_disk import write_when_there_is_room
from app.core.views import JobState
from app.engine.interface import Engine
from app.errors import ErrorKind, KnownError
from app.ingest.chunking import Chunk
from app.ingest.document import Document
from app.logs import topic
from app.store.jobs import JobRow, Jobs

log = topic("documents")

MOST_CRASHES = 3  # of the engine, while one document is counted
READERS = 2  # documents read at the same time; the others wait


class DocumentQueue:
    """`changed` is called with a job's id as its document is read, and when it is queued or has failed."""

    def __init__(
        self,
        store: Jobs,
        engine: Engine,
        documents: DocumentService,
        publish: Callable[[Event], None],
        changed: Callable[[str], None],
    ) -> None:
        self._store = store
        self._engine = engine
        self._documents = documents
        self._publish = publish
        self._changed = changed
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by job
        self._places = asyncio.Semaphore(READERS)
        self._pages: dict[str, tuple[int, int | None]] = {}
        self._without_model: set[str] = set()  # jobs whose document waits for a model
        self._model_came = asyncio.Event()

    def add(self, job: JobRow) -> None:
        """Read the document of a job that is in the state READING."""
        self._tasks[job.id] = asyncio.create_task(self._read(job), name=f"read for {job.id}")

    def stop_job(self, job_id: str) -> None:
        """Kill the reader, where there is one."""
        task = self._tasks.get(job_id)
        if task is not None:
            task.cancel()

    def pages_read(self, job_id: str) -> tuple[int, int | None] | None:
        """(read, of how many), while a document is being read."""
        return self._pages.get(job_id)

    def waits_for_model(self, job_id: str) -> bool:
        return job_id in self._without_model

    def wake(self) -> None:
        """Something changed: a model is ready, for example."""
        self._model_came.set()

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _read(self, job: JobRow) -> None:
        try:
            async with self._places:
                await self._queue_items(job)
        except KnownError as error:
            self._fail(job.id, error.sentence)
        except Exception:
            log.exception("a document could not be prepared")
            self._fail(job.id, f"{Path(job.source).name} could not be prepared; the log says why.")
        finally:
            self._pages.pop(job.id, None)
            if self._tasks.get(job.id) is asyncio.current_task():
                del self._tasks[job.id]
        self._changed(job.id)

    async def _queue_items(self, job: JobRow) -> None:
        def pages(n_read: int, n_pages: int | None) -> None:
            self._pages[job.id] = (n_read, n_pages)
            self._changed(job.id)

        document = await self._documents.read(Path(job.source), pages)
        sizes, chunks = await self._cut(job, document)
        params = summary.SummaryParams(
            document=document.name,
            n_pages=document.n_pages,
            notes=document.notes,
            unread_pages=document.unread_pages,
            output_tokens=sizes.output_tokens,
        )
        inputs, encoded = summary.chunk_inputs(chunks), summary.encode(params)
        await write_when_there_is_room(
            lambda: self._store.queue_items(job.id, 0, inputs, params=encoded), self._publish
        )

    async def _cut(self, job: JobRow, document: Document) -> tuple[summary.Sizes, list[Chunk]]:
        """By the engine's own token counts; waits for a model where there is none."""
        n_crashes = 0
        while True:
            self._model_came.clear()
            try:
                sizes = summary.sizes_for(await self._documents.bulk_context())
                return sizes, await self._documents.chunks(document, sizes.chunk_tokens)
            except KnownError as error:
                if error.kind is ErrorKind.ENGINE_CRASHED and n_crashes < MOST_CRASHES:
                    n_crashes += 1
                    continue
                if error.kind is not ErrorKind.NO_MODEL:
                    raise
            self._without_model.add(job.id)
            self._changed(job.id)
            try:
                await self._model_came.wait()
            finally:
                self._without_model.discard(job.id)

    def _fail(self, job_id: str, sentence: str) -> None:
        try:
            self._store.set_state(job_id, JobState.FAILED.value, sentence)
        except KnownError as error:
            self._publish(NoticeShown(sentence=error.sentence, is_error=True))
