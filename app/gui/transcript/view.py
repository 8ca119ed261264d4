"""The page that scrolls the messages of one chat. GUI thread only.

It follows the end only while the end is in view; otherwise what is being read stays where it is and a button leads to
the end. Only the messages near the view are widgets (`lazy_page.py`): a chat of any length opens at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPoint, QRect, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QScrollBar, QTextEdit, QVBoxLayout, QWidget

from app.core.chat_views import MessageState, MessageView, Role
from app.gui import words
from app.gui.icons import set_icon
from app.gui.lazy_page import LazyPage
from app.gui.spare_memory import give_back_soon
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.actions import Actions
from app.gui.transcript.reply import Reply
from app.gui.transcript.user_message import UserMessage
from app.gui.transcript.welcome import Welcome

_LINE_PX, _LETTER_PX = 23, 7.4  # of a message's type, to guess how high one will be
_REPLY_PX, _USER_PX = 54, 52  # what stands around the text
_LONG_CHAT = 100  # messages


class Transcript(QWidget):
    """Shows messages; what a person asks for on them comes out of `actions`.

    `built` is emitted with the id of each message that has just been made a widget.
    """

    built = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.actions_asked = Actions(self)
        self._messages: dict[str, MessageView] = {}  # in their order
        self._has_model = True
        self._loading = ""  # what every reply waits for while the model loads
        self._page = LazyPage(
            tr("Conversation"), 4, make=self._make, guess=self._guess, is_held=lambda widget: _is_held(widget)
        )
        self._page.moved.connect(self._show_to_end)
        self._page.built.connect(self.built)
        self.welcome = Welcome()
        self.welcome.setParent(self)
        self._to_end = self._make_to_end()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._page)
        theme.changed.connect(self._tint)
        self.show_chat(())

    # what is shown

    @property
    def messages(self) -> Sequence[MessageView]:
        """All of the chat, whether they are built or not; a reply that is being written as far as it is."""
        return [self._as_shown(message) for message in self._messages.values()]

    def _as_shown(self, message: MessageView) -> MessageView:
        is_writing = message.state is MessageState.WRITING
        reply = self._page.widget_of(message.id) if is_writing else None
        return replace(message, text=reply.said) if isinstance(reply, Reply) else message

    def show_chat(self, messages: Sequence[MessageView]) -> None:
        """Show these messages in place of all others, and their end."""
        if len(self._messages) > _LONG_CHAT:
            give_back_soon(self)
        self._page.set_items(())
        self._messages = {message.id: message for message in messages}
        self._page.go_to_end()
        self._show_items()

    def replace(self, messages: Sequence[MessageView]) -> None:
        """Another branch is shown: what both have in common stays as it is."""
        old, self._messages = self._messages, {message.id: message for message in messages}
        self._show_items(frozenset(message.id for message in messages if old.get(message.id) != message))

    def add(self, message: MessageView) -> None:
        """A message that is new; a person's own leads to the end."""
        if message.id in self._messages:
            self.end(message)
            return
        self._messages[message.id] = message
        self._show_items()
        if message.role is Role.USER:
            self.go_to_end()

    def grow(self, message_id: str, text: str) -> None:
        """More of a reply."""
        if isinstance(reply := self._page.widget_of(message_id), Reply):
            reply.grow(text)
        elif message := self._messages.get(message_id):
            self._messages[message_id] = replace(message, text=message.text + text, state=MessageState.WRITING)

    def show_prompt_read(self, message_id: str, n_read: int, n_total: int) -> None:
        """How far the engine has read the prompt of a reply."""
        if isinstance(reply := self._page.widget_of(message_id), Reply) and n_total:
            reply.set_waiting(tr("Reading the prompt, {fraction}", fraction=words.percent(n_read / n_total)))

    def show_waits(self, message_id: str, sentence: str, attachment_id: str) -> None:
        """A reply waits for documents; see Reply.set_waiting."""
        if isinstance(reply := self._page.widget_of(message_id), Reply):
            reply.set_waiting(sentence, attachment_id)

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
        if message.id in self._messages:
            self._messages[message.id] = message
        if isinstance(reply := self._page.widget_of(message.id), Reply):
            reply.end(message)

    def change(self, message: MessageView) -> None:
        """What is said about a message is another thing now; its text is the same."""
        if message.id in self._messages:
            self._messages[message.id] = message
        if (widget := self._widgets.get(message.id)) is not None:
            widget.show_message(message)

    # what is looked at from outside

    @property
    def scroll_bar(self) -> QScrollBar:
        return self._page.verticalScrollBar()

    @property
    def page_viewport(self) -> QWidget:
        """What the messages are seen in."""
        return self._page.viewport()

    def n_shown_of(self, message_id: str) -> int:
        """How many letters of a reply's source have come to the page."""
        reply = self._page.widget_of(message_id)
        return len(reply.text.markdown) if isinstance(reply, Reply) else 0

    def built_widget_of(self, message_id: str) -> Reply | UserMessage | None:
        """The widget of a message where it is built."""
        made = self._page.widget_of(message_id)
        return made if isinstance(made, Reply | UserMessage) else None

    def first_in_view(self) -> str:
        """The id of the message at the top of the page."""
        return self._page.first_in_view()

    def show_place(self, widget: QWidget, y: int, room: int) -> None:
        """A place in a widget of a message, with so much of what is around it, in pixels."""
        self._page.ensure_place_visible(widget, y, room)

    def widget_of(self, message_id: str) -> Reply | UserMessage | None:
        """The widget of a message, built now where it is not; None where there is no such message."""
        if message_id not in self._messages:
            return None
        made = self._page.build(message_id)
        assert isinstance(made, Reply | UserMessage)
        return made

    @property
    def _widgets(self) -> dict[str, Reply | UserMessage]:
        """Those that are built, in their order."""
        built = self._page.built_widgets()
        return {key: made for key, made in built.items() if isinstance(made, Reply | UserMessage)}

    # what a key can ask for

    @property
    def follows(self) -> bool:
        """True while the end is in view."""
        return self._page.follows

    def last_reply(self) -> Reply | None:
        made = self._last(Role.ASSISTANT)
        return made if isinstance(made, Reply) else None

    def last_user_message(self) -> UserMessage | None:
        made = self._last(Role.USER)
        return made if isinstance(made, UserMessage) else None

    def _last(self, role: Role) -> Reply | UserMessage | None:
        found = (message.id for message in reversed(self._messages.values()) if message.role is role)
        return self.widget_of(next(found, ""))

    def last_id(self) -> str:
        return next(reversed(self._messages), "")

    def selected(self) -> str:
        """What is selected in a message: in the one with the keyboard, else in the last that has something."""
        texts = [text for widget in self._widgets.values() for text in widget.texts()]
        texts.sort(key=lambda text: text.hasFocus())
        return next((found for text in reversed(texts) if (found := text.selected())), "")

    def scroll_pages(self, by: int) -> None:
        self._page.scroll_pages(by)

    def go_to_end(self) -> None:
        """Show the end, and follow it from now on."""
        self._page.go_to_end()

    def go_to_message(self, message_id: str) -> None:
        """Show one message at the top of the page, wherever in the chat it is."""
        self._page.go_to(message_id)

    # building

    def _show_items(self, anew: frozenset[str] = frozenset()) -> None:
        self._page.set_items(list(self._messages), anew=anew)
        self.welcome.setVisible(not self._messages)
        self.welcome.raise_()

    def _make(self, message_id: str) -> QWidget:
        message = self._messages[message_id]
        if message.role is Role.USER:
            return UserMessage(message, self._theme, self.actions_asked)
        made = Reply(message, self._theme, self.actions_asked)
        made.set_waiting(self._loading)
        made.set_has_model(self._has_model)
        return made

    def _guess(self, message_id: str, width: int) -> int:
        message = self._messages[message_id]
        n_lines = len(message.text) * _LETTER_PX / width + message.text.count("\n") * 0.7 + 1
        return int(n_lines * _LINE_PX) + (_USER_PX if message.role is Role.USER else _REPLY_PX)

    # parts

    def _make_to_end(self) -> QPushButton:
        made = QPushButton(self)
        made.setObjectName("toEnd")
        made.setAccessibleName(tr("To the end of the conversation"))
        made.setToolTip(tr("To the end"))
        made.setFixedSize(32, 32)
        set_icon(made, "arrow-down", self._theme.tokens.text)
        made.clicked.connect(self.go_to_end)
        made.hide()
        return made

    def _show_to_end(self) -> None:
        self._to_end.setVisible(not self.follows)

    def _tint(self) -> None:
        set_icon(self._to_end, "arrow-down", self._theme.tokens.text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        place = QPoint((self.width() - self._to_end.width()) // 2, self.height() - self._to_end.height() - 12)
        self._to_end.move(place)
        self._to_end.raise_()
        self.welcome.setGeometry(QRect(QPoint(0, 0), self.size()))


def _is_held(widget: QWidget) -> bool:
    """Something in this message would be lost if it was taken away and made again."""
    if isinstance(widget, Reply) and widget.message.state is MessageState.WRITING:
        return True
    if isinstance(widget, UserMessage) and widget.is_editing:
        return True
    focus = widget.window().focusWidget()
    if focus is not None and widget.isAncestorOf(focus):
        return True
    return any(text.textCursor().hasSelection() for text in widget.findChildren(QTextEdit))
