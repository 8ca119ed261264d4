"""What the window knows of chats: it asks Core, keeps the sidebar up to date, and has done what its menus ask for.

GUI thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.chat_views import ChatView, FolderView
from app.core.events import ChatChanged, ChatDeleted, FoldersChanged, ManyChatsChanged
from app.errors import KnownError
from app.gui.bridge import Bridge
from app.gui.chat_rows import Filter
from app.gui.notices import Notices
from app.gui.sidebar import Sidebar
from app.gui.text_dialog import TextDialog
from app.gui.tongue import tr

if TYPE_CHECKING:
    from app.core.core import Core

_UNDO_SECONDS = 10


class ChatDesk(QObject):
    """`deleted` with the id of a chat that is gone; `made` with one that is to be opened."""

    deleted = Signal(str)
    made = Signal(str)
    changed = Signal(object)  # a ChatView
    closed_changed = Signal(list)  # ids of the folders that are closed

    def __init__(self, bridge: Bridge, sidebar: Sidebar, notices: Notices, closed: list[str], window: QWidget) -> None:
        """`closed`: the folders whose chats were not shown at the end of the last run."""
        super().__init__(sidebar)
        self._bridge, self._sidebar, self._notices, self._window = bridge, sidebar, notices, window
        self._chats: dict[str, ChatView] = {}
        self._folders: list[FolderView] = []
        self._closed = set(closed)
        self._filter = Filter()
        self._connect()

    def start(self) -> None:
        """Ask Core for all chats and folders."""
        self._bridge.call(
            lambda core: (core.chats(), core.chats(archived=True), core.folders()), done=self._show, failed=self._say
        )

    def hear(self, event: ChatChanged | ChatDeleted | ManyChatsChanged | FoldersChanged) -> None:
        """One event from the core."""
        match event:
            case ManyChatsChanged():
                self.start()
            case ChatChanged():
                self._chats[event.chat.id] = event.chat
                self.changed.emit(event.chat)
            case ChatDeleted():
                self._chats.pop(event.chat_id, None)
                self.deleted.emit(event.chat_id)
            case FoldersChanged():
                self._folders = list(event.folders)
        self._refresh()

    def chat(self, chat_id: str) -> ChatView | None:
        """As it was last told; None where it is new or gone."""
        return self._chats.get(chat_id)

    def recent(self, limit: int = 8) -> list[ChatView]:
        """The chats that were last used, without the archived."""
        shown = [chat for chat in self._chats.values() if not chat.is_archived]
        return sorted(shown, key=lambda chat: -chat.updated_seconds)[:limit]

    # what the menus ask for

    def rename(self, chat_id: str) -> None:
        if chat := self.chat(chat_id):
            self._ask(
                tr("Rename chat"), tr("Title"), chat.title, lambda text: lambda core: core.rename_chat(chat_id, text)
            )

    def edit_tags(self, chat_id: str) -> None:
        if chat := self.chat(chat_id):
            TextDialog(
                self._window,
                tr("Tags"),
                tr("Words that this chat is found by, with commas between them"),
                ", ".join(chat.tags),
                lambda text: self._do(lambda core: core.set_tags(chat_id, tags_of(text))),
                may_be_empty=True,
            ).open()

    def add_folder(self, chat_id: str = "") -> None:
        """Ask for a name; a chat goes into it where one is given."""

        def make(name: str) -> None:
            self._bridge.call(lambda core: core.add_folder(name), done=move_into, failed=self._say)

        def move_into(folder_id: str) -> None:
            if chat_id:
                self.move(chat_id, folder_id)

        TextDialog(self._window, tr("New folder"), tr("Name"), "", make).open()

    def rename_folder(self, folder_id: str) -> None:
        folder = next((folder for folder in self._folders if folder.id == folder_id), None)
        if folder is not None:
            self._ask(
                tr("Rename folder"),
                tr("Name"),
                folder.name,
                lambda text: lambda core: core.rename_folder(folder_id, text),
            )

    def move(self, chat_id: str, folder_id: str) -> None:
        self._do(lambda core: core.move_chat(chat_id, folder_id))

    def archive(self, chat_id: str, is_archived: bool) -> None:
        """Out of sight, not away: a bar offers to take it back."""
        self._do(lambda core: core.archive_chat(chat_id, is_archived))
        if is_archived and (chat := self.chat(chat_id)):
            self._notices.show_notice(
                tr("“{title}” is in the archive.", title=chat.title),
                action=(tr("Undo"), lambda: self._do(lambda core: core.archive_chat(chat_id, False))),
                key="undo",
                seconds=_UNDO_SECONDS,
            )

    def delete(self, chat_id: str) -> None:
        """At once; a bar offers to take it back."""
        chat = self.chat(chat_id)
        title = chat.title if chat is not None else ""
        self._do(lambda core: core.delete_chat(chat_id))
        self._notices.show_notice(
            tr("“{title}” is deleted.", title=title),
            action=(tr("Undo"), lambda: self.restore(chat_id)),
            key="undo",
            seconds=_UNDO_SECONDS,
        )

    def restore(self, chat_id: str) -> None:
        self._bridge.call(lambda core: core.restore_chat(chat_id), done=lambda _: self.start(), failed=self._say)

    def duplicate(self, chat_id: str) -> None:
        self._bridge.call(lambda core: core.duplicate_chat(chat_id), done=self.made.emit, failed=self._say)

    def fold(self, folder_id: str, is_open: bool) -> None:
        """Show a folder's chats or not; kept over restarts."""
        (self._closed.discard if is_open else self._closed.add)(folder_id)
        self.closed_changed.emit(sorted(self._closed))
        self._refresh()

    def filter(self, shown: Filter) -> None:
        self._filter = shown
        self._refresh()

    # inside

    def _show(self, found: tuple[list[ChatView], list[ChatView], list[FolderView]]) -> None:
        chats, archived, self._folders = found
        self._chats = {chat.id: chat for chat in (*chats, *archived)}
        self._refresh()

    def _refresh(self) -> None:
        self._sidebar.show_chats(list(self._chats.values()), self._folders, self._closed, self._filter)

    def _ask(self, title: str, name: str, text: str, call: Callable[[str], Callable[[Core], object]]) -> None:
        TextDialog(self._window, title, name, text, lambda given: self._do(call(given))).open()

    def _do(self, work: Callable[[Core], object]) -> None:
        self._bridge.call(work, failed=self._say)

    def _say(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, tone="danger")

    def _connect(self) -> None:
        side, asked = self._sidebar, self._sidebar.asked
        side.filter_asked.connect(self.filter)
        side.fold_asked.connect(self.fold)
        asked.rename.connect(self.rename)
        asked.pin.connect(lambda chat_id, is_pinned: self._do(lambda core: core.pin_chat(chat_id, is_pinned)))
        asked.move.connect(self.move)
        asked.move_to_new.connect(self.add_folder)
        asked.edit_tags.connect(self.edit_tags)
        asked.duplicate.connect(self.duplicate)
        asked.archive.connect(self.archive)
        asked.delete.connect(self.delete)
        asked.new_folder.connect(self.add_folder)
        asked.rename_folder.connect(self.rename_folder)
        asked.delete_folder.connect(lambda folder_id: self._do(lambda core: core.delete_folder(folder_id)))


def tags_of(text: str) -> tuple[str, ...]:
    """The words between commas, each once, without the mark that the sidebar shows before them."""
    words = (" ".join(part.split()).lstrip("#") for part in text.split(","))
    return tuple(dict.fromkeys(word for word in words if word))
