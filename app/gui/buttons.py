"""Buttons and labels in the program's few kinds, each with a name for screen readers. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QStyle, QWidget

from app.gui import fonts
from app.gui.icons import PIXELS, icon, set_icon, side
from app.gui.page_label import RightToLeftLabel, RoomyLabel, direction_of
from app.gui.text_line import elided
from app.gui.theme import Theme
from app.gui.tongue import is_right_to_left


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

    def __init__(self, theme: Theme, icon_name: str, name: str, do: Callable[[], object], width: int = 32) -> None:
        super().__init__()
        self._theme, self._icon_name = theme, icon_name
        self._is_seen = True
        self.setProperty("kind", "icon")
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setAutoDefault(False)
        self._margin = width - PIXELS
        self.clicked.connect(lambda: do())
        theme.changed.connect(self._tint)
        self._tint()

    def set_icon(self, icon_name: str, name: str) -> None:
        """Become another button: a pause that turns into a play."""
        self._icon_name = icon_name
        self.setAccessibleName(name)
        self.setToolTip(name)
        self._tint()

    def sizeHint(self) -> QSize:
        """As it is fixed: the style sheet's least height, which comes later, would make its row lower."""
        return QSize(self._margin + side(), self._margin + side())

    def set_seen(self, is_seen: bool) -> None:
        """In its place either way: what shows on hover moves nothing."""
        self._is_seen = is_seen
        self._tint()

    def _tint(self) -> None:
        self.setFixedSize(self._margin + side(), self._margin + side())
        self.updateGeometry()
        set_icon(self, self._icon_name, self._theme.tokens.muted)
        if not self._is_seen:
            self.setIcon(QIcon())


class IconLabel(QLabel):
    """A small icon in a colour of the theme, beside words that say the same."""

    def __init__(self, theme: Theme, icon_name: str, colour: str = "muted") -> None:
        super().__init__()
        self._theme, self._icon_name, self._colour = theme, icon_name, colour
        theme.changed.connect(self._tint)
        self._tint()

    def set_icon(self, icon_name: str, colour: str) -> None:
        """`colour` is the name of a token."""
        self._icon_name, self._colour = icon_name, colour
        self._tint()

    def _tint(self) -> None:
        self.setFixedSize(side(), side())
        self.setPixmap(icon(self._icon_name, getattr(self._theme.tokens, self._colour)).pixmap(side(), side()))


def label(text: str = "", *, role: fonts.FontRole = fonts.UI, tone: str = "", wraps: bool = False) -> QLabel:
    """Plain text, never markup. `tone` is muted, warn, danger, ok or nothing."""
    made = RightToLeftLabel(text) if is_right_to_left() else QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setAlignment(_leading())
    made.setWordWrap(wraps)
    if tone:
        made.setProperty("role", tone)
    fonts.set_role(made, role)
    return made


def _leading() -> Qt.AlignmentFlag:
    """Where the page begins, in whatever language the text is: Qt would put English at the left of an Arabic page."""
    side = Qt.AlignmentFlag.AlignRight if is_right_to_left() else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter


def set_tone(widget: QWidget, tone: str) -> None:
    """Change the colour of a label by what it means."""
    if widget.property("role") != tone:
        widget.setProperty("role", tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class ElidedLabel(RoomyLabel):
    """One line that ends in … where there is no room; the whole text is its tooltip then."""

    def __init__(self, text: str = "", *, role: fonts.FontRole = fonts.UI, tone: str = "") -> None:
        super().__init__(text)
        self._tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(_leading())
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if tone:
            self.setProperty("role", tone)
        fonts.set_role(self, role)

    def explain(self, tip: str) -> None:
        """What hovering says while all of the text is seen."""
        self._tip = tip
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = elided(QFontMetrics(self.font()), self.text(), self.contentsRect().width())
        self.setToolTip(self.text() if shown != self.text() else self._tip)
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        if is_right_to_left():
            painter.setLayoutDirection(direction_of(shown))
        side = QStyle.visualAlignment(self.layoutDirection(), self.alignment() | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(self.contentsRect(), side | Qt.AlignmentFlag.AlignAbsolute, shown)
        painter.end()
