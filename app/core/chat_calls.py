"""What a face asks of chats: the part of Core that is about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from app.core.chat_views import (
    AttachmentUse,
    AttachmentView,
    ChatOptions,
    ChatView,
    ContextUse,
    FolderView,
    ImportReport,
    OpenChat,
    PersonaView,
    QueuedTurn,
    SavedPrompt,
    SearchHit,
)
from app.core.chats import ChatService


class ChatCalls:
    """See Core."""

    _chats: ChatService

    # looking

    def chats(self, archived: bool = False) -> list[ChatView]:
        """Newest first: those that are not archived, or those that are."""
        if archived:
            raise NotImplementedError
        return self._chats.all()

    def search(self, text: str, limit: int = 50) -> list[SearchHit]:
        """Titles and messages that have these words, best first; nothing where there are no words."""
        return self._chats.search(text, limit)

    def open_chat(self, chat_id: str) -> OpenChat:
        return self._chats.open(chat_id)

    async def context_use(self, chat_id: str, typed: str = "") -> ContextUse:
        """What of the context a next turn would take. `chat_id` may be of a chat to be made."""
        raise NotImplementedError

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
        if persona_id or is_temporary or folder_id or options is not None:
            raise NotImplementedError
        return await self._chats.send(chat_id, text, new_id=new_id, entered_seconds=entered_seconds)

    def read_ahead(self, chat_id: str, typed: str) -> None:
        """A turn is near: have the engine read the chat and what is typed, so that the reply begins sooner."""
        self._chats.read_ahead(chat_id, typed)

    async def wait_for_reply(self, chat_id: str) -> None:
        """Until nothing is being written in this chat."""
        await self._chats.wait(chat_id)

    def stop(self, chat_id: str) -> None:
        self._chats.stop(chat_id)

    async def regenerate(self, message_id: str, *, options: ChatOptions | None = None) -> None:
        """Another version of a reply; `options` are for this one alone."""
        if options is not None:
            raise NotImplementedError
        await self._chats.regenerate(message_id)

    async def continue_reply(self, message_id: str) -> None:
        await self._chats.continue_reply(message_id)

    async def edit(self, message_id: str, text: str) -> None:
        await self._chats.edit(message_id, text)

    def choose_version(self, message_id: str, version: int) -> None:
        self._chats.choose_version(message_id, version)

    def save_draft(self, chat_id: str, text: str) -> None:
        """What was typed and not sent; `chat_id` empty: in the new chat."""
        raise NotImplementedError

    async def queue_turn(self, chat_id: str, text: str) -> str:
        """To be sent when the reply that is being written has ended; returns its id."""
        raise NotImplementedError

    def queued_turns(self, chat_id: str) -> list[QueuedTurn]:
        raise NotImplementedError

    def edit_queued(self, id: str, text: str) -> None:
        raise NotImplementedError

    def remove_queued(self, id: str) -> None:
        raise NotImplementedError

    async def send_queued(self, id: str) -> None:
        """One that was left because a reply was stopped or failed, or the program ended."""
        raise NotImplementedError

    # arranging

    def rename_chat(self, chat_id: str, title: str) -> None:
        self._chats.rename(chat_id, title)

    def folders(self) -> list[FolderView]:
        raise NotImplementedError

    def add_folder(self, name: str) -> str:
        raise NotImplementedError

    def rename_folder(self, id: str, name: str) -> None:
        raise NotImplementedError

    def delete_folder(self, id: str) -> None:
        """Its chats stay, without a folder."""
        raise NotImplementedError

    def move_chat(self, chat_id: str, folder_id: str) -> None:
        """`folder_id` empty: out of its folder."""
        raise NotImplementedError

    def set_tags(self, chat_id: str, tags: Sequence[str]) -> None:
        raise NotImplementedError

    def pin_chat(self, chat_id: str, is_pinned: bool) -> None:
        raise NotImplementedError

    def archive_chat(self, chat_id: str, is_archived: bool) -> None:
        raise NotImplementedError

    def duplicate_chat(self, chat_id: str) -> str:
        """The whole of it, with all versions; returns the new one's id."""
        raise NotImplementedError

    def delete_chat(self, chat_id: str) -> None:
        """Into the bin; `purge_chat` and the next start empty it."""
        self._chats.delete(chat_id)

    def restore_chat(self, chat_id: str) -> None:
        self._chats.restore(chat_id)

    def purge_chat(self, chat_id: str) -> None:
        """A chat in the bin is gone for good: its text, its index, its documents and its KV."""
        raise NotImplementedError

    def delete_message(self, message_id: str) -> None:
        """With what follows it."""
        raise NotImplementedError

    def restore_message(self, message_id: str) -> None:
        raise NotImplementedError

    def pin_message(self, message_id: str, is_pinned: bool) -> None:
        raise NotImplementedError

    # personas, prompts, options

    def personas(self) -> list[PersonaView]:
        raise NotImplementedError

    def save_persona(self, persona: PersonaView) -> str:
        """A new one where its id is empty; returns the id."""
        raise NotImplementedError

    def delete_persona(self, id: str) -> None:
        raise NotImplementedError

    def saved_prompts(self) -> list[SavedPrompt]:
        raise NotImplementedError

    def save_prompt(self, prompt: SavedPrompt) -> str:
        """A new one where its id is empty; returns the id."""
        raise NotImplementedError

    def delete_prompt(self, id: str) -> None:
        raise NotImplementedError

    def set_chat_options(self, chat_id: str, options: ChatOptions) -> None:
        raise NotImplementedError

    def set_chat_persona(self, chat_id: str, persona_id: str) -> None:
        raise NotImplementedError

    # documents in a chat

    async def attach(self, chat_id: str, paths: Sequence[Path]) -> list[str]:
        """Files and folders for the next turn; returns their ids. `chat_id` may be of a chat to be made."""
        raise NotImplementedError

    async def attach_text(self, chat_id: str, name: str, text: str) -> str:
        raise NotImplementedError

    def detach(self, id: str) -> None:
        raise NotImplementedError

    def set_attachment_use(self, id: str, use: AttachmentUse) -> None:
        raise NotImplementedError

    def attachments(self, chat_id: str) -> list[AttachmentView]:
        """Those that wait at the composer."""
        raise NotImplementedError

    # out and in

    async def export_chat(self, chat_id: str, path: Path, format: Literal["markdown", "html", "json"]) -> None:
        raise NotImplementedError

    async def export_everything(self, path: Path) -> None:
        """One .zip."""
        raise NotImplementedError

    async def import_file(self, path: Path) -> ImportReport:
        raise NotImplementedError
