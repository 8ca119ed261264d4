"""Labels for a page that is read from the right, where Qt's own are made for Latin letters. GUI thread only."""

from __future__ import annotations

from math import ceil
from unicodedata import bidirectional

from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QStyle

from app.gui import fonts
from app.gui.tongue import is_right_to_left

_ROOM_PX = 1
_VERTICAL = Qt.AlignmentFlag.AlignVertical_Mask


class RoomyLabel(QLabel):
    """Where the page is Arabic, its letters reach above and below the line that the type has, and are not cut."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self._make_room()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._make_room()

    def _make_room(self) -> None:
        if is_right_to_left():
            self.setContentsMargins(0, fonts.scaled(_ROOM_PX), 0, fonts.scaled(_ROOM_PX))


class RightToLeftLabel(RoomyLabel):
    """What QLabel gets wrong: all lines of a wrapped text but the last are a space away from the edge, and a sentence
    that begins with a Latin word runs from the left.
    """

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse or not self.pixmap().isNull():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        self.drawFrame(painter)
        layout = QTextLayout(self.text().replace("\n", "\u2028"), self.font())
        option = QTextOption(QStyle.visualAlignment(self.layoutDirection(), self.alignment()) & ~_VERTICAL)
        option.setAlignment(option.alignment() | Qt.AlignmentFlag.AlignAbsolute)
        option.setTextDirection(direction_of(self.text()))
        option.setWrapMode(QTextOption.WrapMode.WordWrap if self.wordWrap() else QTextOption.WrapMode.ManualWrap)
        layout.setTextOption(option)
        area = self._area()
        height = _broken(layout, area.width(), QFontMetricsF(self.font()).leading())
        painter.setPen(self.palette().color(self.foregroundRole()))
        layout.draw(painter, QPointF(area.left(), _top(area, height, self.alignment())))
        painter.end()

    def _area(self) -> QRect:
        """As QLabel has it: a frame, or what the style sheet draws like one, has half a letter inside."""
        metrics, margin = self.fontMetrics(), self.margin()
        indent = metrics.horizontalAdvance("x") // 2 if self.frameWidth() > 0 else 0
        return self.contentsRect().adjusted(margin, margin, -margin - indent, -margin)


def direction_of(text: str) -> Qt.LayoutDirection:
    """Of a line on a page that is read from the right: a title, say, may be English."""
    is_arabic = any(bidirectional(letter) in ("R", "AL") for letter in text)
    return Qt.LayoutDirection.RightToLeft if is_arabic else Qt.LayoutDirection.LeftToRight


def _broken(layout: QTextLayout, width: int, leading: float) -> float:
    """Lines as high as QLabel counts them; the height of all."""
    height = -leading
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        height = float(ceil(height + leading))
        line.setPosition(QPointF(0, height))
        height += line.height()
    layout.endLayout()
    return height


def _top(area: QRect, height: float, alignment: Qt.AlignmentFlag) -> float:
    if alignment & Qt.AlignmentFlag.AlignTop:
        return area.top()
    room = area.height() - height
    return area.top() + (room if alignment & Qt.AlignmentFlag.AlignBottom else room / 2)
