"""The messages of a chat that are pinned, as a menu that leads to them. GUI thread only."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QWidget

from app.core.chat_views import MessageView, OpenChat, Role
from app.errors import KnownError
from app.gui.bridge import Bridge
from app.gui.icons import icon
from app.gui.notices import Notices
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.thought_parts import parts_of

_LETTERS = 60


class PinnedMenu(QObject):
    """`chosen` with the ids of a chat and of a message in it."""

    chosen = Signal(str, str)

    def __init__(self, window: QWidget, bridge: Bridge, theme: Theme, notices: Notices) -> None:
        super().__init__(window)
        self._window, self._bridge, self._theme, self._notices = window, bridge, theme, notices

    def open(self, chat_id: str) -> None:
        """Ask Core for the chat; the menu opens where the pointer is, or in the middle of the window."""
        self._bridge.call(lambda core: core.open_chat(chat_id), done=self._show, failed=self._say)

    def _show(self, chat: OpenChat) -> None:
        pinned = [message for message in chat.messages if message.is_pinned]
        if not pinned:
            self._notices.show_notice(tr("No message of this chat is pinned."), key="pinned", seconds=6)
            return
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for message in pinned:
            action = menu.addAction(icon("pin", self._theme.tokens.muted), _title(message))
            action.triggered.connect(partial(self._choose, chat.chat.id, message.id))
        menu.popup(self._place())

    def _choose(self, chat_id: str, message_id: str, _checked: bool = False) -> None:
        self.chosen.emit(chat_id, message_id)

    def _place(self) -> QPoint:
        pointer = QCursor.pos()
        inside = self._window.rect().contains(self._window.mapFromGlobal(pointer))
        return pointer if inside else self._window.mapToGlobal(self._window.rect().center())

    def _say(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, tone="danger")


def _title(message: MessageView) -> str:
    """Who said what, in one line."""
    said = " ".join(parts_of(message.text)[1].split()).replace("&", "&&")
    short = said if len(said) <= _LETTERS else f"{said[:_LETTERS].rstrip()}…"
    return tr("You: {said}", said=short) if message.role is Role.USER else short
