"""What of a chat's documents stands in a turn: waited for, chosen once, kept as it was given. On the core thread."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import msgspec

from app.core import document_turn, passage_choice
from app.core.attachments import AttachmentService
from app.core.chat_views import AttachmentState, AttachmentUse, AttachmentView, PassageView, Role
from app.core.passage_choice import Candidate
from app.engine.interface import Engine
from app.engine.messages import Priority
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.store.attachments import AttachmentRow, GivenRow
from app.store.chats import MessageRow

log = topic("chat")

_UNKNOWN_CONTEXT = 4096


class GivenPassage(msgspec.Struct, frozen=True, kw_only=True):
    """A passage as it is kept with the turn that it was quoted in."""

    id: int
    attachment_id: str
    name: str
    place: str
    text: str


_decoder = msgspec.json.Decoder(list[GivenPassage])


Say = Callable[[str, str], None]  # what a turn waits for, and an attachment that could be used by passages instead


class TurnDocuments:
    """Of all chats in one database."""

    def __init__(self, attachments: AttachmentService, engine: Engine) -> None:
        self._attachments, self._store, self._engine = attachments, attachments.store, engine

    async def prepare(self, branch: Sequence[MessageRow], say: Say) -> None:
        """Have each turn of a branch what it needs of documents; those that have it keep it. Raises KnownError."""
        before: list[AttachmentRow] = []
        given_ids: set[int] = set()
        for message in branch:
            if message.role != Role.USER.value:
                continue
            rows = self._store.of_message(message.id)
            if (given := self._store.given(message.id)) is not None:
                given_ids |= {passage.id for passage in _decoder.decode(given.passages)}
            elif rows or any(row.use == AttachmentUse.PASSAGES.value for row in before):
                rows = await self._when_ready(message.id, say)
                text, passages = await self._chosen(message.text, rows, before, given_ids)
                self._store.give(
                    GivenRow(message_id=message.id, text=text, passages=msgspec.json.encode(passages).decode())
                )
                given_ids |= {passage.id for passage in passages}
            before += rows

    def texts(self, chat_id: str) -> dict[str, str]:
        """What was given, by message."""
        return self._store.all_given(chat_id) if self._store.is_used(chat_id) else {}

    def beginning(self, chat_id: str) -> str:
        """What the next turn will begin with, whatever is typed: documents that go in whole and have been read."""
        rows = self._store.waiting(chat_id) if self._store.is_used(chat_id) else []
        if any(row.document.state != AttachmentState.READY.value for row in rows):
            return ""
        return document_turn.joined(*self._whole(rows))

    def passages_of(self, message_id: str) -> tuple[PassageView, ...]:
        given = self._store.given(message_id)
        if given is None:
            return ()
        return tuple(
            PassageView(attachment_id=one.attachment_id, name=one.name, place=one.place, text=one.text)
            for one in _decoder.decode(given.passages)
        )

    def views_of(self, message_id: str) -> tuple[AttachmentView, ...]:
        return tuple(self._attachments.view(row) for row in self._store.of_message(message_id))

    def is_used(self, chat_id: str) -> bool:
        return self._store.is_used(chat_id)

    # inside

    async def _when_ready(self, message_id: str, say: Say) -> list[AttachmentRow]:
        """The documents of a message, once they are read and summarised. Raises KnownError where one can't be."""
        while True:
            rows = self._store.of_message(message_id)
            for row in rows:
                self._refuse_failed(row)
            waiting = next((row for row in rows if _waits_for(row)), None)
            if waiting is None:
                return rows
            is_read = waiting.document.state == AttachmentState.READY.value
            say(_waits_for(waiting), waiting.id if is_read else "")
            await self._attachments.until_moved()

    def _refuse_failed(self, row: AttachmentRow) -> None:
        view = self._attachments.view(row)
        if view.state is AttachmentState.FAILED:
            self._store.remove([row.id])
            raise KnownError(
                ErrorKind.DOCUMENT_UNREADABLE,
                f"“{view.name}” was taken out of your message, for it could not be read: {view.error}",
            )
        if row.use == AttachmentUse.SUMMARY.value and row.document.summary_error:
            self._store.set_use(row.id, AttachmentUse.PASSAGES.value, is_chosen=True)
            raise KnownError(
                ErrorKind.DOCUMENT_UNREADABLE,
                f"There is no summary of “{view.name}”, so passages of it are used when you try again: "
                f"{row.document.summary_error}",
            )

    async def _chosen(
        self, question: str, rows: Sequence[AttachmentRow], before: Sequence[AttachmentRow], given: set[int]
    ) -> tuple[str, list[GivenPassage]]:
        """The text before the question, and the passages in it. What stays the same for longest comes first."""
        summaries = [
            document_turn.summary(row.document.name, row.document.summary)
            for row in rows
            if row.use == AttachmentUse.SUMMARY.value
        ]
        searched = {row.document.id: row for row in [*before, *rows] if row.use == AttachmentUse.PASSAGES.value}
        wanted = passage_choice.named(question, [row.document.name for row in searched.values()])
        passages = await self._found(question, [row for row in searched.values() if row.document.name in wanted], given)
        quoted = [
            document_turn.passages(
                row.document.name, [(one.place, one.text) for one in passages if one.attachment_id == row.id]
            )
            for row in searched.values()
            if any(one.attachment_id == row.id for one in passages)
        ]
        return document_turn.joined(*self._whole(rows), *summaries, *quoted), passages

    def _whole(self, rows: Sequence[AttachmentRow]) -> list[str]:
        return [
            document_turn.whole(row.document.name, self._store.text(row.document.id))
            for row in rows
            if row.use == AttachmentUse.WHOLE.value
        ]

    async def _found(self, question: str, rows: Sequence[AttachmentRow], given: set[int]) -> list[GivenPassage]:
        by_document = {row.document.id: row for row in rows}
        if not by_document:
            return []
        ids = list(by_document)
        everything = [passage for id in ids for passage in self._store.passages(id)]
        ranking = passage_choice.fused(
            self._store.search(ids, question, passage_choice.SEARCHED),
            await self._nearest(question, ids, len(everything)),
        )
        candidates = [
            Candidate(id=one.id, order=(ids.index(one.document_id), one.position), n_tokens=one.n_tokens)
            for one in everything
        ]
        capabilities = self._engine.capabilities
        context = capabilities.interactive_context if capabilities is not None else _UNKNOWN_CONTEXT
        chosen = passage_choice.chosen(ranking, candidates, passage_choice.room(context), given)
        return [
            GivenPassage(
                id=one.id,
                attachment_id=by_document[one.document_id].id,
                name=by_document[one.document_id].document.name,
                place=one.place,
                text=one.text,
            )
            for one in self._store.passages_at(chosen)
        ]

    async def _nearest(self, question: str, document_ids: Sequence[str], n_passages: int) -> list[int]:
        """By meaning, where the model that is loaded has one for texts and made it for all of these: where some have
        none yet, those that have one would come before the right ones.
        """
        capabilities = self._engine.capabilities
        if capabilities is None or not capabilities.embedding_size:
            return []
        stored = self._store.vectors(document_ids, capabilities.model_name)
        if len(stored) < n_passages:
            return []
        try:
            (vector,) = await self._engine.embed([question], Priority.INTERACTIVE)
        except KnownError as error:
            log.info("passages are found by their words alone: %s", error.sentence)
            return []
        return passage_choice.nearest(vector, {id: array("f", packed) for id, packed in stored.items()})


def _waits_for(row: AttachmentRow) -> str:
    """A sentence; empty where it is there."""
    if row.document.state == AttachmentState.READING.value:
        return f"Reading “{row.document.name}”…"
    if row.use == AttachmentUse.SUMMARY.value and not row.document.summary:
        return f"Waiting for the summary of “{row.document.name}”…"
    return ""
