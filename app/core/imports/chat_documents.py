"""Documents that were sent in a chat of Rubato's own format. Pure but for `add`."""

from __future__ import annotations

from typing import Any

import msgspec

from app.core.chat_views import AttachmentState, AttachmentUse
from app.core.turn_documents import GivenPassage
from app.store.chat_documents import ArrivingDocuments

_NOT_READ = "It had not been read when it was exported. Add it again."


class Passage(msgspec.Struct, frozen=True):
    id: int
    place: str
    text: str
    n_tokens: int = 0


class Document(msgspec.Struct, frozen=True):
    """`notes` is JSON: a list of sentences."""

    id: str
    name: str
    state: AttachmentState
    error: str = ""
    notes: str = "[]"
    n_pages: int = 0
    n_tokens: int = 0
    text: str = ""
    summary: str = ""
    passages: tuple[Passage, ...] = ()


class Attachment(msgspec.Struct, frozen=True):
    id: str
    document_id: str
    message_id: str
    use: AttachmentUse


class Given(msgspec.Struct, frozen=True):
    """`passages` is JSON."""

    message_id: str
    text: str
    passages: str


class ChatDocuments(msgspec.Struct, frozen=True):
    documents: tuple[Document, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    given: tuple[Given, ...] = ()


NONE = ChatDocuments()


def read(value: object) -> ChatDocuments:
    """Raises msgspec.MsgspecError."""
    found = msgspec.convert(value or {}, ChatDocuments)
    for document in found.documents:
        msgspec.json.decode(document.notes, type=tuple[str, ...])
    for given in found.given:
        msgspec.json.decode(given.passages, type=list[GivenPassage])
    return found


def add(store: ArrivingDocuments, chat_id: str, documents: ChatDocuments, message_ids: set[str]) -> None:
    """Only what belongs to these messages, which are new."""
    attachments = [one for one in documents.attachments if one.message_id in message_ids]
    wanted = {one.document_id for one in attachments}
    ids: dict[int, int] = {}  # of passages, in the file and here
    here: set[str] = set()
    for document in documents.documents:
        if document.id in wanted:
            known = store.add_document(_columns(document), msgspec.to_builtins(document.passages))
            ids.update(zip((one.id for one in document.passages), known, strict=False))
            here.add(document.id)
    for attachment in attachments:
        if attachment.document_id in here:
            store.add_attachment(chat_id, msgspec.to_builtins(attachment))
    for given in documents.given:
        if given.message_id in message_ids:
            passages = msgspec.json.decode(given.passages, type=list[GivenPassage])
            moved = [msgspec.structs.replace(one, id=ids.get(one.id, 0)) for one in passages]
            store.add_given(given.message_id, given.text, msgspec.json.encode(moved).decode())


def _columns(document: Document) -> dict[str, Any]:
    columns: dict[str, Any] = msgspec.to_builtins(document)
    if document.state is AttachmentState.READING:
        columns |= {"state": AttachmentState.FAILED.value, "error": _NOT_READ}
    return columns
