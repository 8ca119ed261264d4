"""What the model thought before it answered: folded away below a line that says how long it took. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.gui import words
from app.gui.disclosure import Disclosure
from app.gui.margins import margins
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.reply_text import ReplyText

_SECOND_MS = 1_000


class Thought(QWidget):
    """Made a document when it is opened, not before: most thoughts are never read. `made` then."""

    made = Signal(object)  # a ReplyText

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.text: ReplyText | None = None
        self._source = ""
        self._is_over = False
        self._clock = QElapsedTimer()
        self._tick = QTimer(self, interval=_SECOND_MS)
        self._tick.timeout.connect(self._show_time)
        self._fold: Disclosure | None = None
        self.hide()

    @property
    def fold(self) -> Disclosure:
        """The line that opens it; made when there is a thought."""
        if self._fold is None:
            inside = QFrame()
            inside.setObjectName("thought")
            self._row = QHBoxLayout(inside)
            self._row.setContentsMargins(*margins(14, 0, 0, 0))
            self._fold = Disclosure(self._theme, tr("Thinking…"), inside)
            self._fold.opened.connect(self._render)
            column = QVBoxLayout(self)
            column.setContentsMargins(0, 0, 0, 0)
            column.addWidget(self._fold)
        return self._fold

    @property
    def markdown(self) -> str:
        return self._source

    def grow(self, text: str) -> None:
        """More of it, while it is thought."""
        self._source += text
        self._is_over = False
        if not self._tick.isActive():
            self._clock.start()
            self._tick.start()
            self._show_time()
        self.show()
        if self.fold.is_open:
            self._render()

    def end(self, seconds: float = 0.0) -> None:
        """It is over. `seconds`: how long it took, as Core has it; 0: as it was seen here, if it was."""
        seen = self._clock.elapsed() / 1_000 if self._tick.isActive() else 0.0
        self._tick.stop()
        self._is_over = True
        took = seconds or seen
        title = tr("Thought for {time}", time=words.seconds(took)) if took >= 0.05 else tr("Thoughts")
        self.fold.set_title(title)
        if self.fold.is_open:
            self._render()

    def show_thought(self, text: str, seconds: float) -> None:
        """The whole of one that is over; empty: there is none."""
        if text != self._source:
            self._source = text
        if text or self._fold is not None:
            self.end(seconds)
        self.setVisible(bool(text))

    def _render(self) -> None:
        if self.text is None:
            self.text = ReplyText(self._theme)
            self.text.setAccessibleName(tr("Thoughts"))
            self._row.addWidget(self.text)
            self.made.emit(self.text)
        if self._is_over or not self._source.startswith(self.text.markdown):
            self.text.finish(self._source)
        elif more := self._source[len(self.text.markdown) :]:
            self.text.append(more)

    def _show_time(self) -> None:
        seconds = self._clock.elapsed() // 1_000
        self.fold.set_title(tr("Thinking, {time}", time=words.seconds(seconds)) if seconds else tr("Thinking…"))
