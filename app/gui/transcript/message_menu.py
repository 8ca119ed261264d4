"""What can be done with one message, as a menu: of its … button, of the right button and of the menu key.

GUI thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from app.core.chat_views import MessageState, MessageView
from app.gui.buttons import IconButton
from app.gui.icons import icon
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.actions import Actions
from app.gui.transcript.message_text import MessageText


class Shown(Protocol):
    """A message on the page, of either side."""

    message: MessageView
    asked: Actions

    @property
    def markdown(self) -> str:
        """What was said, as it was written; without thoughts."""

    @property
    def plain(self) -> str:
        """The same as it is read."""

    def texts(self) -> list[MessageText]:
        """What of it can be selected."""

    def begin_edit(self) -> None: ...


def message_menu(parent: QWidget, theme: Theme, shown: Shown) -> QMenu:
    """For the message as it is now; what can't be done to a reply that is being written is not offered."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    colour = theme.tokens.muted
    message, actions = shown.message, shown.asked
    is_over = message.state is not MessageState.WRITING

    def add(text: str, do: Callable[[], object], icon_name: str = "") -> None:
        action = menu.addAction(icon(icon_name, colour), text) if icon_name else menu.addAction(text)
        action.triggered.connect(lambda: do())

    selected = selection(shown)
    if selected:
        add(tr("Copy the selection"), lambda: copy(selected), "copy")
        add(tr("Quote the selection"), lambda: actions.quote.emit(selected), "text-quote")
        menu.addSeparator()
    if message.text:
        add(tr("Copy as text"), lambda: copy(shown.plain), "" if selected else "copy")
        add(tr("Copy as Markdown"), lambda: copy(shown.markdown))
        if not selected:
            add(tr("Quote"), lambda: actions.quote.emit(shown.markdown), "text-quote")
    if is_over:
        add(tr("Edit"), shown.begin_edit, "pencil")
        if message.is_pinned:
            add(tr("Unpin"), lambda: actions.pin.emit(message.id, False), "pin-off")
        else:
            add(tr("Pin"), lambda: actions.pin.emit(message.id, True), "pin")
        menu.addSeparator()
        add(tr("Delete with what follows"), lambda: actions.delete.emit(message.id), "trash-2")
    return menu


def more_button(theme: Theme, name: str, shown: Shown, side: int = 24) -> IconButton:
    """Opens the menu below itself."""

    def open_menu() -> None:
        message_menu(made, theme, shown).popup(made.mapToGlobal(QPoint(0, made.height())))

    made = IconButton(theme, "ellipsis", name, open_menu, side)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where the person writes
    return made


def selection(shown: Shown) -> str:
    """What is selected in a message, in lines."""
    return next((found for text in shown.texts() if (found := text.selected())), "")


def copy(text: str) -> None:
    """To the clipboard."""
    QGuiApplication.clipboard().setText(text)
