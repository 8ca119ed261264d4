"""What is stored of chats, as the faces see it: with what is being written just now. Runs on the core thread."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import msgspec

from app.core.chat_views import ChatOptions, ChatView, Figures, MessageState, MessageView, Role
from app.core.reply_writer import ReplyWriter
from app.core.turn_documents import TurnDocuments
from app.errors import ErrorKind, KnownError
from app.store.chats import ChatRow, Chats, MessageRow


class StoredChats:
    """Rows by their ids, and rows as views. `draft`: what was typed in a chat and not sent."""

    def __init__(
        self,
        store: Chats,
        draft: Callable[[str], str],
        writer: ReplyWriter,
        documents: TurnDocuments | None,
        *,
        is_temporary: bool,
    ) -> None:
        self._store, self._draft, self._writer = store, draft, writer
        self._documents, self._is_temporary = documents, is_temporary

    def chat(self, chat_id: str) -> ChatRow:
        """Raises KnownError where it is gone."""
        row = self._store.get(chat_id)
        if row is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This chat is not there any more.")
        return row

    def message(self, message_id: str) -> MessageRow:
        """Raises KnownError where it is gone."""
        row = self._store.message(message_id)
        if row is None or row.deleted_seconds is not None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This message is not there any more.")
        return row

    def chat_view(self, row: ChatRow) -> ChatView:
        is_answering = self._writer.get(row.id) is not None
        return ChatView(
            id=row.id,
            title=row.title,
            updated_seconds=row.updated_seconds,
            is_answering=is_answering,
            folder_id=row.folder_id,
            tags=row.tags,
            is_pinned=row.is_pinned,
            is_archived=row.is_archived,
            is_temporary=self._is_temporary,
            persona_id=row.persona_id,
            options=decoded(row.options),
            draft=self._draft(row.id),
        )

    def branch(self, row: ChatRow) -> tuple[MessageView, ...]:
        """The messages that are shown."""
        forks = self._store.forks(row.id)
        views = [
            self.message_view(message, forks.get(message.id, (1, 1))) for message in self._store.branch(row.leaf_id)
        ]
        has_documents = self._documents is not None and self._documents.is_used(row.id)
        return tuple(self._with_documents(view) for view in views) if has_documents else tuple(views)

    def message_view(self, row: MessageRow, fork: tuple[int, int] | None = None) -> MessageView:
        """`fork`: which version it is, of how many, where that is known."""
        writing = self._writer.get(row.chat_id)
        is_writing = writing is not None and writing.message_id == row.id
        version, n_versions = fork or self._fork(row)
        view = MessageView(
            id=row.id,
            chat_id=row.chat_id,
            role=Role(row.role),
            text=writing.text if writing is not None and is_writing else row.text,
            state=MessageState.WRITING if is_writing else MessageState(row.state),
            created_seconds=row.created_seconds,
            figures=Figures(**row.figures) if row.figures else None,
            error=row.error,
            version=version,
            n_versions=n_versions,
            parent_id=row.parent_id or "",
            model_name=row.model_name,
            thinking_seconds=row.thinking_seconds,
            is_pinned=row.is_pinned,
        )
        view = view if is_writing else self._as_ended(view)
        return self._with_documents(view) if fork is None else view

    def _with_documents(self, view: MessageView) -> MessageView:
        if self._documents is None:
            return view
        if view.role is Role.USER:
            return dataclasses.replace(view, attachments=self._documents.views_of(view.id))
        return dataclasses.replace(view, passages=self._documents.passages_of(view.parent_id))

    def _fork(self, row: MessageRow) -> tuple[int, int]:
        versions = self._store.versions(row)
        return (versions.index(row.id) + 1 if row.id in versions else 1), max(1, len(versions))

    def _as_ended(self, view: MessageView) -> MessageView:
        """What was shown at the end of a reply, also while the disk has not taken it."""
        ending = self._writer.unwritten(view.id)
        if ending is None:
            return view
        return dataclasses.replace(
            view,
            text=ending.text,
            state=ending.state,
            error=ending.error,
            figures=ending.figures,
            model_name=ending.model_name,
            thinking_seconds=ending.thinking_seconds,
        )


def encoded(options: ChatOptions) -> str:
    """As they are stored."""
    return msgspec.json.encode(options).decode()


def decoded(stored: str) -> ChatOptions:
    """See encoded."""
    return msgspec.json.decode(stored, type=ChatOptions)
