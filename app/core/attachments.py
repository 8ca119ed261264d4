"""Documents that were added to chats: stored first, read behind, used as the person chooses. On the core thread."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from app.core import passage_choice
from app.core.attachment_files import AttachmentFiles, files_in
from app.core.attachment_fit import planned, takes, why_not_sent
from app.core.attachment_views import view_of, wanted
from app.core.chat_views import AttachmentState, AttachmentUse, AttachmentView, ContextUse
from app.core.document_reading import DocumentReading
from app.core.document_summaries import DocumentSummaries
from app.core.documents import DocumentService
from app.core.events import AttachmentsChanged, Event, JobChanged, JobRemoved, NoticeShown
from app.core.file_names import check_name
from app.core.views import JobState, JobView
from app.engine.interface import Engine
from app.errors import ErrorKind, KnownError
from app.ingest.task import ReadLimits
from app.logs import topic
from app.store.attachments import AttachmentRow, Attachments, DocumentRow

log = topic("chat")

_MOST_CHARACTERS = ReadLimits().max_characters


class AttachmentService:
    """All documents of the chats in one database. `files` None: they are in memory alone, as their chats are.

    `context`: what of a chat's context is taken, without what waits at its composer.
    """

    def __init__(
        self,
        store: Attachments,
        reader: DocumentService,
        engine: Engine,
        publish: Callable[[Event], None],
        *,
        files: AttachmentFiles | None,
        summaries: DocumentSummaries | None,
        context: Callable[[str], Awaitable[ContextUse]],
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.store = store
        self._engine, self._publish = engine, publish
        self._files, self._summaries, self._context = files, summaries, context
        self._new_id = new_id
        self._reading = DocumentReading(store, reader, engine, files, self._plan_for, self._read_ended)
        self._others: set[asyncio.Task[None]] = set()
        self._sweeps: set[asyncio.Task[None]] = set()  # of them: these are waited for
        self._fits: dict[str, bool] = {}  # by attachment
        self._rooms: dict[str, int] = {}  # by chat: tokens of its context without history
        self._planning = asyncio.Lock()
        self._jobs: dict[str, JobView] = {}
        self._moved = asyncio.Event()

    def recover(self) -> None:
        """At the start, after jobs: go on with what was being read, and sweep away what nobody has any more."""
        if self._summaries is not None:
            self._jobs = {job.id: job for job in self._summaries.views()}
        for document in self.store.documents():
            if document.state == AttachmentState.READING.value:
                self._reading.start(document.id)
            elif document.job_id and not document.summary and not document.summary_error:
                self._follow_job(document)
            else:
                self._spawn(self._begin_summary(document.id))  # where one is wanted
        self._sweep_soon()

    async def close(self) -> None:
        """What was being read is read at the next start; what is to be gone is gone now."""
        await self._reading.close()
        for task in self._others - self._sweeps:
            task.cancel()
        if self._others:
            await asyncio.wait(set(self._others))

    # what a person does

    async def attach(self, chat_id: str, paths: Sequence[Path]) -> list[str]:
        """Files, and the documents in folders, for the next turn; returns their ids. Raises KnownError."""
        files = await asyncio.to_thread(files_in, list(paths))
        for file in files:
            check_name(file)
        there = {row.document.path: row.id for row in self.store.waiting(chat_id) if row.document.path}
        ids: list[str] = []
        added: list[str] = []
        with self.store.together():
            for file in files:
                path = str(file.absolute())
                if path not in there:
                    there[path], document_id = self._add(chat_id, file.name, path)
                    added.append(document_id)
                ids.append(there[path])
        for document_id in added:
            self._reading.start(document_id)
        self.tell(chat_id)
        return ids

    async def attach_text(self, chat_id: str, name: str, text: str) -> str:
        """A text as a document; returns its id. Raises KnownError."""
        if not text.strip():
            raise KnownError(ErrorKind.BAD_REQUEST, "This text is empty. Add one that has words in it.")
        if len(text) > _MOST_CHARACTERS:
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"This text has more than {_MOST_CHARACTERS:,} characters, which is the most. Split it.",
            )
        names = {row.document.name for row in self.store.waiting(chat_id)}
        free = next(made for n in range(1, len(names) + 2) if (made := name if n == 1 else f"{name} {n}") not in names)
        with self.store.together():
            id, document_id = self._add(chat_id, free, "")
            self.store.change_document(document_id, text=text.encode("utf-8", "replace").decode())
        self._reading.start(document_id)
        self.tell(chat_id)
        return id

    def detach(self, id: str) -> None:
        """Take a document away that has not been sent."""
        row = self._row(id)
        if row.message_id:
            raise KnownError(ErrorKind.BAD_REQUEST, "This document was sent already. Delete its message instead.")
        with self.purging():
            self.store.remove([id])
        self._replan(row.chat_id)
        self.tell(row.chat_id)

    def set_use(self, id: str, use: AttachmentUse) -> None:
        """Until the model has been given it. Raises KnownError."""
        row = self._row(id)
        if row.message_id and self.store.given(row.message_id) is not None:
            raise KnownError(ErrorKind.BAD_REQUEST, "The model has read this document already. Add it again instead.")
        if use is AttachmentUse.SUMMARY:
            if self._summaries is None or self._files is None:
                raise KnownError(
                    ErrorKind.BAD_REQUEST,
                    "A summary is made by a job, which is kept on the disk, and a temporary chat keeps nothing there. "
                    "Choose passages instead.",
                )
            if row.document.summary_error:
                self.store.change_document(row.document.id, summary_error="", job_id="")
        self.store.set_use(id, use.value, is_chosen=True)
        if use is AttachmentUse.SUMMARY:
            self._spawn(self._begin_summary(row.document.id))
        else:
            self._drop_unneeded_job(row.document.id)
        self._replan(row.chat_id)
        self.moved(row.document.id)

    def views(self, chat_id: str) -> list[AttachmentView]:
        """Those that wait at the composer."""
        return [self.view(row) for row in self.store.waiting(chat_id)]

    def view(self, row: AttachmentRow) -> AttachmentView:
        return view_of(
            row,
            fits=self._fits.get(row.id, True),
            unsaved=self._reading.unsaved.get(row.document.id, ""),
            job=self._jobs.get(row.document.job_id),
            can_summarize=self._summaries is not None,
        )

    def taken(self, chat_id: str) -> int:
        """Tokens of the context that what waits at the composer will take, about."""
        rows = self.store.waiting(chat_id) if self.store.is_used(chat_id) else []
        capabilities = self._engine.capabilities
        room = passage_choice.room(capabilities.interactive_context) if capabilities is not None else 0
        return sum(takes(wanted(row), AttachmentUse(row.use), room) for row in rows)

    def adopt(self, chat_id: str) -> list[AttachmentView]:
        """What waits for a chat that was not made is for this one, which is to be made; what is not kept is dropped."""
        if self._files is None:
            unmade = [row.id for row in self.store.of_unmade_chats() if row.chat_id != chat_id]
            if unmade:
                with self.purging():
                    self.store.remove(unmade)
        else:
            self.store.adopt(chat_id)
        self._replan(chat_id)
        return self.views(chat_id)

    def check_ready_to_send(self, chat_id: str) -> None:
        """Raises KnownError where what waits at the composer can't go: it was not read, or can never fit."""
        problem = why_not_sent(self.views(chat_id), self._rooms.get(chat_id, 0))
        if problem is not None:
            raise problem

    @contextlib.contextmanager
    def purging(self) -> Iterator[None]:
        """Documents that are gone after this block are gone with their files and jobs."""
        before = self.store.documents()
        yield
        left = {document.id for document in self.store.documents()}
        gone = [document for document in before if document.id not in left]
        for document in gone:
            self._reading.stop(document.id)
            if document.job_id and self._summaries is not None:
                self._summaries.remove(document.job_id)
        if gone:
            self.store.remove([])  # what the jobs had is not in the log either
            self._sweep_soon()

    def hear(self, event: Event) -> None:
        """A job has moved on."""
        if isinstance(event, JobChanged | JobRemoved):
            job_id = event.job.id if isinstance(event, JobChanged) else event.job_id
            if isinstance(event, JobChanged):
                self._jobs[job_id] = event.job
            else:
                self._jobs.pop(job_id, None)
            for document in self.store.documents_of_job(job_id):
                self._follow_job(document)

    def model_is_ready(self) -> None:
        """Another model counts otherwise, and has another context."""
        for chat_id in self.store.chats_with_waiting():
            self._spawn(self._count_again(chat_id))

    def tell(self, chat_id: str) -> None:
        self._publish(AttachmentsChanged(chat_id=chat_id, attachments=tuple(self.views(chat_id))))

    async def until_moved(self) -> None:
        """Until any document has been read, been summarised, or been given another use."""
        await self._moved.wait()

    def moved(self, document_id: str) -> None:
        """Something about a document is new."""
        self._moved.set()
        self._moved = asyncio.Event()
        for chat_id in dict.fromkeys(row.chat_id for row in self.store.of_document(document_id)):
            self.tell(chat_id)

    # inside

    def _add(self, chat_id: str, name: str, path: str) -> tuple[str, str]:
        id, document_id = self._new_id(), self._new_id()
        self.store.add(
            id,
            chat_id,
            document_id=document_id,
            name=name,
            path=path,
            use=AttachmentUse.WHOLE.value,
            state=AttachmentState.READING.value,
        )
        return id, document_id

    async def _plan_for(self, document_id: str) -> None:
        for chat_id in {row.chat_id for row in self.store.of_document(document_id)}:
            await self._plan(chat_id)

    async def _read_ended(self, document_id: str) -> None:
        self.moved(document_id)
        await self._begin_summary(document_id)

    async def _count_again(self, chat_id: str) -> None:
        for row in self.store.waiting(chat_id):
            await self._reading.count_again(row.document.id)
        await self._plan(chat_id)
        self.tell(chat_id)

    # how they are used

    def _replan(self, chat_id: str) -> None:
        self._spawn(self._plan(chat_id))

    async def _plan(self, chat_id: str) -> None:
        """What fits, and what is best where nothing was chosen; told where it is new."""
        async with self._planning:
            try:
                await self._plan_once(chat_id)
            except KnownError as error:  # no model: planned when there is one
                log.debug("no plan: %s", error.sentence)

    async def _plan_once(self, chat_id: str) -> None:
        context = await self._context(chat_id)
        if not context.limit:
            return
        rows = [row for row in self.store.not_given(chat_id) if row.document.n_tokens and not row.document.error]
        room = context.limit - context.system - context.reply
        self._rooms[chat_id] = room
        plan = planned(
            room - context.history - context.documents,
            passage_choice.room(context.limit),
            [wanted(row) for row in rows],
        )
        for row, one in zip(rows, plan, strict=True):
            if (one.use.value, one.fits) != (row.use, self._fits.get(row.id, True)):
                self._fits[row.id] = one.fits
                self.store.set_use(row.id, one.use.value, is_chosen=row.is_chosen)
                self.tell(chat_id)

    # summaries

    async def _begin_summary(self, document_id: str) -> None:
        """A job makes it, where that is how the document is used."""
        document, files, summaries = self.store.document(document_id), self._files, self._summaries
        wants = any(row.use == AttachmentUse.SUMMARY.value for row in self.store.of_document(document_id))
        if document is None or files is None or summaries is None or not wants or document.error:
            return
        if document.summary or document.job_id or document.state != AttachmentState.READY.value:
            return
        try:
            source = document.source
            if not source:
                async with self._reading.copying:
                    text = self.store.text(document_id)
                    source = await asyncio.to_thread(files.keep_text, document.name, text)
                    self.store.change_document(document_id, source=source)
            self.store.change_document(document_id, job_id=summaries.begin(files.path(source)))
        except KnownError as error:
            self.store.change_document(document_id, summary_error=error.sentence)
        self.moved(document_id)

    def _follow_job(self, document: DocumentRow) -> None:
        job = self._jobs.get(document.job_id)
        if document.summary:
            return
        try:
            if job is not None and job.state is JobState.DONE and self._summaries is not None:
                self.store.change_document(document.id, summary=self._summaries.text(document.job_id))
            elif job is None or job.state in (JobState.FAILED, JobState.CANCELLED):
                reason = job.error if job is not None and job.error else "its job was removed or cancelled."
                self.store.change_document(document.id, summary_error=reason)
        except KnownError as error:
            try:
                self.store.change_document(document.id, summary_error=error.sentence)
            except KnownError as second:
                self._publish(NoticeShown(sentence=second.sentence, is_error=True))
        self.moved(document.id)

    def _drop_unneeded_job(self, document_id: str) -> None:
        """One that has not ended is not worth its time where nobody wants the summary."""
        document = self.store.document(document_id)
        is_wanted = any(row.use == AttachmentUse.SUMMARY.value for row in self.store.of_document(document_id))
        if document is None or is_wanted or not document.job_id or document.summary:
            return
        self.store.change_document(document_id, job_id="", summary_error="")
        if self._summaries is not None:
            self._summaries.remove(document.job_id)

    # inside

    def _sweep_soon(self) -> None:
        if self._files is not None:
            self._sweeps.add(task := self._spawn(self._sweep(self._files)))
            task.add_done_callback(self._sweeps.discard)

    async def _sweep(self, files: AttachmentFiles) -> None:
        async with self._reading.copying:
            kept = {document.source for document in self.store.documents() if document.source}
            await asyncio.to_thread(files.sweep, kept)

    def _spawn(self, work: Awaitable[None]) -> asyncio.Task[None]:
        async def run() -> None:
            try:
                await work
            except KnownError as error:
                self._publish(NoticeShown(sentence=error.sentence, is_error=True))
            except Exception:
                log.exception("something about documents failed")

        task = asyncio.create_task(run())
        self._others.add(task)
        task.add_done_callback(self._others.discard)
        return task

    def _row(self, id: str) -> AttachmentRow:
        row = self.store.get(id)
        if row is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This document is not there any more.")
        return row
