"""The pieces of text that a paragraph of a summary came from, built only when they are asked for. GUI thread only.

A paragraph may come from a thousand pieces, and each costs a few milliseconds: they are built a page at a time, and
a few a tick, so that the window goes on answering.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.core.views import Source
from app.gui import fonts, words
from app.gui.buttons import button, label
from app.gui.core_words import retold
from app.gui.tongue import tr
from app.gui.transcript.message_text import MessageText

PAGE = 20  # pieces that are shown at once, and with each "Show more"
_TICK_MS = 4  # a tick ends after the piece with which this has passed; its layout takes several times as long


class SourceList(QWidget):
    """Empty until `begin`."""

    def __init__(self, sources: Sequence[Source]) -> None:
        super().__init__()
        self._sources = sources
        self._n_built = 0
        self._n_wanted = 0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._build_some)
        self._more = button(tr("Show more"), self.show_more, kind="link", role=fonts.SMALL)
        self._more.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(8)
        self._column.addWidget(self._more)

    @property
    def n_shown(self) -> int:
        """How many pieces are there to be read."""
        return self._n_built

    def begin(self) -> None:
        """Build the first ones, where that has not happened yet."""
        if not self._n_wanted:
            self.show_more()

    def show_more(self) -> None:
        """Build the next ones below those that are there."""
        self._n_wanted = min(self._n_wanted + PAGE, len(self._sources))
        self._timer.start()

    def _build_some(self) -> None:
        clock = QElapsedTimer()
        clock.start()
        first_new: QWidget | None = None
        while self._n_built < self._n_wanted and clock.elapsed() < _TICK_MS:
            block = _block(self._sources[self._n_built])
            self._column.insertWidget(self._n_built, block)
            first_new = first_new or block
            self._n_built += 1
        if self._more.hasFocus() and first_new is not None:  # the button goes down: who reads goes on at what is new
            first_new.setFocus()
        if self._n_built >= self._n_wanted:
            self._timer.stop()
            self._offer_more()

    def _offer_more(self) -> None:
        n_left = len(self._sources) - self._n_built
        text = tr("Show {count} more of {left}", count=words.number(min(PAGE, n_left)), left=words.number(n_left))
        self._more.setText(text)
        self._more.setAccessibleName(text)
        self._more.setVisible(n_left > 0)


def _block(source: Source) -> QFrame:
    made = QFrame()
    made.setObjectName("sourceBlock")
    where = retold(source.label)
    text = MessageText()
    text.setAccessibleName(tr("Text of {label}", label=where))
    text.show_plain(source.text)
    made.setFocusProxy(text)
    column = QVBoxLayout(made)
    column.setContentsMargins(14, 10, 14, 12)
    column.setSpacing(6)
    column.addWidget(label(where, role=fonts.SMALL_STRONG, tone="muted"))
    column.addWidget(text)
    return made
