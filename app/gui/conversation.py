"""One chat on the page: its messages, what is being sent, and the box to write in. GUI thread only.

Keeps which chat is shown and what of the core's events concerns it. A new chat has no id until Core has made one:
its first message is taken for ours by its text, so that its first token need not wait for the call's result.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from app.core.chat_views import (
    NO_CHAT_OPTIONS,
    AttachmentView,
    ChatOptions,
    MessageState,
    MessageView,
    OpenChat,
    Role,
)
from app.core.events import (
    Event,
    MessageAdded,
    MessageChanged,
    MessagesReplaced,
    ModelStateChanged,
    PromptProgressed,
    ReplyEnded,
    ReplyGrew,
    ReplyWaits,
)
from app.core.views import JobView, StatusView
from app.engine.interface import ModelState
from app.errors import KnownError
from app.gui import words
from app.gui.bridge import Bridge
from app.gui.composer.box import Composer
from app.gui.composer.desk import ComposerDesk
from app.gui.core_words import retold
from app.gui.job_actions import JobActions
from app.gui.job_card import JobCard
from app.gui.notices import Notices
from app.gui.page import LEAST, centred
from app.gui.parameters import Parameters
from app.gui.temporary_note import TemporaryNote
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.desk import MessageDesk
from app.gui.transcript.find_bar import FindBar
from app.gui.transcript.finder import Finder
from app.gui.transcript.message_menu import copy
from app.gui.transcript.view import Transcript

if TYPE_CHECKING:
    from app.core.core import Core

_ROOM_FOR_JOB = 300
_TYPING_MS = 300  # while somebody types, the engine reads on this often


class Conversation(QWidget):
    """The middle of the window."""

    chat_changed = Signal(str)  # another chat is shown; empty: a new one
    documents_changed = Signal(object)  # AttachmentViews, of the chat that is shown

    def __init__(self, bridge: Bridge, theme: Theme, notices: Notices) -> None:
        super().__init__()
        self.setObjectName("conversation")
        self._bridge, self._notices = bridge, notices
        self.chat_id = ""
        self._next_id = uuid.uuid4().hex  # of the chat that the first message makes
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self._read_ahead)
        self._wanted_id = self._wanted_message = self._wanted_quote = ""  # the chat that is being opened, and how
        self.is_temporary = False
        self._persona_id, self._options = "", NO_CHAT_OPTIONS  # of the chat that the first message makes
        self._starting_text: str | None = None  # the first message of a chat that has no id yet
        self._is_sending = False  # from Enter until Core has begun the reply
        self._writing: set[str] = set()  # replies of this chat that are being written
        self.transcript = Transcript(theme)
        find_bar = FindBar(theme)
        self.finder = Finder(self.transcript, find_bar, theme)
        self.messages = MessageDesk(self, bridge, theme, notices, self.transcript.actions_asked)
        self.composer = Composer(theme)
        self.desk = ComposerDesk(bridge, self.composer)
        self._context_limit = 0
        self._job = JobCard(theme, JobActions(self), is_slim=True)
        self._has_job = False
        self._job.hide()
        self._temporary = TemporaryNote(theme)
        self._connect()
        self.parameters = Parameters(theme)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._middle = QWidget()
        column = QVBoxLayout(self._middle)
        row.addWidget(self._middle, 1)
        row.addWidget(self.parameters)
        self.parameters.toggled.connect(self._make_room)
        column.setContentsMargins(0, 0, 0, 16)
        column.setSpacing(0)
        column.addWidget(centred(find_bar))
        column.addWidget(self.transcript, 1)
        column.addSpacing(8)
        column.addWidget(centred(self._job))
        column.addSpacing(12)
        column.addWidget(centred(self._temporary))
        column.addWidget(centred(self.composer))

    def start(self) -> None:
        """Core is up: ask it for what stands at the composer."""
        self.desk.enter(self._next_id, is_new=True, is_temporary=False)

    # which chat

    def new_chat(self, *, is_temporary: bool = False) -> None:
        """An empty page; the chat is made with its first message."""
        self.transcript.show_chat(())
        self.finder.close()
        self._leave()
        self._show_temporary(is_temporary)
        self.desk.enter(self._next_id, is_new=True, is_temporary=is_temporary)
        self.chat_changed.emit("")
        self.composer.text.setFocus()

    def begin_with(self, *, persona_id: str | None = None, options: ChatOptions | None = None) -> None:
        """What the new chat is made with."""
        self._persona_id = self._persona_id if persona_id is None else persona_id
        self._options = self._options if options is None else options

    def open_chat(self, chat_id: str, message_id: str = "") -> None:
        """Show a chat from its end, or one message of it."""
        self._wanted_id, self._wanted_message = chat_id, message_id
        self._bridge.call(lambda core: core.open_chat(chat_id), done=self._opened, failed=self._say)

    def quote_in(self, chat_id: str, markdown: str) -> None:
        """Open a chat with something to be asked about in the box to write in; empty: the one that is shown."""
        if not chat_id or chat_id == self.chat_id:
            self.composer.quote(markdown)
        else:
            self.open_chat(chat_id)
            self._wanted_quote = markdown

    def _opened(self, chat: OpenChat) -> None:
        if chat.chat.id == self._wanted_id:
            message_id, quote = self._wanted_message, self._wanted_quote
            self._leave()
            self._adopt(chat.chat.id)
            self._show_temporary(chat.chat.is_temporary)
            self.parameters.show_chat(chat.chat.options, chat.chat.persona_id)
            documents = [document.name for document in documents_in(chat.messages)]
            self.desk.enter(chat.chat.id, is_new=False, is_temporary=chat.chat.is_temporary, documents=documents)
            self.desk.show_draft(chat.chat.draft)
            if quote:
                self.composer.quote(quote)
            self._typing.start()  # reading ahead can wait until the chat is seen: it would hold Python's lock
            self.transcript.show_chat(chat.messages)
            self._show(chat.messages)
            self.finder.refresh()
            if message_id:
                self.transcript.go_to_message(message_id)
            self.composer.text.setFocus()

    def _leave(self) -> None:
        self.desk.leave()
        self.chat_id = self._wanted_id = self._wanted_message = self._wanted_quote = ""
        self._starting_text, self._is_sending = None, False
        self._next_id = uuid.uuid4().hex
        self.parameters.flush()
        self._persona_id, self._options = "", NO_CHAT_OPTIONS
        self.parameters.show_chat(NO_CHAT_OPTIONS, "")
        self.transcript.welcome.greet("")
        self._show(())

    def _adopt(self, chat_id: str) -> None:
        self.chat_id, self._starting_text = chat_id, None
        self.chat_changed.emit(chat_id)

    def _show_temporary(self, is_temporary: bool) -> None:
        self.is_temporary = is_temporary
        self._temporary.setVisible(is_temporary)

    def _show(self, messages: Sequence[MessageView]) -> None:
        self._writing = {message.id for message in messages if message.state is MessageState.WRITING}
        self.documents_changed.emit(documents_in(messages))
        self._refresh()

    # what the person asks for

    def send(self, text: str) -> None:
        """Enter. TTFT runs from here."""
        entered, chat_id = time.monotonic(), self.chat_id or None
        if chat_id is None:
            self._starting_text = text
        self._is_sending = True
        self._refresh()
        new_id, is_temporary = self._next_id, self.is_temporary
        self.parameters.flush()
        persona_id = self._persona_id
        options = None if self._options == NO_CHAT_OPTIONS else self._options
        self._typing.stop()
        self._bridge.call(
            lambda core: core.send(
                chat_id,
                text,
                new_id=new_id,
                entered_seconds=entered,
                is_temporary=is_temporary,
                persona_id=persona_id,
                options=options,
            ),
            done=lambda made: self._sent(made, text),
            failed=lambda error: self._not_sent(error, text),
        )

    def _sent(self, chat_id: str, text: str) -> None:
        self._is_sending = False
        if not self.chat_id and self._starting_text == text:
            self.open_chat(chat_id)
        self._refresh()

    def _not_sent(self, error: KnownError, text: str) -> None:
        self._starting_text, self._is_sending = None, False
        self._refresh()
        self.composer.put(text)
        self._say(error)

    def _typed(self) -> None:
        if self.composer.text.toPlainText().strip() and not self._typing.isActive():
            self._typing.start()

    def _read_ahead(self) -> None:
        """The engine reads the chat, and what is typed in it, before it is sent."""
        chat_id, typed = self.chat_id or self._next_id, self.composer.text.toPlainText()
        self._bridge.call(lambda core: core.read_ahead(chat_id, typed), failed=lambda error: None)

    def stop(self) -> None:
        """Esc. The reply keeps what it has; what waits for its end is not sent by itself then."""
        if chat_id := self.chat_id:
            self._bridge.call(lambda core: core.stop(chat_id), failed=self._say)

    def edit_last(self) -> None:
        """What waits first, for it was written last."""
        if self.composer.queued.edit_last():
            return
        if message := self.transcript.last_user_message():
            message.begin_edit()

    def regenerate_last(self) -> None:
        if (reply := self.transcript.last_reply()) and not self._writing:
            self.messages.regenerate(reply.message.id)

    def ask_how_to_regenerate(self) -> None:
        """With another model, or other settings."""
        if (reply := self.transcript.last_reply()) and not self._writing:
            self.messages.ask_how(reply.message.id, reply.foot.mapToGlobal(reply.foot.rect().topRight()))

    def close_find(self) -> bool:
        """True where there was something to close."""
        was_open = self.finder.is_open
        if was_open:
            self.finder.close()
            self.composer.text.setFocus()
        return was_open

    def quote_selection(self) -> None:
        """What is selected in a message goes into the box to write in."""
        if text := self.transcript.selected():
            self.composer.quote(text)

    def copy_last(self) -> None:
        if reply := self.transcript.last_reply():
            reply.copy()

    def copy_last_as_text(self) -> None:
        if reply := self.transcript.last_reply():
            copy(reply.plain)

    def pin_last(self) -> None:
        if reply := self.transcript.last_reply():
            self.transcript.actions_asked.pin.emit(reply.message.id, not reply.message.is_pinned)

    def delete_last(self) -> None:
        if message_id := self.transcript.last_id():
            self.messages.delete(message_id)

    def step_version(self, by: int) -> None:
        """Of the last reply; where it has no more of them, of what was asked."""
        ends = (self.transcript.last_reply(), self.transcript.last_user_message())
        any(end is not None and end.versions.step(by) for end in ends)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What is typed while a button or a message has the keyboard is meant for the next message."""
        modifier = Qt.KeyboardModifier
        held = event.modifiers() & (modifier.ControlModifier | modifier.AltModifier | modifier.MetaModifier)
        is_letter = held in (modifier.NoModifier, modifier.ControlModifier | modifier.AltModifier)  # both: AltGr
        if is_letter and event.text() and event.text().isprintable():
            self.composer.text.setFocus()
            QCoreApplication.sendEvent(self.composer.text, event)
        else:
            super().keyPressEvent(event)

    def _do(self, work: Callable[[Core], object]) -> None:
        self._bridge.call(work, failed=self._say)

    def _say(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, tone="danger")

    # what the core tells

    def hear(self, event: Event) -> None:
        """One event; those of other chats are not for this page."""
        self._hear(event)
        self.finder.refresh()

    def _hear(self, event: Event) -> None:
        self.desk.hear(event)
        match event:
            case MessageAdded():
                self._added(event.message)
            case ReplyGrew() if event.chat_id == self.chat_id:
                self.transcript.grow(event.message_id, event.text)
                if event.message_id not in self._writing:  # a reply that was cut goes on
                    self._writing.add(event.message_id)
                    self._refresh()
            case ReplyEnded() if event.message.chat_id == self.chat_id:
                self._ended(event.message)
            case MessagesReplaced() if event.chat_id == self.chat_id:
                self.transcript.replace(event.messages)
                self._show(event.messages)
            case MessageChanged() if event.message.chat_id == self.chat_id:
                self.transcript.change(event.message)
            case PromptProgressed() if event.chat_id == self.chat_id:
                self.transcript.show_prompt_read(event.message_id, event.n_read, event.n_total)
            case ReplyWaits() if event.chat_id == self.chat_id:
                self.transcript.show_waits(event.message_id, retold(event.sentence), event.attachment_id)
            case ModelStateChanged():
                is_loading = event.state is ModelState.LOADING
                self.transcript.show_has_model(event.state is not ModelState.FAILED)
                self.transcript.show_loading(
                    tr("Loading the model, {fraction}", fraction=words.percent(event.fraction)) if is_loading else ""
                )

    def _added(self, message: MessageView) -> None:
        if not self.chat_id and message.role is Role.USER and message.text == self._starting_text:
            self._adopt(message.chat_id)
            self.desk.became_chat(message.chat_id)
        if message.chat_id != self.chat_id:
            return
        self.transcript.add(message)
        if message.attachments:
            self.documents_changed.emit(documents_in(self.transcript.messages))
        self._is_sending = self._is_sending and message.role is Role.USER
        if message.state is MessageState.WRITING:
            self._writing.add(message.id)
        self._refresh()

    def _ended(self, message: MessageView) -> None:
        self.transcript.end(message)
        self._writing.discard(message.id)
        self._refresh()
        self.desk.measure()

    def show_status(self, status: StatusView, job: JobView | None, parked_seconds: float | None) -> None:
        """A card for the job that is being worked on, where one is to be shown."""
        if status.context_limit != self._context_limit:  # another model
            self._context_limit = status.context_limit
            self.desk.measure()
        self._has_job = job is not None
        if job is not None:
            self._job.show_job(job, status, parked_seconds)
        self._place_job()

    def _place_job(self) -> None:
        """Where there is no room for the card, the status bar says the same in fewer words."""
        self._job.setVisible(self._has_job and self.height() >= _ROOM_FOR_JOB)

    # places

    @property
    def is_covered(self) -> bool:
        """Whether the panel has taken the place of the chat, since both have no room."""
        return self._middle.isHidden()

    def _make_room(self) -> None:
        has_room = self.width() >= LEAST + self.parameters.beside_width
        covers = not has_room and not self.parameters.isHidden()
        focused = QApplication.focusWidget()
        was_in_middle = focused is not None and self._middle.isAncestorOf(focused)
        self.parameters.set_wide(covers)
        self._middle.setVisible(not covers)
        if covers and was_in_middle:
            self.parameters.persona.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()
        self._place_job()

    def _refresh(self) -> None:
        self.composer.set_answering(self._is_sending or bool(self._writing))

    def _connect(self) -> None:
        self.composer.text.textChanged.connect(self._typed)
        asked = self.transcript.actions_asked
        for begins_reply in (asked.edit, asked.regenerate, asked.continue_reply, asked.edit_ended):
            begins_reply.connect(lambda *_: self.composer.text.setFocus())  # what was clicked goes away
        asked.quote.connect(self.composer.quote)
        self.composer.sent.connect(self.send)
        self.composer.stop_asked.connect(self.stop)
        self.composer.text.edit_last_asked.connect(self.edit_last)
        self.composer.text.pages_asked.connect(self.transcript.scroll_pages)
        self.desk.failed.connect(self._say)
        self.finder.bar.closed.connect(self.close_find)


def documents_in(messages: Sequence[MessageView]) -> list[AttachmentView]:
    """Those that were sent with them, each once."""
    found = {document.id: document for message in messages for document in message.attachments}
    return list(found.values())
