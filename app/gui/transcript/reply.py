"""One reply: its thought, its text, what it waits for, why it ended if it ended early, and what can be done with it.

GUI thread only. A failed reply says its sentence here, where it happened, with a way to try again.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.chat_views import MessageState, MessageView
from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.actions import Actions
from app.gui.transcript.ended_early import EndedEarly
from app.gui.transcript.in_place_editor import InPlaceEditor
from app.gui.transcript.message_menu import copy, message_menu
from app.gui.transcript.message_text import MessageText
from app.gui.transcript.passages import Passages
from app.gui.transcript.reply_foot import ReplyFoot
from app.gui.transcript.reply_text import ReplyText
from app.gui.transcript.thought import Thought
from app.gui.transcript.thought_parts import ThoughtParts


class Reply(QWidget):
    """One message of the assistant."""

    def __init__(self, message: MessageView, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self.message = message
        self.asked = actions
        self._theme = theme
        self.thought = Thought(theme)
        self._parts = ThoughtParts()
        self.text = ReplyText(theme)
        self.thought.made.connect(self._take_text)
        self._take_text(self.text)
        self.passages = Passages()
        self._waiting = label(role=fonts.SMALL, tone="muted")
        self._waits_for = ""  # an attachment, of which passages could be used instead
        self._instead = button(tr("Use passages instead"), self._use_passages, kind="link", role=fonts.SMALL)
        self.ended = EndedEarly(theme, actions)
        self._why, self._why_row = self.ended.sentence, self.ended
        self._editor: InPlaceEditor | None = None
        self.foot = ReplyFoot(theme, self)
        self.versions = self.foot.versions
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 20)
        column.setSpacing(8)
        for widget in (self.thought, self.text, self._why_row, self.passages, self.foot):
            column.addWidget(widget)
        waits = QHBoxLayout()
        waits.addWidget(self._waiting)
        waits.addWidget(self._instead)
        waits.addStretch()
        column.insertLayout(2, waits)
        self.set_waiting("")
        self.said = ""  # what of the message is shown
        self.show_message(message)

    # while it is being written

    def grow(self, text: str) -> None:
        """More of the reply; one that had ended goes on."""
        if self.message.state is not MessageState.WRITING:
            self.show_message(replace(self.message, text=self.said, state=MessageState.WRITING))
        self.said += text
        self._waiting.hide()
        was_thinking = self._parts.is_thinking
        thought, answer = self._parts.feed(text)
        if thought:
            self.thought.grow(thought)
        if was_thinking and not self._parts.is_thinking:
            self.thought.end()
        if answer:
            self.text.show()
            self.text.append(answer)

    def set_waiting(self, sentence: str, attachment_id: str = "") -> None:
        """What happens before the first token; never a bare spinner. `attachment_id`: it need not be waited for."""
        self._waiting.setText(sentence or tr("Starting…"))
        self._waits_for = attachment_id
        self._instead.setVisible(bool(attachment_id) and self.message.state is MessageState.WRITING)

    def _use_passages(self) -> None:
        self.asked.use_passages.emit(self._waits_for)
        self.set_waiting("")

    def end(self, message: MessageView) -> None:
        """The last word."""
        if message.text == self.said:
            thought, answer = self._parts.finish()
            if thought:
                self.thought.grow(thought)
            self.text.finish(self.text.markdown + answer)
        self.show_message(message)

    def show_message(self, message: MessageView) -> None:
        """All that is known of it; its text is rendered again only where it is another."""
        self.message = message
        is_writing = message.state is MessageState.WRITING
        if message.text != self.said:
            self._show_text(message)
        elif not is_writing:
            self.thought.show_thought(self.thought.markdown, message.thinking_seconds)
        self.text.setVisible(bool(self.text.markdown) and self._editor is None)
        self._waiting.setVisible(is_writing and not message.text)
        self._instead.setVisible(is_writing and bool(self._waits_for))
        self.passages.show_passages(message.passages)
        self.ended.show_message(message)
        self.foot.show_message(message)
        self.foot.setVisible(self.foot.isVisibleTo(self) and self._editor is None)

    def _show_text(self, message: MessageView) -> None:
        self.said, self._parts = message.text, ThoughtParts()
        thought, answer = self._parts.feed(message.text)
        if message.state is not MessageState.WRITING:
            rest_of_thought, rest = self._parts.finish()
            thought, answer = thought + rest_of_thought, answer + rest
        self.text.show_text(answer)
        self.thought.show_thought(thought, message.thinking_seconds)
        if self._parts.is_thinking and message.state is MessageState.WRITING:
            self.thought.grow("")

    def set_has_model(self, has_model: bool) -> None:
        """Trying again is no use without a model."""
        self.ended.set_has_model(has_model)

    # what can be done with it

    @property
    def markdown(self) -> str:
        return self.text.markdown

    @property
    def plain(self) -> str:
        return self.text.plain_text()

    def texts(self) -> list[MessageText]:
        return [self.text, *([self.thought.text] if self.thought.text is not None else [])]

    def _take_text(self, text: MessageText) -> None:
        text.link_clicked.connect(self.asked.open_link)
        text.open_menu = self._open_menu

    def copy(self) -> None:
        """The reply's Markdown goes to the clipboard."""
        copy(self.markdown)

    def begin_edit(self) -> None:
        """Turn it into an editor with its Markdown in it; what is saved is another version, without a new reply."""
        if self._editor is None and self.message.state is not MessageState.WRITING:
            self._editor = InPlaceEditor(
                self.markdown,
                tr("Edit this reply"),
                (tr("Save"), tr("Save as another version")),
                self._save,
                self._end_edit,
                enter_saves=False,
                is_boxed=True,
            )
            column = self.layout()
            assert isinstance(column, QVBoxLayout)
            column.insertWidget(column.indexOf(self.text), self._editor)
            self.text.hide()
            self.foot.hide()
            self._editor.text.setFocus()

    def _save(self, text: str) -> None:
        before = self.message.text.removesuffix(self.markdown)  # the thought stays
        is_changed = bool(text.strip()) and text != self.markdown
        self._end_edit()
        if is_changed:
            self.asked.edit.emit(self.message.id, before + text)

    def _end_edit(self) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
            self.text.setVisible(bool(self.text.markdown))
            self.foot.show_message(self.message)
            self.asked.edit_ended.emit()

    def _open_menu(self, place: QPoint) -> None:
        message_menu(self, self._theme, self).popup(place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.foot.fit(self.width())
