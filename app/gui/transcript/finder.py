"""Finds words in all messages of the chat that is shown, also in those that are not built. GUI thread only.

A message takes a millisecond to be read, and a chat has thousands: they are read in slices between other work,
once each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer, QObject, QTimer
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit

from app.core.chat_views import MessageView
from app.gui.theme import Theme
from app.gui.transcript.find_bar import FindBar
from app.gui.transcript.message_text import MessageText
from app.gui.transcript.shown_text import as_qt_counts, matches, may_have, shown_text
from app.gui.transcript.view import Transcript

_SLICE_MS = 8
_TYPING_MS = 120
_GROWING_MS = 400  # a reply that is being written is read again this often
_AROUND_PX = 80  # what is shown above and below a match at least


@dataclass
class _Found:
    text: str  # of the message when it was read
    count: int


class Finder(QObject):
    """The bar, and the marks in the messages."""

    def __init__(self, transcript: Transcript, bar: FindBar, theme: Theme) -> None:
        super().__init__(bar)
        self._transcript, self.bar, self._theme = transcript, bar, theme
        self._query = ""
        self._messages: Sequence[MessageView] = ()
        self._found: dict[str, _Found] = {}  # by message
        self._n_read = 0
        self._shown_texts: dict[str, tuple[str, str]] = {}  # message: what was written, what is shown
        self._current: tuple[str, int] | None = None  # message, which match of it
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self._begin)
        self._growing = QTimer(self, singleShot=True, interval=_GROWING_MS)
        self._growing.timeout.connect(self._read_again)
        self._slices = QTimer(self, interval=0)
        self._slices.timeout.connect(self._read_some)
        bar.changed.connect(lambda _: self._typing.start())
        bar.step_asked.connect(self.step)
        transcript.built.connect(self._mark)
        theme.changed.connect(self._mark_all)

    @property
    def is_open(self) -> bool:
        return not self.bar.isHidden()

    def open(self) -> None:
        """Ctrl+F. What is selected in a message is looked for."""
        selected = self._transcript.selected().strip()
        self.bar.open(selected if "\n" not in selected else "")
        self._typing.start(0)

    def close(self) -> None:
        """No mark stays."""
        self.bar.hide()
        self._end()

    def refresh(self) -> None:
        """The messages are others, or more."""
        if self.is_open and not self._growing.isActive():
            self._growing.start()

    def step(self, by: int) -> None:
        """To the next match, or the one before; round the ends."""
        if not self.is_open:
            self.open()
            return
        if self._typing.isActive() or self._query != self.bar.line.text().strip():
            self._begin()
            return
        places = self._places()
        if not places:
            return
        at = places.index(self._current) if self._current in places else -1 if by > 0 else 0
        self._go_to(places[(at + by) % len(places)])

    # reading

    def _begin(self) -> None:
        self._typing.stop()
        self._end()
        self._query = self.bar.line.text().strip()
        self._read_again()

    def _end(self) -> None:
        for timer in (self._slices, self._growing, self._typing):
            timer.stop()
        self._query, self._current = "", None
        self._found = {}
        self._mark_all()

    def _read_again(self) -> None:
        """Only what is new or has changed takes time."""
        self._messages = self._transcript.messages
        self._n_read = 0
        known = {message.id for message in self._messages}
        self._found = {id: found for id, found in self._found.items() if id in known}
        self._shown_texts = {id: texts for id, texts in self._shown_texts.items() if id in known}
        if self._current is not None and self._current[0] not in known:
            self._current = None
        if self._query:
            self._slices.start()
        self._show_count()

    def _read_some(self) -> None:
        clock = QElapsedTimer()
        clock.start()
        while self._n_read < len(self._messages) and clock.elapsed() < _SLICE_MS:
            message = self._messages[self._n_read]
            self._n_read += 1
            found = self._found.get(message.id)
            if found is None or found.text != message.text:
                count = len(matches(self._text(message), self._query)) if may_have(message, self._query) else 0
                self._found[message.id] = _Found(message.text, count)
                if count or found:
                    self._mark(message.id)
        if self._n_read >= len(self._messages):
            self._slices.stop()
            if self._current is None and (places := self._places()):
                self._go_to(self._nearest(places))
        self._show_count()

    def _text(self, message: MessageView) -> str:
        known = self._shown_texts.get(message.id)
        if known is None or known[0] != message.text:
            known = self._shown_texts[message.id] = (message.text, shown_text(message))
        return known[1]

    # where they are

    def _places(self) -> list[tuple[str, int]]:
        return [
            (message.id, n)
            for message in self._messages
            if (found := self._found.get(message.id)) is not None
            for n in range(found.count)
        ]

    def _nearest(self, places: list[tuple[str, int]]) -> tuple[str, int]:
        """The first from what is in view on; else the last."""
        order = {message.id: n for n, message in enumerate(self._messages)}
        first = order.get(self._transcript.first_in_view(), 0)
        return next((place for place in places if order[place[0]] >= first), places[-1])

    def _go_to(self, place: tuple[str, int]) -> None:
        before, self._current = self._current, place
        if before is not None and before[0] != place[0]:
            self._mark(before[0])
        self._transcript.widget_of(place[0])  # which builds it
        self._mark(place[0])
        self._show_count()
        self._bring_into_view()
        QTimer.singleShot(0, self, self._bring_into_view)  # once more where texts find their heights

    def _bring_into_view(self) -> None:
        if self._current is None or (text := self._text_widget(self._current[0])) is None:
            return
        spans = self._spans(text)
        if spans:
            cursor = QTextCursor(text.document())
            cursor.setPosition(spans[min(self._current[1], len(spans) - 1)][0])
            rect = text.cursorRect(cursor)
            self._transcript.show_place(text.viewport(), rect.center().y(), _AROUND_PX)

    def _show_count(self) -> None:
        places = self._places()
        place = places.index(self._current) + 1 if self._current in places else 0
        self.bar.show_count(place, len(places), is_all=not self._slices.isActive())

    # marks

    def _text_widget(self, message_id: str) -> MessageText | None:
        widget = self._transcript.built_widget_of(message_id)
        return widget.text if widget is not None else None

    def _spans(self, text: MessageText) -> list[tuple[int, int]]:
        plain = text.toPlainText()
        return as_qt_counts(plain, matches(plain, self._query))

    def _mark_all(self) -> None:
        for message in self._messages:
            self._mark(message.id)

    def _mark(self, message_id: str) -> None:
        if (text := self._text_widget(message_id)) is None:
            return
        found = self._found.get(message_id)
        spans = self._spans(text) if found is not None and found.count else []
        if not spans and not text.extraSelections():
            return
        current = self._current[1] if self._current is not None and self._current[0] == message_id else -1
        text.setExtraSelections([self._selection(text, span, n == current) for n, span in enumerate(spans)])

    def _selection(self, text: MessageText, span: tuple[int, int], is_current: bool) -> QTextEdit.ExtraSelection:
        tokens = self._theme.tokens
        look = QTextCharFormat()
        look.setBackground(QColor(tokens.accent if is_current else tokens.found))
        look.setForeground(QColor(tokens.on_accent if is_current else tokens.text))
        made = QTextEdit.ExtraSelection()
        cursor = QTextCursor(text.document())
        cursor.setPosition(span[0])
        cursor.setPosition(span[1], QTextCursor.MoveMode.KeepAnchor)
        made.cursor, made.format = cursor, look
        return made
