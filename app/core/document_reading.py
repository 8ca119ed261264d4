"""Documents of chats are copied, read, cut into passages, counted and embedded, some at a time. On the core thread."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from app.core import passage_choice
from app.core.attachment_files import AttachmentFiles, check_size
from app.core.chat_views import AttachmentState
from app.core.documents import DocumentService
from app.engine.interface import Engine
from app.errors import ErrorKind, KnownError
from app.ingest.document import Block, BlockKind
from app.ingest.readers.text import text_blocks
from app.logs import topic
from app.store.attachments import Attachments, DocumentRow

log = topic("chat")

_READ_AT_ONCE = 2
_COUNTED_AT_ONCE = 64  # texts: what else asks the engine is not kept waiting
_EMBEDDED_AT_ONCE = 16
CHARACTERS_PER_TOKEN = 4  # about, where there is no model to count


class DocumentReading:
    """`files` None: nothing is copied. `planned` is called when a document has been read, before it is READY."""

    def __init__(
        self,
        store: Attachments,
        reader: DocumentService,
        engine: Engine,
        files: AttachmentFiles | None,
        planned: Callable[[str], Awaitable[None]],
        ended: Callable[[str], Awaitable[None]],
    ) -> None:
        self._store, self._reader, self._engine, self._files = store, reader, engine, files
        self._planned, self._ended = planned, ended  # `ended`: READY or FAILED, once a document
        self._at_once = asyncio.Semaphore(_READ_AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.copying = asyncio.Lock()  # what has just been copied is not swept away
        self.unsaved: dict[str, str] = {}  # by document: why it failed, where the disk did not take that

    def start(self, document_id: str) -> None:
        """Read one behind. It is in the store."""
        task = asyncio.create_task(self._read(document_id), name=f"read document {document_id}")
        self._tasks[document_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(document_id, None))

    def stop(self, document_id: str) -> None:
        if (task := self._tasks.get(document_id)) is not None:
            task.cancel()

    async def close(self) -> None:
        """What was being read is read at the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each; about, where there is no model. Waits while one loads."""
        counts: list[int] = []
        try:
            for start in range(0, len(texts), _COUNTED_AT_ONCE):
                counts += await self._engine.count_tokens(texts[start : start + _COUNTED_AT_ONCE])
        except KnownError:
            counts += [len(text) // CHARACTERS_PER_TOKEN + 1 for text in texts[len(counts) :]]
        return counts

    async def count_again(self, document_id: str) -> None:
        """Another model counts otherwise."""
        passages = self._store.passages(document_id)
        if passages:
            counts = await self.counts([passage.text for passage in passages])
            tokens = {passage.id: n for passage, n in zip(passages, counts, strict=True)}
            self._store.set_tokens(tokens, document_id)

    async def _read(self, document_id: str) -> None:
        try:
            async with self._at_once:
                await self._read_and_save(document_id)
            await self._planned(document_id)
            self._store.change_document(document_id, state=AttachmentState.READY.value)
        except KnownError as error:
            self._failed(document_id, error.sentence)
        except Exception:
            log.exception("a document was not read")
            self._failed(document_id, "This document was not read, for a reason that is in the log. Add it again.")
        await self._ended(document_id)
        await self._embed(document_id)

    async def _read_and_save(self, document_id: str) -> None:
        document = self._store.document(document_id)
        if document is None:
            return
        n_pages, notes = 0, tuple[str, ...]()
        if document.path:
            read = await self._reader.read(await self._copied(document))
            blocks, n_pages, notes = list(read.blocks), read.n_pages or 0, read.notes
            text = await asyncio.to_thread(_text_of, blocks)
        else:
            text = self._store.text(document_id)
            blocks = await asyncio.to_thread(lambda: list(text_blocks(text.splitlines())))
        passages = await asyncio.to_thread(passage_choice.cut, blocks)
        if not passages:
            raise KnownError(ErrorKind.DOCUMENT_UNREADABLE, f"“{document.name}” has no text in it.")
        counts = await self.counts([passage.text for passage in passages])
        if self._store.document(document_id) is not None:
            self._store.save_read(
                document_id,
                text=text,
                notes=notes,
                n_pages=n_pages,
                passages=[(one.place, one.text, n) for one, n in zip(passages, counts, strict=True)],
            )

    async def _copied(self, document: DocumentRow) -> Path:
        """The copy, made where there is none: the file may be gone when it is wanted again."""
        if self._files is None:
            await asyncio.to_thread(check_size, Path(document.path))
            return Path(document.path)
        source = document.source
        if not source:
            async with self.copying:
                source = await asyncio.to_thread(self._files.keep, Path(document.path))
                self._store.change_document(document.id, source=source)
        return self._files.path(source)

    def _failed(self, document_id: str, sentence: str) -> None:
        try:
            self._store.change_document(document_id, state=AttachmentState.FAILED.value, error=sentence)
        except KnownError:
            self.unsaved[document_id] = sentence  # it is read again at the next start

    async def _embed(self, document_id: str) -> None:
        """Where the model has a meaning for texts: its passages are found by that too."""
        capabilities = self._engine.capabilities
        if capabilities is None or not capabilities.embedding_size:
            return
        passages = self._store.passages(document_id)
        try:
            for start in range(0, len(passages), _EMBEDDED_AT_ONCE):
                some = passages[start : start + _EMBEDDED_AT_ONCE]
                vectors = await self._engine.embed([passage.text for passage in some])
                packed = {one.id: array("f", vector).tobytes() for one, vector in zip(some, vectors, strict=True)}
                self._store.save_vectors(capabilities.model_name, packed)
        except KnownError as error:
            log.info("passages are found by their words alone: %s", error.sentence)


def _text_of(blocks: Sequence[Block]) -> str:
    """All of a document, with the number of each page that begins."""
    parts: list[str] = []
    page: int | None = None
    for block in blocks:
        if block.page is not None and block.page != page:
            page = block.page
            parts.append(f"[page {page}]")
        parts.append(f"## {block.text}" if block.kind is BlockKind.HEADING else block.text)
    return "\n\n".join(parts)
