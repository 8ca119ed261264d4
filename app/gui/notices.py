"""Quiet bars above whatever page is open: what happened, and what can be done about it. Never modal."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.gui.buttons import IconButton, IconLabel, button, label
from app.gui.core_words import retold
from app.gui.margins import margins
from app.gui.theme import Theme
from app.gui.tongue import tr

_AT_MOST = 3
_ICONS = {"muted": "info", "warn": "triangle-alert", "danger": "circle-alert", "ok": "circle-check"}


class Notices(QWidget):
    """The newest bars, at most three; `make_room` for fewer where the window is low."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._bars: dict[str, Notice] = {}
        self._room = _AT_MOST
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 8)
        self._column.setSpacing(8)
        self.hide()

    def show_notice(
        self,
        sentence: str,
        *,
        tone: str = "muted",
        action: tuple[str, Callable[[], object]] | None = None,
        key: str = "",
        seconds: float = 0,
        keeps: bool = False,
    ) -> None:
        """`tone` muted, warn, danger or ok. A bar of the same `key` is replaced; after `seconds` it goes by itself.

        A bar goes with its action, unless it `keeps`: what the action only begins may be broken off.

        One sentence is shown once. Said again without a key, it keeps the one it had: who can take it away still can.
        """
        sentence = retold(sentence)
        twin = next((old for old, bar in self._bars.items() if bar.sentence == sentence), "")
        key = key or twin or sentence
        self.dismiss(twin)
        self.dismiss(key)
        bar = Notice(self._theme, sentence, tone, lambda: self.dismiss(key), action, keeps=keeps)
        self._bars[key] = bar
        self._column.addWidget(bar)
        while len(self._bars) > _AT_MOST:
            self.dismiss(next(iter(self._bars)))
        if seconds:
            self.dismiss_after(key, seconds)
        self._show_newest()

    def dismiss_after(self, key: str, seconds: float) -> None:
        """Take a bar away in a while, so that it can be read; one that came in its place by then stays."""
        if bar := self._bars.get(key):
            QTimer.singleShot(int(seconds * 1_000), bar, lambda: self.dismiss(key))

    def dismiss(self, key: str) -> None:
        """Take a bar away, if it is there."""
        if bar := self._bars.pop(key, None):
            bar.hide()
            bar.deleteLater()
        self._show_newest()

    def make_room(self, is_low: bool) -> None:
        """In a low window the others come up when the newest has been dismissed."""
        if self._room != (room := 1 if is_low else _AT_MOST):
            self._room = room
            self._show_newest()

    def _show_newest(self) -> None:
        bars = list(self._bars.values())
        for bar in bars:
            bar.setVisible(bar in bars[-self._room :])
        self.setVisible(bool(bars))

    @property
    def sentences(self) -> list[str]:
        """What has not been dismissed, oldest first."""
        return [bar.sentence for bar in self._bars.values()]


class Notice(QFrame):
    """One bar."""

    def __init__(
        self,
        theme: Theme,
        sentence: str,
        tone: str,
        close: Callable[[], None],
        action: tuple[str, Callable[[], object]] | None,
        *,
        keeps: bool,
    ) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setAccessibleName(sentence)
        self.sentence = sentence
        row = QHBoxLayout(self)
        row.setContentsMargins(*margins(14, 8, 8, 8))
        row.setSpacing(10)
        row.addWidget(IconLabel(theme, _ICONS[tone], tone))
        row.addWidget(label(sentence, wraps=True), 1)
        if action is not None:
            text, self._do = action
            self._close = None if keeps else close
            row.addWidget(button(text, self._act))
        row.addWidget(IconButton(theme, "x", tr("Dismiss"), close, 28))

    def _act(self) -> None:
        self._do()
        if self._close is not None:
            self._close()
