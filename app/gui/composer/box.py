"""The box under the conversation. Enter sends, Shift+Enter is a new line; while a reply is written Send is Stop.

What is sent while a reply is being written waits as a chip, and goes when the reply has ended. GUI thread only.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout

from app.gui import fonts
from app.gui.buttons import IconButton, button, label
from app.gui.composer.attachments import Attachments
from app.gui.composer.gauge import ContextGauge
from app.gui.composer.queued import QueuedTurns
from app.gui.composer.text import MessageEdit
from app.gui.icons import icon
from app.gui.margins import margins
from app.gui.theme import Theme
from app.gui.tongue import mark, tr

_GAPS = 34  # between what stands in its last line
_PLACEHOLDER = mark("Ask anything, or drop documents here")


class Composer(QFrame):
    """What it holds is told to Core by `desk.ComposerDesk`."""

    sent = Signal(str)
    queue_asked = Signal(str)
    stop_asked = Signal()
    attach_asked = Signal()
    summarize_asked = Signal()
    job_asked = Signal()
    save_prompt_asked = Signal(str)
    prompts_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("composer")
        self._theme = theme
        self._is_answering = False
        self.text = MessageEdit()
        self.text.setPlaceholderText(tr(_PLACEHOLDER))
        self.queued = QueuedTurns(theme)
        self.attachments = Attachments(theme)
        self._plus = IconButton(theme, "plus", tr("Add documents, jobs and prompts"), self._show_menu)
        self._plus.setProperty("kind", "raised")
        self.gauge = ContextGauge(theme)
        self._hint = label(role=fonts.SMALL, tone="muted")
        self._send = button(tr("Send"), self._press, kind="main", role=fonts.UI_STRONG)
        self._row = row = QHBoxLayout()
        row.setSpacing(6)
        middle = Qt.AlignmentFlag.AlignVCenter  # else the row would be no higher than the lowest of them
        row.addWidget(self._plus)
        row.addWidget(self.gauge, 0, middle)
        row.addStretch()
        row.addWidget(self._hint, 0, middle)
        row.addSpacing(4)
        row.addWidget(self._send, 0, middle)
        column = QVBoxLayout(self)
        column.setContentsMargins(*margins(16, 10, 12, 10))
        column.setSpacing(8)
        column.addWidget(self.queued)
        column.addWidget(self.attachments)
        column.addWidget(self.text)
        column.addLayout(row)
        self.text.textChanged.connect(self._refresh)
        self.text.send_asked.connect(self.try_to_send)
        self.text.focused.connect(self._mark_active)
        self.queued.left.connect(self.text.setFocus)
        self.gauge.changed.connect(self._fit)
        theme.changed.connect(self._fit)  # after the zoom too
        self._refresh()

    # what the conversation says

    def set_answering(self, is_answering: bool) -> None:
        """A reply is being written in the chat that is shown, or has ended."""
        self._is_answering = is_answering
        self.queued.set_answering(is_answering)
        self._refresh()

    def set_enter_sends(self, enter_sends: bool) -> None:
        """Else Ctrl+Enter sends, and Enter is a new line."""
        self.text.enter_sends = enter_sends
        self._refresh()

    def put(self, text: str) -> None:
        """Bring a text back that could not be sent, or a draft; not over what is written already."""
        if text and not self.text.toPlainText():
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
        if text := self.text.toPlainText().strip():
            self.text.clear()
            (self.queue_asked if self._is_answering else self.sent).emit(text)

    # inside

    def menu(self) -> QMenu:
        """What the + offers."""
        made = QMenu(self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        colour = self._theme.tokens.muted
        text = self.text.toPlainText().strip()
        made.addAction(icon("paperclip", colour), tr("Add documents to this chat…")).triggered.connect(
            lambda: self.attach_asked.emit()
        )
        made.addAction(icon("file-text", colour), tr("Summarise documents in the background…")).triggered.connect(
            lambda: self.summarize_asked.emit()
        )
        made.addAction(icon("list-todo", colour), tr("New job…")).triggered.connect(lambda: self.job_asked.emit())
        made.addSeparator()
        save = made.addAction(icon("bookmark", colour), tr("Save this text as a prompt…"))
        save.setEnabled(bool(text))
        save.triggered.connect(lambda: self.save_prompt_asked.emit(text))
        made.addAction(tr("Saved prompts…")).triggered.connect(lambda: self.prompts_asked.emit())
        return made

    def _show_menu(self) -> None:
        menu = self.menu()
        menu.popup(self._plus.mapToGlobal(self._plus.rect().topLeft()) - menu.rect().bottomLeft())

    def _press(self) -> None:
        if self._is_answering:
            self.stop_asked.emit()
        else:
            self.try_to_send()
        self.text.setFocus()

    def _refresh(self) -> None:
        has_text = bool(self.text.toPlainText().strip())
        self._send.setText(tr("Stop") if self._is_answering else tr("Send"))
        self._send.setAccessibleName(tr("Stop the reply") if self._is_answering else tr("Send"))
        self._send.setEnabled(self._is_answering or has_text)
        key = tr("Enter") if self.text.enter_sends else tr("Ctrl+Enter")
        if not self._is_answering:
            hint = tr("{key} to send", key=key)
        else:
            hint = tr("{key} to send after this reply", key=key) if has_text else tr("Esc to stop")
        self._hint.setText(hint)
        self._fit()

    def _fit(self) -> None:
        """The hint gives way where there is no room for it, for what can be pressed says the same; then other words."""
        beside = (self._plus, self.gauge, self._send)
        taken = sum(part.sizeHint().width() for part in beside if not part.isHidden())
        room = self._row.geometry().width() - taken - self.gauge.px_missing - _GAPS
        self._hint.setVisible(self._hint.sizeHint().width() <= room)
        self.gauge.set_short(room < 0)
        asks = tr(_PLACEHOLDER)
        fits = self.text.fontMetrics().horizontalAdvance(asks) < self._row.geometry().width()  # the text is as wide
        self.text.setPlaceholderText(asks if fits else tr("Ask anything"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _mark_active(self, is_active: bool) -> None:
        """The ring around the box while the text has the focus."""
        self.setProperty("active", is_active)
        self.style().unpolish(self)
        self.style().polish(self)
