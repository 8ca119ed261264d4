"""What stands in the sidebar, in order: pinned chats, folders with theirs, then the rest by time. Knows no widget."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from app.core.chat_views import ChatView, FolderView
from app.gui import words
from app.gui.tongue import tr


class Head(msgspec.Struct, frozen=True):
    """The name of a group."""

    text: str


class FolderRow(msgspec.Struct, frozen=True):
    """A folder; its chats follow where it is open."""

    folder: FolderView
    is_open: bool
    n_chats: int


class ChatEntry(msgspec.Struct, frozen=True):
    chat: ChatView
    is_inside: bool = False  # in a folder, below its row


Row = Head | FolderRow | ChatEntry


class Filter(msgspec.Struct, frozen=True):
    """Which chats are shown: those with a tag, or the archived ones; all that are not archived without either."""

    tag: str = ""
    is_archive: bool = False

    @property
    def is_on(self) -> bool:
        return bool(self.tag) or self.is_archive

    def takes(self, chat: ChatView) -> bool:
        return chat.is_archived == self.is_archive and (not self.tag or self.tag in chat.tags)


def arranged(
    chats: Sequence[ChatView], folders: Sequence[FolderView], closed: Collection[str], shown: Filter, now: datetime
) -> list[Row]:
    """`closed`: ids of the folders whose chats are not shown. Each chat stands once; with a filter only by its time."""
    taken = sorted((chat for chat in chats if shown.takes(chat)), key=lambda chat: -chat.updated_seconds)
    if shown.is_on:
        return _by_time(taken, now)
    rows: list[Row] = []
    temporary = [chat for chat in taken if chat.is_temporary]
    pinned = [chat for chat in taken if chat.is_pinned and not chat.is_temporary]
    rest = [chat for chat in taken if not chat.is_pinned and not chat.is_temporary]
    for name, some in ((tr("Temporary"), temporary), (tr("Pinned"), pinned)):
        if some:
            rows += [Head(name), *map(ChatEntry, some)]
    if folders:
        rows.append(Head(tr("Folders")))
    for folder in sorted(folders, key=lambda folder: folder.position):
        inside = [chat for chat in rest if chat.folder_id == folder.id]
        is_open = folder.id not in closed
        rows.append(FolderRow(folder, is_open, len(inside)))
        if is_open:
            rows += [ChatEntry(chat, is_inside=True) for chat in inside]
    known = {folder.id for folder in folders}
    return rows + _by_time([chat for chat in rest if chat.folder_id not in known], now)


def key_of(row: Row | None) -> str:
    """What tells a row from the others, whatever its words are now."""
    match row:
        case Head():
            return f"head {row.text}"
        case FolderRow():
            return f"folder {row.folder.id}"
        case ChatEntry():
            return f"chat {row.chat.id}"
    return ""


def _by_time(chats: Sequence[ChatView], now: datetime) -> list[Row]:
    rows: list[Row] = []
    group = ""
    for chat in chats:
        if (new := words.group(chat.updated_seconds, now)) != group:
            group = new
            rows.append(Head(tr(group)))
        rows.append(ChatEntry(chat))
    return rows
