"""A small window above all others: one question, its answer as it comes. GUI thread only.

What is asked is a chat like any other: it stands in the sidebar, and goes on there. Esc closes the window; the reply
goes on.
"""

from __future__ import annotations

import time
import uuid

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCursor, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.chat_views import MessageView, Role
from app.core.events import Event, MessageAdded, ModelStateChanged, PromptProgressed, ReplyEnded, ReplyGrew
from app.engine.interface import ModelState
from app.errors import KnownError
from app.gui import dialogs, fonts, words
from app.gui.bridge import Bridge
from app.gui.buttons import button, label, set_tone
from app.gui.composer.text import MessageEdit
from app.gui.core_words import retold
from app.gui.down_area import DownArea
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.reply_text import ReplyText
from app.gui.transcript.thought_parts import ThoughtParts

_WIDTH, _ANSWER_PX = 640, 380
_QUESTION_CHARACTERS = 140
_FROM_TOP = 0.22  # of the screen


class QuickAsk(QWidget):
    """`opened` with the chat that is to be shown in the main window."""

    opened = Signal(str)

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        flags = Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        super().__init__(None, flags)
        self.setWindowTitle(tr("Quick ask"))
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self._bridge = bridge
        self.chat_id = ""
        self._reply_id = ""
        self._is_loading = self._is_writing = False
        self._parts = ThoughtParts()
        self.text = MessageEdit()
        self.question = label(role=fonts.SMALL, tone="muted", wraps=True)
        self.answer = ReplyText(theme)
        self._scroll = self._make_scroll()
        self._said = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._stop = button(tr("Stop"), self.stop, role=fonts.SMALL)
        self._open = button(tr("Open in Rubato"), self._open_chat, role=fonts.SMALL)
        self._lay_out()
        self.setFixedWidth(_WIDTH)
        self.text.send_asked.connect(self.ask)
        self.text.textChanged.connect(self._fit)
        self.answer.link_clicked.connect(lambda link: dialogs.confirm_link(self, link))
        bridge.happened.connect(self.hear)
        self._begin()

    def summon(self, text: str = "") -> None:
        """To the front, empty where it was closed; `text` is asked at once."""
        if not self.isVisible():
            self._begin()
            self._place()
        self.show()
        self.raise_()
        self.activateWindow()
        self.text.setFocus()
        if text.strip():
            self.text.setPlainText(text)
            self.ask()

    # what the person does

    def ask(self) -> None:
        """Enter. TTFT runs from here."""
        text, entered = self.text.toPlainText().strip(), time.monotonic()
        if not text or self._is_writing:
            return
        chat_id, new_id = self.chat_id or None, self.chat_id or uuid.uuid4().hex
        self.chat_id, self._reply_id = new_id, ""
        self.text.clear()
        self.question.setText(_in_short(text))
        self._show_answer(is_shown=True)
        self._set_writing(True)
        self._bridge.call(
            lambda core: core.send(chat_id, text, new_id=None if chat_id else new_id, entered_seconds=entered),
            failed=lambda error: self._not_sent(error, text, chat_id or ""),
        )

    def stop(self) -> None:
        chat_id = self.chat_id
        self._bridge.call(lambda core: core.stop(chat_id), failed=lambda error: self._say(error.sentence, "danger"))

    def _open_chat(self) -> None:
        self.hide()
        self.opened.emit(self.chat_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    # what Core tells

    def hear(self, event: Event) -> None:
        """One event; those of other chats are not for this window."""
        match event:
            case ModelStateChanged():
                self._is_loading = event.state is ModelState.LOADING
                if self._is_writing and self._is_loading and not self.answer.markdown:
                    self._say(tr("Loading the model, {fraction}", fraction=words.percent(event.fraction)))
            case MessageAdded() if event.message.chat_id == self.chat_id and event.message.role is Role.ASSISTANT:
                self._reply_id = event.message.id
            case PromptProgressed() if event.message_id == self._reply_id and event.n_total:
                self._say(tr("Reading the prompt, {fraction}", fraction=words.percent(event.n_read / event.n_total)))
            case ReplyGrew() if event.message_id == self._reply_id:
                self._grow(event.text)
            case ReplyEnded() if event.message.id == self._reply_id:
                self._end(event.message)

    def _grow(self, text: str) -> None:
        _, answer = self._parts.feed(text)
        if answer:
            self.answer.append(answer)
            self._fit()
            bar = self._scroll.verticalScrollBar()
            bar.setValue(bar.maximum())
        self._say(tr("Thinking…") if self._parts.is_thinking else "")

    def _end(self, message: MessageView) -> None:
        _, answer = self._parts.finish()
        self.answer.finish(self.answer.markdown + answer)
        self._set_writing(False)
        if message.error:
            self._say(retold(message.error), "danger")
        self._fit()

    def _not_sent(self, error: KnownError, text: str, chat_id: str) -> None:
        self.chat_id = chat_id
        self._set_writing(False)
        self._show_answer(is_shown=False)
        self.text.setPlainText(text)
        self._say(retold(error.sentence), "danger")

    # how it looks

    def _begin(self) -> None:
        """A new chat."""
        self.chat_id = self._reply_id = ""
        self.text.clear()
        self._show_answer(is_shown=False)
        self._set_writing(False)

    def _set_writing(self, is_writing: bool) -> None:
        self._is_writing = is_writing
        self.text.setPlaceholderText(tr("Ask more") if self.chat_id else tr("Ask anything"))
        self._stop.setVisible(is_writing)
        self._open.setVisible(bool(self.chat_id))
        waiting = tr("Loading the model") if self._is_loading else tr("Starting…")
        self._say(waiting if is_writing else tr("Enter asks, Esc closes"))

    def _say(self, sentence: str, tone: str = "muted") -> None:
        self._said.setText(sentence)
        set_tone(self._said, tone)
        self._fit()

    def _show_answer(self, *, is_shown: bool) -> None:
        self._parts = ThoughtParts()
        self.answer.show_text("")
        self.question.setVisible(is_shown)
        self._fit()

    def _fit(self) -> None:
        """As high as the answer, up to a limit; then it scrolls."""
        self._scroll.setVisible(bool(self.answer.markdown))
        self._scroll.setFixedHeight(min(_ANSWER_PX, self.answer.height()))
        if (layout := self._frame.layout()) is not None:
            layout.invalidate()  # what was shown or hidden just now counts at once
            self.resize(_WIDTH, layout.totalHeightForWidth(_WIDTH))

    def _make_scroll(self) -> DownArea:
        made = DownArea(tr("Answer"))
        made.setObjectName("quickAnswer")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.answer)
        column.addStretch()
        made.setWidget(inside)
        return made

    def _lay_out(self) -> None:
        frame = self._frame = QFrame()
        frame.setObjectName("quickAsk")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._said, 1)
        foot.addWidget(self._stop)
        foot.addWidget(self._open)
        column = QVBoxLayout(frame)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(12)
        for widget in (self.question, self._scroll, self.text):
            column.addWidget(widget)
        column.addLayout(foot)

    def _place(self) -> None:
        """On the screen where the pointer is."""
        screen = QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        self.move(room.center().x() - self.width() // 2, room.top() + int(room.height() * _FROM_TOP))


def _in_short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUESTION_CHARACTERS else f"{line[:_QUESTION_CHARACTERS].rstrip()}…"
