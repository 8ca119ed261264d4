"""What a face asks of chats: the part of Core that is about them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from app.core import chat_export
from app.core.attachments import AttachmentService
from app.core.chat_export import ExportFormat
from app.core.chat_views import (
    NO_CHAT_OPTIONS,
    AttachmentUse,
    AttachmentView,
    ChatOptions,
    ChatView,
    ContextUse,
    FolderView,
    OpenChat,
    PersonaView,
    QueuedTurn,
    SavedPrompt,
    SearchHit,
)
from app.core.chats import ChatService
from app.core.library import LibraryService
from app.core.queued_turns import QueuedTurns


class ChatCalls:
    """See Core."""

    _chats: ChatService
    _temporary_chats: ChatService  # in memory: they end with the program
    _library: LibraryService
    _attachments: AttachmentService
    _temporary_attachments: AttachmentService

    def _of_chat(self, chat_id: str) -> ChatService:
        return self._temporary_chats if chat_id and self._temporary_chats.has(chat_id) else self._chats

    def _of_message(self, message_id: str) -> ChatService:
        return self._temporary_chats if self._temporary_chats.has_message(message_id) else self._chats

    def _of_queued(self, id: str) -> QueuedTurns:
        return self._temporary_chats.queued if self._temporary_chats.queued.has(id) else self._chats.queued

    def _tell_chats(self, chat_ids: Sequence[str]) -> None:
        for chat_id in chat_ids:
            self._of_chat(chat_id).publish_chat(chat_id)

    # looking

    def chats(self, archived: bool = False) -> list[ChatView]:
        """Newest first: those that are not archived, or those that are."""
        found = [*self._temporary_chats.all(archived=archived), *self._chats.all(archived=archived)]
        return sorted(found, key=lambda chat: chat.updated_seconds, reverse=True)

    def search(self, text: str, limit: int = 50) -> list[SearchHit]:
        """Titles and messages that have these words, best first; nothing where there are no words."""
        return [*self._chats.search(text, limit), *self._temporary_chats.search(text, limit)][:limit]

    def open_chat(self, chat_id: str) -> OpenChat:
        return self._of_chat(chat_id).open(chat_id)

    async def context_use(self, chat_id: str, typed: str = "") -> ContextUse:
        """What of the context a next turn would take. `chat_id` may be of a chat to be made."""
        use = await self._of_chat(chat_id).context_use(chat_id, typed)
        return dataclasses.replace(use, documents=use.documents + self._attachments_of(chat_id).taken(chat_id))

    # writing

    async def send(
        self,
        chat_id: str | None,
        text: str,
        *,
        new_id: str | None = None,
        entered_seconds: float | None = None,
        persona_id: str = "",
        is_temporary: bool = False,
        folder_id: str = "",
        options: ChatOptions | None = None,
    ) -> str:
        """Ask in a chat, or in a new one (which gets `new_id` where that is given); returns the chat's id.

        `entered_seconds`: when the person pressed Enter, by time.monotonic. What follows it is for a new chat.
        """
        chats = self._temporary_chats if is_temporary and chat_id is None else self._of_chat(chat_id or "")
        return await chats.send(
            chat_id,
            text,
            new_id=new_id,
            entered_seconds=entered_seconds,
            persona_id=persona_id,
            folder_id=folder_id,
            options=options,
        )

    def read_ahead(self, chat_id: str, typed: str) -> None:
        """A turn is near: have the engine read the chat and what is typed, so that the reply begins sooner."""
        self._of_chat(chat_id).read_ahead(chat_id, typed)

    async def wait_for_reply(self, chat_id: str) -> None:
        """Until nothing is being written in this chat."""
        await self._of_chat(chat_id).wait(chat_id)

    def stop(self, chat_id: str) -> None:
        self._of_chat(chat_id).stop(chat_id)

    async def regenerate(self, message_id: str, *, options: ChatOptions | None = None) -> None:
        """Another version of a reply; `options` are for this one alone."""
        await self._of_message(message_id).regenerate(message_id, options or NO_CHAT_OPTIONS)

    async def continue_reply(self, message_id: str) -> None:
        await self._of_message(message_id).continue_reply(message_id)

    async def edit(self, message_id: str, text: str) -> None:
        await self._of_message(message_id).edit(message_id, text)

    def choose_version(self, message_id: str, version: int) -> None:
        self._of_message(message_id).choose_version(message_id, version)

    def save_draft(self, chat_id: str, text: str) -> None:
        """What was typed and not sent; `chat_id` empty: in the new chat."""
        self._of_chat(chat_id).save_draft(chat_id, text)

    def draft(self, chat_id: str) -> str:
        """See save_draft."""
        return self._of_chat(chat_id).draft(chat_id)

    async def queue_turn(self, chat_id: str, text: str) -> str:
        """To be sent when the reply that is being written has ended; returns its id."""
        return await self._of_chat(chat_id).queue_turn(chat_id, text)

    def queued_turns(self, chat_id: str) -> list[QueuedTurn]:
        return self._of_chat(chat_id).queued.all(chat_id)

    def edit_queued(self, id: str, text: str) -> None:
        self._of_queued(id).edit(id, text)

    def remove_queued(self, id: str) -> None:
        self._of_queued(id).remove(id)

    async def send_queued(self, id: str) -> None:
        """One that was left because a reply was stopped or failed, or the program ended."""
        self._of_queued(id).send(id)

    # arranging

    def rename_chat(self, chat_id: str, title: str) -> None:
        self._of_chat(chat_id).rename(chat_id, title)

    def folders(self) -> list[FolderView]:
        return self._library.folders()

    def add_folder(self, name: str) -> str:
        return self._library.add_folder(name)

    def rename_folder(self, id: str, name: str) -> None:
        self._library.rename_folder(id, name)

    def delete_folder(self, id: str) -> None:
        """Its chats stay, without a folder."""
        inside = [chat.id for archived in (False, True) for chat in self.chats(archived) if chat.folder_id == id]
        self._library.delete_folder(id)
        self._tell_chats(inside)

    def move_chat(self, chat_id: str, folder_id: str) -> None:
        """`folder_id` empty: out of its folder."""
        self._of_chat(chat_id).change(chat_id, folder_id=folder_id)

    def set_tags(self, chat_id: str, tags: Sequence[str]) -> None:
        self._of_chat(chat_id).set_tags(chat_id, tags)

    def pin_chat(self, chat_id: str, is_pinned: bool) -> None:
        self._of_chat(chat_id).change(chat_id, is_pinned=is_pinned)

    def archive_chat(self, chat_id: str, is_archived: bool) -> None:
        self._of_chat(chat_id).change(chat_id, is_archived=is_archived)

    def duplicate_chat(self, chat_id: str) -> str:
        """The whole of it, with all versions; returns the new one's id."""
        return self._of_chat(chat_id).duplicate(chat_id)

    def delete_chat(self, chat_id: str) -> None:
        """Into the bin; `purge_chat` and the next start empty it."""
        self._of_chat(chat_id).delete(chat_id)

    def restore_chat(self, chat_id: str) -> None:
        self._of_chat(chat_id).restore(chat_id)

    def purge_chat(self, chat_id: str) -> None:
        """A chat in the bin is gone for good: its text, its index, its documents and its KV."""
        self._of_chat(chat_id).purge(chat_id)

    def delete_message(self, message_id: str) -> None:
        """With what follows it."""
        self._of_message(message_id).delete_message(message_id)

    def restore_message(self, message_id: str) -> None:
        self._of_message(message_id).restore_message(message_id)

    def pin_message(self, message_id: str, is_pinned: bool) -> None:
        self._of_message(message_id).pin_message(message_id, is_pinned)

    # personas, prompts, options

    def personas(self) -> list[PersonaView]:
        return self._library.personas()

    def save_persona(self, persona: PersonaView) -> str:
        """A new one where its id is empty; returns the id."""
        return self._library.save_persona(persona)

    def delete_persona(self, id: str) -> None:
        with_it = [chat.id for archived in (False, True) for chat in self.chats(archived) if chat.persona_id == id]
        self._library.delete_persona(id)
        self._tell_chats(with_it)

    def saved_prompts(self) -> list[SavedPrompt]:
        return self._library.prompts()

    def save_prompt(self, prompt: SavedPrompt) -> str:
        """A new one where its id is empty; returns the id."""
        return self._library.save_prompt(prompt)

    def delete_prompt(self, id: str) -> None:
        self._library.delete_prompt(id)

    def set_chat_options(self, chat_id: str, options: ChatOptions) -> None:
        self._of_chat(chat_id).set_options(chat_id, options)

    def set_chat_persona(self, chat_id: str, persona_id: str) -> None:
        self._of_chat(chat_id).change(chat_id, persona_id=persona_id)

    # documents in a chat

    async def attach(self, chat_id: str, paths: Sequence[Path], *, is_temporary: bool = False) -> list[str]:
        """Files and folders for the next turn; returns their ids. `chat_id` may be of a chat to be made.

        `is_temporary` is for that: nothing of it is written to the disk.
        """
        return await self._attachments_of(chat_id, is_temporary).attach(chat_id, paths)

    async def attach_text(self, chat_id: str, name: str, text: str, *, is_temporary: bool = False) -> str:
        """See attach."""
        return await self._attachments_of(chat_id, is_temporary).attach_text(chat_id, name, text)

    def detach(self, id: str) -> None:
        self._attachments_with(id).detach(id)

    def set_attachment_use(self, id: str, use: AttachmentUse) -> None:
        """Also of one that was sent, as long as its turn waits for it."""
        self._attachments_with(id).set_use(id, use)

    def attachments(self, chat_id: str) -> list[AttachmentView]:
        """Those that wait at the composer."""
        return self._attachments_of(chat_id).views(chat_id)

    def adopt_attachments(self, chat_id: str, *, is_temporary: bool = False) -> list[AttachmentView]:
        """A chat is to be made: what was added to one that never was made goes with it, as its draft does."""
        return self._attachments_of(chat_id, is_temporary).adopt(chat_id)

    def _attachments_of(self, chat_id: str, is_temporary: bool = False) -> AttachmentService:
        is_there = self._temporary_chats.has(chat_id) or self._temporary_attachments.store.is_used(chat_id)
        return self._temporary_attachments if is_temporary or is_there else self._attachments

    def _attachments_with(self, id: str) -> AttachmentService:
        is_there = self._temporary_attachments.store.get(id) is not None
        return self._temporary_attachments if is_there else self._attachments

    # out

    async def export_chat(self, chat_id: str, path: Path, format: ExportFormat) -> None:
        """A file of its own. Raises KnownError where it can't be written."""
        service = self._of_chat(chat_id)
        text = chat_export.text_of(format, service.open(chat_id), service.messages(chat_id))
        await asyncio.to_thread(chat_export.write, path, text)
