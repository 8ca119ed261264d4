"""What the window knows of chats: it asks Core, keeps the sidebar up to date, searches, renames, deletes with undo.

GUI thread only.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.core.chat_views import ChatView, SearchHit
from app.core.events import ChatChanged, ChatDeleted
from app.errors import KnownError
from app.gui.bridge import Bridge
from app.gui.notices import Notices
from app.gui.sidebar import Sidebar
from app.gui.tongue import tr

_UNDO_SECONDS = 10


class ChatDesk(QObject):
    """`deleted` with the id of a chat that is gone."""

    deleted = Signal(str)

    def __init__(self, bridge: Bridge, sidebar: Sidebar, notices: Notices) -> None:
        super().__init__(sidebar)
        self._bridge, self._sidebar, self._notices = bridge, sidebar, notices
        self._chats: dict[str, ChatView] = {}
        self._found: list[ChatView] | None = None  # while something is searched for
        sidebar.search_asked.connect(self.search)
        sidebar.rename_asked.connect(self.rename)
        sidebar.delete_asked.connect(self.delete)

    def start(self) -> None:
        """Ask Core for all chats."""
        self._bridge.call(lambda core: core.chats(), done=self._show, failed=self._say)

    def hear(self, event: ChatChanged | ChatDeleted) -> None:
        """One event from the core."""
        match event:
            case ChatChanged():
                self._chats[event.chat.id] = event.chat
            case ChatDeleted():
                self._chats.pop(event.chat_id, None)
                if self._found is not None:
                    self._found = [chat for chat in self._found if chat.id != event.chat_id]
                self.deleted.emit(event.chat_id)
        self._refresh()

    def search(self, text: str) -> None:
        """Show the chats that have this text; all where it is empty."""
        if text:
            self._bridge.call(lambda core: core.search(text), done=self._show_hits, failed=self._say)
        else:
            self._show_found(None)

    def rename(self, chat_id: str, title: str) -> None:
        self._bridge.call(lambda core: core.rename_chat(chat_id, title), failed=self._say)

    def delete(self, chat_id: str, title: str) -> None:
        """At once; a bar offers to take it back."""
        self._bridge.call(lambda core: core.delete_chat(chat_id), failed=self._say)
        self._notices.show_notice(
            tr("“{title}” is deleted.", title=title),
            action=(tr("Undo"), lambda: self.restore(chat_id)),
            key="undo",
            seconds=_UNDO_SECONDS,
        )

    def restore(self, chat_id: str) -> None:
        self._bridge.call(lambda core: core.restore_chat(chat_id), done=lambda _: self.start(), failed=self._say)

    def _show(self, chats: list[ChatView]) -> None:
        self._chats = {chat.id: chat for chat in chats}
        self._refresh()

    def _show_hits(self, hits: list[SearchHit]) -> None:
        self._show_found(list({hit.chat.id: hit.chat for hit in hits}.values()))

    def _show_found(self, found: list[ChatView] | None) -> None:
        self._found = found if self._sidebar.search.text().strip() else None
        self._refresh()

    def _refresh(self) -> None:
        if self._found is None:
            self._sidebar.show_chats(list(self._chats.values()))
        else:
            self._sidebar.show_chats([self._chats.get(chat.id, chat) for chat in self._found])

    def _say(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, tone="danger")
