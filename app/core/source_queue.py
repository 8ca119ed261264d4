"""Documents of jobs become items: read in task processes, cut by the engine's own token counts, queued in one commit.

A table's rows are queued some hundreds a commit; where that was interrupted it goes on behind the last one.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from app.core import source_facts
from app.core.documents import DocumentService
from app.core.events import Event, NoticeShown
from app.core.file_names import check_name
from app.core.full_disk import write_when_there_is_room
from app.core.kinds import item_input
from app.core.kinds.item_input import Call, Piece, Row, text_of
from app.core.kinds.kind import JobKind, Material
from app.core.kinds.known import kind_of
from app.core.source_facts import SourceFacts
from app.core.text_lines import text_lines
from app.engine.interface import Engine
from app.errors import ErrorKind, KnownError
from app.ingest.document import Document
from app.ingest.gathering import gather
from app.ingest.tables import is_table, open_table
from app.logs import topic
from app.store.items import Items
from app.store.jobs import JobRow, Jobs, SourceRow

log = topic("documents")

MOST_CRASHES = 3  # of the engine, while one document is counted
MOST_READER_CRASHES = 3  # while one document is read: whoever killed it may have meant something else
READERS = 2  # documents read at the same time; the others wait
ROWS_COUNTED = 100  # of a batch of rows, whose tokens stand for the others


class SourceQueue:
    """`changed` is called with a job's id as its documents are read; `unpacked` is where archives are unpacked.

    The tokens of a job's documents are counted by `engine_of` it.
    """

    def __init__(
        self,
        jobs: Jobs,
        items: Items,
        documents: DocumentService,
        engine_of: Callable[[JobRow], Engine],
        unpacked: Path,
        publish: Callable[[Event], None],
        changed: Callable[[str], None],
    ) -> None:
        self._jobs = jobs
        self._items = items
        self._documents = documents
        self._engine_of = engine_of
        self._unpacked = unpacked
        self._publish = publish
        self._changed = changed
        self._reading: dict[int, tuple[SourceRow, asyncio.Task[None]]] = {}  # by source
        self._read_so_far: dict[str, str] = {}  # by job: of the document that is being read
        self._without_model: set[int] = set()
        self._model_came = asyncio.Event()
        self._is_closing = False

    def fill(self) -> None:
        """Read what waits. Call it whenever something changed."""
        while not self._is_closing and len(self._reading) < READERS:
            source = self._jobs.next_to_read(list(self._reading))
            if source is None:
                return
            task = asyncio.create_task(self._read(source), name=f"read {source.id}")
            self._reading[source.id] = (source, task)
            task.add_done_callback(partial(self._ended, source))  # also where it was stopped before it began

    def wake(self) -> None:
        """A model is ready, for example."""
        self._model_came.set()
        self.fill()

    def stop_job(self, job_id: str) -> None:
        """Kill its readers."""
        for source, task in self._reading.values():
            if source.job_id == job_id:
                task.cancel()

    def is_reading(self, job_id: str) -> bool:
        return any(source.job_id == job_id for source, _ in self._reading.values())

    def read_so_far(self, job_id: str) -> str:
        """ "12 of 40 pages read", of the document that is being read now; empty while none is."""
        return self._read_so_far.get(job_id, "")

    def waits_for_model(self, job_id: str) -> bool:
        return any(source.job_id == job_id and id in self._without_model for id, (source, _) in self._reading.items())

    async def close(self) -> None:
        self._is_closing = True
        tasks = [task for _, task in self._reading.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _read(self, source: SourceRow) -> None:
        try:
            job = self._jobs.get(source.job_id)
            if job is not None:
                kind, params = kind_of(job)
                await self._try_source(job, source, kind, params)
        except KnownError as error:
            self._fail(source, error.sentence)
        except Exception:
            log.exception("a document could not be prepared")
            self._fail(source, f"{source.name} could not be prepared; the log says why.")

    def _ended(self, source: SourceRow, task: asyncio.Task[None]) -> None:
        self._reading.pop(source.id, None)
        self._read_so_far.pop(source.job_id, None)
        if not task.cancelled():
            self._changed(source.job_id)
        self.fill()

    async def _try_source(self, job: JobRow, source: SourceRow, kind: JobKind, params: Any) -> None:
        for n in range(1, MOST_READER_CRASHES + 1):
            try:
                await self._queue_source(job, source, kind, params)
                return
            except KnownError as error:
                if error.kind is not ErrorKind.READER_CRASHED or n == MOST_READER_CRASHES:
                    raise
                log.warning("%s is read again: %s", source.name, error.sentence)

    async def _queue_source(self, job: JobRow, source: SourceRow, kind: JobKind, params: Any) -> None:
        path = Path(source.path)
        if path.is_dir() or path.suffix.lower() == ".zip":
            await self._unfold(source, path)
        elif kind.reads_lines:
            await self._queue_lines(job, source, kind, params, path)
        elif not kind.cuts_documents and is_table(path):
            await self._queue_rows(job, source, kind, params, path)
        else:
            await self._queue_document(job, source, kind, params, path)

    async def _unfold(self, source: SourceRow, path: Path) -> None:
        folder = self._unpacked / source.job_id / str(source.id)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)  # where it was interrupted before
        found = await gather([path], unpack_into=folder, log_file=self._documents.log_file)
        files, refused = [], [(one.name, one.sentence) for one in found.refused]
        for file in found.files:
            try:
                check_name(file.path)
                files.append((str(file.path), file.name))
            except KnownError as error:
                refused.append((file.name, error.sentence))
        if not files and not refused:
            raise KnownError(ErrorKind.BAD_REQUEST, f"There is no document in {source.name}.")
        facts = source_facts.encode(SourceFacts(notes=found.notes))
        await self._write(lambda: self._jobs.unfold(source, files, refused, facts))

    async def _queue_document(self, job: JobRow, source: SourceRow, kind: JobKind, params: Any, path: Path) -> None:
        def pages(n_read: int, n_pages: int | None) -> None:
            self._read_so_far[job.id] = f"{n_read:,} of {n_pages:,} pages read" if n_pages else f"{n_read:,} parts read"
            self._changed(job.id)

        self._check(job, kind, params, Material(names=(source.name,)))
        document = await self._documents.read(path, pages)
        pieces, n_tokens = await self._when_model_is_there(
            source, lambda: self._cut(job, source, kind, params, document)
        )
        facts = SourceFacts(n_pages=document.n_pages, notes=document.notes, unread_pages=document.unread_pages)

        def queue() -> None:
            with self._items.together():
                self._items.add(job.id, source.id, 0, [item_input.encode(piece) for piece in pieces])
                self._was_read(kind, params, source, facts, len(pieces), n_tokens)

        await self._write(queue)

    def _check(self, job: JobRow, kind: JobKind, params: Any, material: Material) -> None:
        """A draft's parameters may be half written; they are checked when it begins. Raises KnownError."""
        if job.state != "draft":
            kind.check(params, material)

    async def _fitted(self, job: JobRow, kind: JobKind, params: Any) -> Any:
        """The parameters for the model that is loaded, kept with the job."""
        fitted = kind.fitted(params, await self._counter(job).bulk_context())
        if fitted != params:
            self._jobs.update(job.id, params=msgspec.json.encode(fitted).decode())
        return fitted

    async def _cut(
        self, job: JobRow, source: SourceRow, kind: JobKind, params: Any, document: Document
    ) -> tuple[list[Piece], int]:
        params = await self._fitted(job, kind, params)
        counter = self._counter(job)
        if kind.cuts_documents:
            limit = kind.piece_tokens(params, await counter.bulk_context())
            chunks, n_tokens = await counter.chunks(document, limit)
            return [Piece(text=c.text, first_page=c.first_page, last_page=c.last_page) for c in chunks], n_tokens
        text = "\n\n".join(block.text for block in document.blocks)
        n_tokens = await counter.count(text)
        last_page = document.n_pages
        first_page = 1 if last_page else None
        return [Piece(text=text, name=source.name, first_page=first_page, last_page=last_page)], n_tokens

    async def _queue_rows(self, job: JobRow, source: SourceRow, kind: JobKind, params: Any, path: Path) -> None:
        n_there = self._items.n_of_source(source.id)
        n_seen, n_tokens = 0, 0.0
        async with open_table(path, log_file=self._documents.log_file) as table:
            columns = table.head.columns
            self._check(job, kind, params, Material(names=(source.name,), columns=columns))
            await self._when_model_is_there(source, lambda: self._fitted(job, kind, params))
            async for batch in table.rows():
                rows = [Row(values=dict(zip(columns, row, strict=True))) for row in batch]
                n_tokens += await self._when_model_is_there(source, lambda rows=rows: self._about(job, rows))  # type: ignore[misc]
                new = rows[max(0, n_there - n_seen) :]
                start = n_seen + len(rows) - len(new)
                await self._add(job, source, new, start)
                n_seen += len(rows)
            facts = SourceFacts(columns=columns, notes=table.notes)
        await self._write(lambda: self._was_read(kind, params, source, facts, n_seen, round(n_tokens)))

    async def _queue_lines(self, job: JobRow, source: SourceRow, kind: JobKind, params: Any, path: Path) -> None:
        n_there = self._items.n_of_source(source.id)
        n_seen, n_tokens = 0, 0.0
        await self._when_model_is_there(source, lambda: self._fitted(job, kind, params))
        async for batch in text_lines(path):
            calls = [Call(custom_id=kind.id_of_line(line), body=line) for line in batch]
            n_tokens += await self._when_model_is_there(source, lambda calls=calls: self._about(job, calls))  # type: ignore[misc]
            new = calls[max(0, n_there - n_seen) :]
            await self._add(job, source, new, n_seen + len(calls) - len(new))
            n_seen += len(calls)
        if n_seen == 0:
            raise KnownError(ErrorKind.DOCUMENT_UNREADABLE, f"{source.name} has no requests in it.")
        facts = SourceFacts()
        await self._write(lambda: self._was_read(kind, params, source, facts, n_seen, round(n_tokens)))

    async def _add(self, job: JobRow, source: SourceRow, inputs: Sequence[Row | Call], start: int) -> None:
        encoded = [item_input.encode(input) for input in inputs]
        if encoded:
            await self._write(lambda: self._items.add(job.id, source.id, 0, encoded, start=start))
            self._read_so_far[job.id] = f"{start + len(encoded):,} rows read"
            self._changed(job.id)

    def _was_read(
        self, kind: JobKind, params: Any, source: SourceRow, facts: SourceFacts, n_items: int, n_tokens: int
    ) -> None:
        self._jobs.source_was_read(
            source,
            facts=source_facts.encode(facts),
            n_items=n_items,
            n_tokens=n_tokens,
            n_expected=kind.expected_items(params, n_items),
        )

    def _counter(self, job: JobRow) -> DocumentService:
        return self._documents.on(self._engine_of(job))

    async def _about(self, job: JobRow, inputs: Sequence[Row | Call]) -> float:
        """Tokens of all of these, counted on some of them."""
        sample = inputs[:ROWS_COUNTED]
        counts = await self._counter(job).counts([text_of(input) for input in sample])
        return sum(counts) / max(1, len(sample)) * len(inputs)

    async def _when_model_is_there(self, source: SourceRow, work: Callable[[], Any]) -> Any:
        """What needs the engine's token counts; waits for a model where there is none."""
        n_crashes = 0
        while True:
            self._model_came.clear()
            try:
                return await work()
            except KnownError as error:
                if error.kind is ErrorKind.ENGINE_CRASHED and n_crashes < MOST_CRASHES:
                    n_crashes += 1
                    continue
                if error.kind is not ErrorKind.NO_MODEL:
                    raise
            self._without_model.add(source.id)
            self._changed(source.job_id)
            try:
                await self._model_came.wait()
            finally:
                self._without_model.discard(source.id)

    async def _write(self, write: Callable[[], None]) -> None:
        await write_when_there_is_room(write, self._publish)

    def _fail(self, source: SourceRow, sentence: str) -> None:
        try:
            self._jobs.set_source(source.id, "failed", sentence)
        except KnownError as error:
            self._publish(NoticeShown(sentence=error.sentence, is_error=True))
