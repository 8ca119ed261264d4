"""What the person wrote: a box at the right, as wide as its text needs, that can be copied and edited in place.

GUI thread only. The text is shown as it was typed, never as Markdown.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QEnterEvent, QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.chat_views import MessageView
from app.gui import fonts
from app.gui.buttons import button
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.actions import Actions
from app.gui.transcript.in_place_editor import InPlaceEditor
from app.gui.transcript.message_menu import copy, message_menu, more_button
from app.gui.transcript.message_text import MessageText
from app.gui.transcript.pin_mark import PinMark
from app.gui.transcript.sent_documents import SentDocuments
from app.gui.transcript.versions import Versions

_SHARE = 0.78  # of the column that the box takes at most
_PAD_X, _PAD_Y = 16, 9
_LONGEST = 400  # characters that fill any line


class UserMessage(QWidget):
    """One message of the person."""

    def __init__(self, message: MessageView, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self.message = message
        self.asked = actions
        self._theme = theme
        self._box = QFrame()
        self._box.setObjectName("userMessage")
        self.text = MessageText()
        self.text.setAccessibleName(tr("Your message"))
        self.text.show_plain(message.text)
        self.text.open_menu = self._open_menu
        self._editor: InPlaceEditor | None = None
        inside = QVBoxLayout(self._box)
        inside.setContentsMargins(_PAD_X, _PAD_Y + 2, _PAD_X, _PAD_Y - 2)  # letters stand low in their lines
        inside.addWidget(self.text)

        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._pinned = PinMark(theme)
        name = tr("Copy your message")
        copy_it = button(tr("Copy"), lambda: copy(self.markdown), kind="quiet", name=name, role=fonts.SMALL)
        edit = button(tr("Edit"), self.begin_edit, kind="quiet", name=tr("Edit your message"), role=fonts.SMALL)
        more = more_button(theme, tr("More for your message"), self)
        versions = Versions(theme, actions)
        row.addStretch()
        for widget in (copy_it, edit, more, versions, self._pinned):
            row.addWidget(widget)
        self._quiet = (copy_it, edit)
        self._more = more
        copy_it.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where the person writes
        self.versions = versions
        self.documents = SentDocuments(theme)
        self.show_message(message)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.documents)
        column.addWidget(self._box, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(self._buttons)
        self._buttons.setFixedHeight(26)
        self._show_buttons(False)
        for widget in (*self._quiet, more):
            widget.installEventFilter(self)

    @property
    def markdown(self) -> str:
        return self.message.text

    @property
    def plain(self) -> str:
        return self.message.text

    def texts(self) -> list[MessageText]:
        return [self.text]

    def show_message(self, message: MessageView) -> None:
        """The same text; whether it is pinned, and its versions, may be others."""
        self.message = message
        self.versions.show_for(message)
        self.documents.show_documents(message.attachments)
        self._pinned.show_for(message.is_pinned)

    def begin_edit(self) -> None:
        """Turn the box into an editor with the text in it."""
        if self._editor is None:
            self.text.hide()
            self._mark_editing(True)
            name, save = tr("Edit your message"), (tr("Send"), tr("Send the changed message"))
            self._editor = InPlaceEditor(self.message.text, name, save, self._save, self._end_edit)
            inside = self._box.layout()
            assert inside is not None
            inside.addWidget(self._editor)
            self._fit()
            self._editor.text.setFocus()

    @property
    def is_editing(self) -> bool:
        return self._editor is not None

    def _save(self, text: str) -> None:
        self._end_edit()
        if text.strip() and text != self.message.text:
            self.asked.edit.emit(self.message.id, text)

    def _end_edit(self) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
            self._mark_editing(False)
            self.text.show()
            self._fit()
            self.asked.edit_ended.emit()

    def _mark_editing(self, is_editing: bool) -> None:
        self._buttons.setEnabled(not is_editing)
        self._box.setProperty("editing", is_editing)
        self._box.style().unpolish(self._box)
        self._box.style().polish(self._box)

    def _open_menu(self, place: QPoint) -> None:
        message_menu(self, self._theme, self).popup(place)

    def _fit(self) -> None:
        most = int(self.width() * _SHARE)
        if self._editor is not None:
            self._box.setFixedWidth(most)
            return
        metrics = QFontMetricsF(self.text.font())
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
        self._more.set_seen(shown)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._show_buttons(True)

    def leaveEvent(self, event: QEvent) -> None:
        self._show_buttons(any(widget.hasFocus() for widget in (*self._quiet, self._more)))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._show_buttons(event.type() == QEvent.Type.FocusIn or self.underMouse())
        return False
