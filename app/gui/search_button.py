"""What looks like a field to search in, and opens the palette: its words, and its key at the end. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle

from app.gui import fonts

_SIDE, _GAP = 11, 12  # of the style sheet's padding and its border; between the words and the key


class SearchButton(QPushButton):
    """The key is shown where there is room for it beside the words."""

    def __init__(self, text: str, key: str, do: Callable[[], object]) -> None:
        super().__init__(text)
        self._words, self._key = text, key
        self.setProperty("kind", "field")
        self.setAccessibleName(text)
        self.setToolTip(key)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        fonts.set_role(self, fonts.UI)
        self.clicked.connect(lambda: do())

    @property
    def shows_key(self) -> bool:
        """Whether there is room for it."""
        words = QFontMetrics(self.font()).horizontalAdvance(self._words)
        return words + _GAP + self._key_width() <= self._room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.shows_key:
            return
        painter = QPainter(self)
        painter.setFont(fonts.font(fonts.SMALL))
        painter.setPen(self.palette().buttonText().color())
        end = QStyle.visualAlignment(self.layoutDirection(), Qt.AlignmentFlag.AlignRight)
        side = end | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect().adjusted(_SIDE, 0, -_SIDE, 0), side, self._key)
        painter.end()

    def _fit(self) -> None:
        shown = QFontMetrics(self.font()).elidedText(self._words, Qt.TextElideMode.ElideRight, self._room())
        if shown != self.text():
            self.setText(shown)

    def _room(self) -> int:
        return self.width() - 2 * _SIDE

    def _key_width(self) -> int:
        return QFontMetrics(fonts.font(fonts.SMALL)).horizontalAdvance(self._key)
