"""The page that scrolls the messages of one chat. GUI thread only.

It follows the end only while the end is in view; otherwise what is being read stays where it is and a button leads to
the end. Of a long chat only the last messages are built, older ones when the top comes near.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.core.chat_views import MessageState, MessageView, Role
from app.gui import words
from app.gui.icons import icon
from app.gui.page import Page
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.actions import Actions
from app.gui.transcript.reply import Reply
from app.gui.transcript.user_message import UserMessage
from app.gui.transcript.welcome import Welcome

BUILT_AT_FIRST = 50
BUILT_MORE = 30
_NEAR_END_PX = 24
_NEAR_TOP_PX = 300


class Transcript(QWidget):
    """Shows messages; what a person asks for on them comes out of `actions`."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.actions_asked = Actions(self)
        self._messages: list[MessageView] = []
        self._widgets: dict[str, Reply | UserMessage] = {}
        self._n_hidden = 0  # older messages that are not built
        self._has_model = True
        self._loading = ""  # what every reply waits for while the model loads
        self._follows = True
        self._page = Page(tr("Conversation"), spacing=4)
        self._page.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click beside the text leaves the keyboard where it is
        self._layout = self._page.column
        self._welcome = Welcome()
        self._layout.addWidget(self._welcome, 1)
        self._layout.addStretch()
        bar = self._page.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._range_changed)
        self._to_end = self._make_to_end()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._page)
        theme.changed.connect(self._tint)
        self.show_chat(())

    # what is shown

    def show_chat(self, messages: Sequence[MessageView]) -> None:
        """Show these messages in place of all others, and their end."""
        self._clear()
        self._messages = list(messages)
        self._n_hidden = max(0, len(self._messages) - BUILT_AT_FIRST)
        for message in self._messages[self._n_hidden :]:
            self._build(message)
        self._welcome.setVisible(not self._messages)
        self.go_to_end()

    def replace(self, messages: Sequence[MessageView]) -> None:
        """Another branch is shown: what both have in common stays as it is."""
        same = 0
        for old, new in zip(self._messages, messages, strict=False):
            if old != new:
                break
            same += 1
        if same <= self._n_hidden:
            self.show_chat(messages)
            return
        for message in self._messages[same:]:
            self._remove(self._widgets.pop(message.id))
        self._messages = self._messages[:same]
        for message in messages[same:]:
            self._messages.append(message)
            self._build(message)

    def add(self, message: MessageView) -> None:
        """A message that is new; a person's own leads to the end."""
        if message.id in self._widgets:
            self.end(message)
            return
        self._messages.append(message)
        self._build(message)
        self._welcome.hide()
        if message.role is Role.USER:
            self.go_to_end()

    def grow(self, message_id: str, text: str) -> None:
        """More of a reply."""
        if isinstance(reply := self._widgets.get(message_id), Reply):
            reply.grow(text)

    def show_prompt_read(self, message_id: str, n_read: int, n_total: int) -> None:
        """How far the engine has read the prompt of a reply."""
        if isinstance(reply := self._widgets.get(message_id), Reply) and n_total:
            reply.set_waiting(tr("Reading the prompt, {fraction}", fraction=words.percent(n_read / n_total)))

    def show_loading(self, sentence: str) -> None:
        """What a reply that has no text yet waits for: "Loading the model, 43 %"; empty when it is there."""
        self._loading = sentence
        for widget in self._widgets.values():
            if isinstance(widget, Reply) and widget.message.state is MessageState.WRITING:
                widget.set_waiting(sentence)

    def show_has_model(self, has_model: bool) -> None:
        """Without one, a reply that failed offers to choose one instead of failing again."""
        if self._has_model != has_model:
            self._has_model = has_model
            for widget in self._widgets.values():
                if isinstance(widget, Reply):
                    widget.set_has_model(has_model)

    def end(self, message: MessageView) -> None:
        """The last word on a reply."""
        self._messages = [message if old.id == message.id else old for old in self._messages]
        if isinstance(reply := self._widgets.get(message.id), Reply):
            reply.end(message)

    def change(self, message: MessageView) -> None:
        """What is said about a message is another thing now; its text is the same."""
        self._messages = [message if old.id == message.id else old for old in self._messages]
        if (widget := self._widgets.get(message.id)) is not None:
            widget.show_message(message)

    # what a key can ask for

    @property
    def follows(self) -> bool:
        """True while the end is in view."""
        return self._follows

    def last_reply(self) -> Reply | None:
        return next((w for w in reversed(self._widgets.values()) if isinstance(w, Reply)), None)

    def last_user_message(self) -> UserMessage | None:
        return next((w for w in reversed(self._widgets.values()) if isinstance(w, UserMessage)), None)

    def last_id(self) -> str:
        return self._messages[-1].id if self._messages else ""

    def selected(self) -> str:
        """What is selected in a message: in the one with the keyboard, else in the last that has something."""
        texts = [text for widget in self._widgets.values() for text in widget.texts()]
        texts.sort(key=lambda text: text.hasFocus())
        return next((found for text in reversed(texts) if (found := text.selected())), "")

    def scroll_pages(self, by: int) -> None:
        bar = self._page.verticalScrollBar()
        bar.setValue(bar.value() + by * bar.pageStep() * 9 // 10)

    def go_to_end(self) -> None:
        """Show the end, and follow it from now on."""
        self._follows = True
        self._to_end.hide()
        bar = self._page.verticalScrollBar()
        bar.setValue(bar.maximum())

    def go_to_message(self, message_id: str) -> None:
        """Show one message at the top of the page, wherever in the chat it is."""
        place = next((n for n, message in enumerate(self._messages) if message.id == message_id), None)
        if place is None:
            return
        while place < self._n_hidden:
            self._build_older()
        self._show_widget(message_id)
        QTimer.singleShot(0, self, lambda: self._show_widget(message_id))  # once more where texts find their heights

    def _show_widget(self, message_id: str) -> None:
        if (widget := self._widgets.get(message_id)) is not None:
            self._page.settle()
            self._follows = False
            self._page.verticalScrollBar().setValue(widget.y())

    # building

    def _build(self, message: MessageView, *, at_top: bool = False) -> None:
        if message.role is Role.USER:
            made: Reply | UserMessage = UserMessage(message, self._theme, self.actions_asked)
        else:
            made = Reply(message, self._theme, self.actions_asked)
            made.set_waiting(self._loading)
            made.set_has_model(self._has_model)
        if at_top:
            self._widgets = {message.id: made, **self._widgets}
            self._layout.insertWidget(0, made)
        else:
            self._widgets[message.id] = made
            self._layout.insertWidget(len(self._widgets) - 1, made)

    def _build_older(self) -> None:
        bar = self._page.verticalScrollBar()
        below = bar.maximum() - bar.value()
        begin = max(0, self._n_hidden - BUILT_MORE)
        for message in reversed(self._messages[begin : self._n_hidden]):
            self._build(message, at_top=True)
        self._n_hidden = begin
        self._page.settle()
        bar.setValue(bar.maximum() - below)

    def _clear(self) -> None:
        for widget in self._widgets.values():
            self._remove(widget)
        self._widgets = {}

    def _remove(self, widget: QWidget) -> None:
        self._layout.removeWidget(widget)
        widget.hide()
        widget.deleteLater()

    # following the end

    def _scrolled(self, value: int) -> None:
        self._follows = value >= self._page.verticalScrollBar().maximum() - _NEAR_END_PX
        self._to_end.setVisible(not self._follows)
        if value < _NEAR_TOP_PX and self._n_hidden:
            QTimer.singleShot(0, self, lambda: self._build_older() if self._n_hidden else None)

    def _range_changed(self, _least: int, most: int) -> None:
        if self._follows:
            self._page.verticalScrollBar().setValue(most)
        self._to_end.setVisible(not self._follows)

    # parts

    def _make_to_end(self) -> QPushButton:
        made = QPushButton(self)
        made.setObjectName("toEnd")
        made.setAccessibleName(tr("To the end of the conversation"))
        made.setToolTip(tr("To the end"))
        made.setFixedSize(32, 32)
        made.setIconSize(QSize(16, 16))
        made.setIcon(icon("arrow-down", self._theme.tokens.text))
        made.clicked.connect(self.go_to_end)
        made.hide()
        return made

    def _tint(self) -> None:
        self._to_end.setIcon(icon("arrow-down", self._theme.tokens.text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        place = QPoint((self.width() - self._to_end.width()) // 2, self.height() - self._to_end.height() - 12)
        self._to_end.move(place)
        self._to_end.raise_()
