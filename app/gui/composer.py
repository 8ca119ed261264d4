"""Where the person writes. Enter sends, Shift+Enter is a new line; while a reply is written Send is Stop.

What is sent while a reply is being written waits as a chip that can be taken back into the text, and goes when the
reply has ended.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from app.gui import fonts, words
from app.gui.buttons import ElidedLabel, IconButton, button, label
from app.gui.growing_text import GrowingText
from app.gui.summary_drag import summary_of
from app.gui.theme import Theme

_LINES_AT_MOST = 8


class Composer(QFrame):
    """The box under the conversation."""

    sent = Signal(str)
    stop_asked = Signal()
    attach_asked = Signal()
    edit_last_asked = Signal()
    pages_asked = Signal(int)  # scroll the conversation by so many pages

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("composer")
        self._is_answering = False
        self._can_send = True
        self.text = _Text(self)
        self.text.setPlaceholderText("Ask anything, or drop documents here")
        self.text.textChanged.connect(self._refresh)
        self._queued = _Queued(theme, self._take_back, self._drop_queued)
        self._attach = IconButton(theme, "plus", "Summarise a document…", self.attach_asked.emit)
        self._attach.setProperty("kind", "raised")
        self._context = label(role=fonts.SMALL, tone="muted")
        self._hint = label("Enter to send", role=fonts.SMALL, tone="muted")
        self._send = button("Send", self._press, kind="main", role=fonts.UI_STRONG)
        self._send.setMinimumWidth(62)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._attach)
        row.addWidget(self._context)
        row.addStretch()
        row.addWidget(self._hint)
        row.addWidget(self._send)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 12, 10)
        column.setSpacing(8)
        column.addWidget(self._queued)
        column.addWidget(self.text)
        column.addLayout(row)
        self._refresh()

    @property
    def queued_text(self) -> str:
        """What goes when the reply has ended."""
        return self._queued.text if self._queued.isVisibleTo(self) else ""

    def set_answering(self, is_answering: bool) -> None:
        """A reply is being written in the chat that is shown, or has ended."""
        was_answering, self._is_answering = self._is_answering, is_answering
        self._refresh()
        if was_answering and not is_answering and (waiting := self.queued_text):
            self._queued.hide()
            self.sent.emit(waiting)

    def forget_queued(self) -> None:
        """What waited comes back into the text, lest it be sent to another chat or after a reply that was stopped."""
        if self.queued_text:
            self._take_back()

    def set_context(self, used: int | None, limit: int) -> None:
        """How full the chat's context is, in tokens; None where that was never measured."""
        self._context.setVisible(limit > 0)
        if used is None:
            self._context.setText(f"Context of {words.number(limit)}")
            self._context.setToolTip(f"The model sees {words.number(limit)} tokens at once.")
            return
        self._context.setText(f"Context {words.number(used)} of {words.number(limit)}")
        left = max(0, limit - used)
        self._context.setToolTip(
            f"This chat fills {words.number(used)} of the {words.number(limit)} tokens that the model sees at once.\n"
            f"{words.number(left)} are left for your next message and its reply."
        )

    def put(self, text: str) -> None:
        """Bring a text back that could not be sent."""
        if not self.text.toPlainText():
            self.text.setPlainText(text)
            self.text.moveCursor(self.text.textCursor().MoveOperation.End)

    def quote(self, text: str) -> None:
        """Put a text in as a quotation, before what is written already."""
        quoted = "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
        self.text.setPlainText(f"{quoted}\n\n{self.text.toPlainText()}")
        self.text.moveCursor(self.text.textCursor().MoveOperation.End)
        self.text.ensureCursorVisible()
        self.text.setFocus()

    def try_to_send(self) -> None:
        """Enter was pressed."""
        text = self.text.toPlainText().strip()
        if not text:
            return
        if not self._is_answering:
            self.text.clear()
            self.sent.emit(text)
        elif not self.queued_text:
            self.text.clear()
            self._queued.show_text(text)
            self._refresh()

    def _press(self) -> None:
        if self._is_answering:
            self.stop_asked.emit()
        else:
            self.try_to_send()
        self.text.setFocus()

    def _take_back(self) -> None:
        text = "\n".join(part for part in (self._queued.text, self.text.toPlainText()) if part)
        self._queued.hide()
        self.text.setPlainText(text)
        self.text.moveCursor(self.text.textCursor().MoveOperation.End)
        self.text.setFocus()

    def _drop_queued(self) -> None:
        self._queued.hide()
        self._refresh()
        self.text.setFocus()

    def _refresh(self) -> None:
        has_text = bool(self.text.toPlainText().strip())
        self._send.setText("Stop" if self._is_answering else "Send")
        self._send.setAccessibleName("Stop the reply" if self._is_answering else "Send")
        self._send.setEnabled(self._is_answering or has_text)
        if not self._is_answering:
            hint = "Enter to send"
        elif has_text and self.queued_text:
            hint = "One message is waiting already"
        else:
            hint = "Enter to send after this reply" if has_text else "Esc to stop"
        self._hint.setText(hint)

    def mark_active(self, is_active: bool) -> None:
        """The ring around the box while the text has the focus."""
        self.setProperty("active", is_active)
        self.style().unpolish(self)
        self.style().polish(self)


class _Queued(QFrame):
    """The message that waits for the reply to end."""

    def __init__(self, theme: Theme, take_back: Callable[[], None], drop: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("queued")
        self.text = ""
        self._label = ElidedLabel(role=fonts.SMALL)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 4, 2)
        row.setSpacing(8)
        row.addWidget(label("Next", role=fonts.SMALL_STRONG, tone="muted"))
        row.addWidget(self._label, 1)
        row.addWidget(button("Edit", take_back, kind="quiet", name="Edit the waiting message", role=fonts.SMALL))
        row.addWidget(IconButton(theme, "x", "Do not send the waiting message", drop, 24))
        self.hide()

    def show_text(self, text: str) -> None:
        self.text = text
        self._label.setText(" ".join(text.split()))
        self._label.setAccessibleName(f"Waiting to be sent: {text}")
        self.show()


class _Text(GrowingText):
    """What the keys do in it."""

    def __init__(self, composer: Composer) -> None:
        super().__init__(_LINES_AT_MOST)
        self._composer = composer
        self.setObjectName("composerText")
        self.setAccessibleName("Message")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if not is_shift:
                self._composer.try_to_send()
            case Qt.Key.Key_Up if not self.toPlainText():
                self._composer.edit_last_asked.emit()
            case Qt.Key.Key_PageUp:
                self._composer.pages_asked.emit(-1)
            case Qt.Key.Key_PageDown:
                self._composer.pages_asked.emit(1)
            case _:
                super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Files and summaries are for the whole window, not for the text."""
        is_for_window = source.hasUrls() or summary_of(source) is not None
        return not is_for_window and super().canInsertFromMimeData(source)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._composer.mark_active(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._composer.mark_active(False)
