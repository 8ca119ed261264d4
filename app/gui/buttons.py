"""Buttons and labels in the program's few kinds, each with a name for screen readers. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QWidget

from app.gui import fonts
from app.gui.icons import icon
from app.gui.theme import Theme


def button(
    text: str,
    do: Callable[[], object],
    *,
    kind: str = "",
    name: str = "",
    tip: str = "",
    role: fonts.FontRole = fonts.UI,
) -> QPushButton:
    """`kind` is main, quiet, link, raised or nothing; see assets/style.qss."""
    made = QPushButton(text)
    if kind:
        made.setProperty("kind", kind)
    made.setAccessibleName(name or text)
    made.setToolTip(tip)
    made.setAutoDefault(False)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    fonts.set_role(made, role)
    made.clicked.connect(lambda: do())
    return made


class IconButton(QPushButton):
    """A square with an icon that keeps the theme's colour. `name` is its tooltip and its accessible name."""

    def __init__(self, theme: Theme, icon_name: str, name: str, do: Callable[[], object], side: int = 32) -> None:
        super().__init__()
        self._theme, self._icon_name = theme, icon_name
        self._is_seen = True
        self.setProperty("kind", "icon")
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setAutoDefault(False)
        self.setFixedSize(side, side)
        self.setIconSize(QSize(16, 16))
        self.clicked.connect(lambda: do())
        theme.changed.connect(self._tint)
        self._tint()

    def set_icon(self, icon_name: str, name: str) -> None:
        """Become another button: a pause that turns into a play."""
        self._icon_name = icon_name
        self.setAccessibleName(name)
        self.setToolTip(name)
        self._tint()

    def set_seen(self, is_seen: bool) -> None:
        """In its place either way: what shows on hover moves nothing."""
        self._is_seen = is_seen
        self._tint()

    def _tint(self) -> None:
        self.setIcon(icon(self._icon_name, self._theme.tokens.muted) if self._is_seen else QIcon())


class IconLabel(QLabel):
    """A small icon in a colour of the theme, beside words that say the same."""

    def __init__(self, theme: Theme, icon_name: str, colour: str = "muted") -> None:
        super().__init__()
        self._theme, self._icon_name, self._colour = theme, icon_name, colour
        self.setFixedSize(16, 16)
        theme.changed.connect(self._tint)
        self._tint()

    def set_icon(self, icon_name: str, colour: str) -> None:
        """`colour` is the name of a token."""
        self._icon_name, self._colour = icon_name, colour
        self._tint()

    def _tint(self) -> None:
        self.setPixmap(icon(self._icon_name, getattr(self._theme.tokens, self._colour)).pixmap(16, 16))


def label(text: str = "", *, role: fonts.FontRole = fonts.UI, tone: str = "", wraps: bool = False) -> QLabel:
    """Plain text, never markup. `tone` is muted, warn, danger, ok or nothing."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    if tone:
        made.setProperty("role", tone)
    fonts.set_role(made, role)
    return made


def set_tone(widget: QWidget, tone: str) -> None:
    """Change the colour of a label by what it means."""
    if widget.property("role") != tone:
        widget.setProperty("role", tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class ElidedLabel(QLabel):
    """One line that ends in … where there is no room; the whole text is its tooltip then."""

    def __init__(self, text: str = "", *, role: fonts.FontRole = fonts.UI, tone: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if tone:
            self.setProperty("role", tone)
        fonts.set_role(self, role)

    def paintEvent(self, event: QPaintEvent) -> None:
        metrics = QFontMetrics(self.font())
        shown = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())
        self.setToolTip(self.text() if shown != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        side = self.alignment() | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.contentsRect(), side, shown)
        painter.end()
