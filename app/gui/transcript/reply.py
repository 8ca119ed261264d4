"""One reply: its text, what it waits for, why it ended if it ended early, its figures and its quiet actions.

GUI thread only. A failed reply says its sentence here, where it happened, with a way to try again.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.chat_views import MessageState, MessageView
from app.gui import fonts, words
from app.gui.buttons import IconLabel, button, label, set_tone
from app.gui.theme import Theme
from app.gui.transcript.actions import Actions
from app.gui.transcript.reply_text import ReplyText
from app.gui.transcript.versions import Versions

_NARROW = 560
_CAN_GO_ON = (MessageState.STOPPED, MessageState.CUT, MessageState.INTERRUPTED)
_ENDED_EARLY = {
    MessageState.STOPPED: "Stopped.",
    MessageState.CUT: "Cut off at the longest reply that the settings allow.",
    MessageState.INTERRUPTED: "Interrupted before it was complete.",
    MessageState.FAILED: "This reply could not be made.",
}


class Reply(QWidget):
    """One message of the assistant."""

    def __init__(self, message: MessageView, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self.message = message
        self._actions = actions
        self.text = ReplyText(theme)
        self.text.link_clicked.connect(actions.open_link)
        self._waiting = label(role=fonts.SMALL, tone="muted")
        self._why_icon = IconLabel(theme, "info")
        self._why = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._go_on = button("Continue", lambda: actions.continue_reply.emit(self.message.id), role=fonts.SMALL)
        self._again = button("Try again", lambda: actions.regenerate.emit(self.message.id), role=fonts.SMALL)
        self._choose = button("Choose a model", actions.choose_model.emit, role=fonts.SMALL)
        self._has_model = True
        self._why_row = self._make_why_row()
        self._figures = label(role=fonts.SMALL, tone="muted")
        self.versions = Versions(theme, actions)
        self._foot = self._make_foot()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 20)
        column.setSpacing(8)
        for widget in (self.text, self._waiting, self._why_row, self._foot):
            column.addWidget(widget)
        self.set_waiting("")
        self._show(message)

    # while it is being written

    def grow(self, text: str) -> None:
        """More of the reply; one that had ended goes on."""
        if self.message.state is not MessageState.WRITING:
            self._show(replace(self.message, text=self.text.markdown, state=MessageState.WRITING))
        if self._waiting.isVisibleTo(self):
            self._waiting.hide()
            self.text.show()
        self.text.append(text)

    def set_waiting(self, sentence: str) -> None:
        """What happens before the first token; never a bare spinner."""
        self._waiting.setText(sentence or "Starting…")

    def end(self, message: MessageView) -> None:
        """The last word."""
        self.text.finish(message.text)
        self._show(message)

    def step_version(self, by: int) -> None:
        self.versions.step(by)

    def _show(self, message: MessageView) -> None:
        self.message = message
        is_writing = message.state is MessageState.WRITING
        if message.text != self.text.markdown:
            self.text.show_text(message.text)
        self.text.setVisible(bool(message.text))
        self._waiting.setVisible(is_writing and not message.text)
        self._show_why(message)
        self._foot.setVisible(not is_writing)
        for made in self._about_text:
            made.setVisible(bool(message.text) or message.state is not MessageState.FAILED)
        if message.figures is not None:
            self._figures.setText(words.figures(message.figures))
            self._figures.setToolTip(words.figures_explained(message.figures))
        self.versions.show_for(message)

    def _show_why(self, message: MessageView) -> None:
        state = message.state
        self._why_row.setVisible(state in _ENDED_EARLY)
        is_bad = state is MessageState.FAILED
        self._why.setText(message.error or _ENDED_EARLY.get(state, ""))
        set_tone(self._why, "danger" if is_bad else "muted")
        self._why_icon.set_icon("circle-alert" if is_bad else "info", "danger" if is_bad else "muted")
        self._go_on.setVisible(state in _CAN_GO_ON)
        self._offer_way_out()

    def set_has_model(self, has_model: bool) -> None:
        """Trying again is no use without a model."""
        self._has_model = has_model
        self._offer_way_out()

    def _offer_way_out(self) -> None:
        is_bad = self.message.state is MessageState.FAILED
        self._again.setVisible(is_bad and self._has_model)
        self._choose.setVisible(is_bad and not self._has_model)

    def _make_why_row(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._why_icon)
        row.addWidget(self._why, 1)
        row.addWidget(self._go_on)
        row.addWidget(self._again)
        row.addWidget(self._choose)
        return made

    def _make_foot(self) -> QWidget:
        made = QWidget()
        copy = button("Copy", self.copy, kind="quiet", name="Copy this reply", role=fonts.SMALL)
        again = button(
            "Regenerate",
            lambda: self._actions.regenerate.emit(self.message.id),
            kind="quiet",
            name="Regenerate this reply",
            role=fonts.SMALL,
        )
        copy.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where the person writes
        self._about_text = (copy, again)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for widget in (copy, again, self.versions):
            buttons.addWidget(widget)
        self._foot_row = QBoxLayout(QBoxLayout.Direction.LeftToRight, made)
        self._foot_row.setContentsMargins(0, 0, 0, 0)
        self._foot_row.setSpacing(4)
        self._foot_row.addWidget(self._figures, 1)
        self._foot_row.addLayout(buttons)
        buttons.setAlignment(Qt.AlignmentFlag.AlignRight)
        return made

    def copy(self) -> None:
        """The reply's Markdown goes to the clipboard."""
        QGuiApplication.clipboard().setText(self.text.markdown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < _NARROW
        way = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        if self._foot_row.direction() != way:
            self._foot_row.setDirection(way)
            self._foot_row.setStretch(0, 0 if is_narrow else 1)
