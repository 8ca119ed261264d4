"""What the person wrote: a box at the right, as wide as its text needs, that can be copied and edited in place.

GUI thread only. The text is shown as it was typed, never as Markdown.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent, QFontMetricsF, QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.chat_views import MessageView
from app.gui import fonts
from app.gui.buttons import button
from app.gui.growing_text import GrowingText
from app.gui.theme import Theme
from app.gui.transcript.actions import Actions
from app.gui.transcript.message_text import MessageText
from app.gui.transcript.versions import Versions

_SHARE = 0.78  # of the column that the box takes at most
_PAD_X, _PAD_Y = 16, 9
_EDITOR_LINES = 12
_LONGEST = 400  # characters that fill any line


class UserMessage(QWidget):
    """One message of the person."""

    def __init__(self, message: MessageView, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self.message = message
        self._actions = actions
        self._box = QFrame()
        self._box.setObjectName("userMessage")
        self._text = MessageText()
        self._text.setAccessibleName("Your message")
        self._text.show_plain(message.text)
        self._editor: _Editor | None = None
        inside = QVBoxLayout(self._box)
        inside.setContentsMargins(_PAD_X, _PAD_Y + 2, _PAD_X, _PAD_Y - 2)  # letters stand low in their lines
        inside.addWidget(self._text)

        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        copy = button("Copy", self._copy, kind="quiet", name="Copy your message", role=fonts.SMALL)
        edit = button("Edit", self.begin_edit, kind="quiet", name="Edit your message", role=fonts.SMALL)
        versions = Versions(theme, actions)
        row.addStretch()
        for widget in (copy, edit, versions):
            row.addWidget(widget)
        self._quiet = (copy, edit)
        copy.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where the person writes
        versions.show_for(message)
        self.versions = versions

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._box, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(self._buttons)
        self._buttons.setFixedHeight(26)
        self._show_buttons(False)
        for widget in self._quiet:
            widget.installEventFilter(self)

    def begin_edit(self) -> None:
        """Turn the box into an editor with the text in it."""
        if self._editor is None:
            self._text.hide()
            self._mark_editing(True)
            self._editor = _Editor(self.message.text, self._save, self._end_edit)
            inside = self._box.layout()
            assert inside is not None
            inside.addWidget(self._editor)
            self._fit()
            self._editor.text.setFocus()

    def _save(self, text: str) -> None:
        self._end_edit()
        if text.strip() and text != self.message.text:
            self._actions.edit.emit(self.message.id, text)

    def _end_edit(self) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
            self._mark_editing(False)
            self._text.show()
            self._fit()
            self._actions.edit_ended.emit()

    def _mark_editing(self, is_editing: bool) -> None:
        self._buttons.setEnabled(not is_editing)
        self._box.setProperty("editing", is_editing)
        self._box.style().unpolish(self._box)
        self._box.style().polish(self._box)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.message.text)

    def _fit(self) -> None:
        most = int(self.width() * _SHARE)
        if self._editor is not None:
            self._box.setFixedWidth(most)
            return
        metrics = QFontMetricsF(self._text.font())
        wanted = 0.0
        for line in self.message.text.splitlines():
            wanted = max(wanted, metrics.horizontalAdvance(line[:_LONGEST]))
            if wanted > most:
                break
        self._box.setFixedWidth(max(min(math.ceil(wanted) + 2 * _PAD_X + 4, most), 48))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    # the actions show on hover and on focus, in room that is always there

    def _show_buttons(self, shown: bool) -> None:
        for widget in self._quiet:
            widget.setProperty("kind", "quiet" if shown else "unseen")
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._show_buttons(True)

    def leaveEvent(self, event: QEvent) -> None:
        self._show_buttons(any(widget.hasFocus() for widget in self._quiet))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._show_buttons(event.type() == QEvent.Type.FocusIn or self.underMouse())
        return False


class _Editor(QWidget):
    """The text of a message while it is being changed."""

    def __init__(self, text: str, save: Callable[[str], None], cancel: Callable[[], None]) -> None:
        super().__init__()
        self._save, self._cancel = save, cancel
        self.text = GrowingText(_EDITOR_LINES)
        self.text.setPlainText(text)
        self.text.setObjectName("messageEditor")
        self.text.setAccessibleName("Edit your message")
        self.text.moveCursor(self.text.textCursor().MoveOperation.End)
        self.text.installEventFilter(self)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", cancel))
        row.addWidget(button("Send", self._send, kind="main", name="Send the changed message"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.addWidget(self.text)
        column.addLayout(row)

    def _send(self) -> None:
        self._save(self.text.toPlainText())

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if event.key() == Qt.Key.Key_Escape:
                event.accept()  # it is for the editor, not for the window, where it stops the reply
                return True
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if event.key() == Qt.Key.Key_Escape:
                self._cancel()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not is_shift:
                self._send()
                return True
        return False
