"""A layout that goes on in the next line where one is full, as words do. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QStyle, QWidget


class FlowLayout(QLayout):
    """Each thing has the size it likes; `gap` pixels between them, across and down.

    `likes_a_line`: it would rather not go on in the next one, and asks for as much room.
    """

    def __init__(self, gap: int = 8, *, likes_a_line: bool = False) -> None:
        super().__init__()
        self._likes_a_line = likes_a_line
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def clear(self) -> None:
        """Take everything away."""
        for item in self._items:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._items.clear()
        self.invalidate()

    def widgets(self) -> list[QWidget]:
        """In their order."""
        return [widget for item in self._items if (widget := item.widget()) is not None]

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), moves=False)

    def sizeHint(self) -> QSize:
        shown = [item.sizeHint().width() for item in self._items if not item.isEmpty()]
        line = sum(shown) + self._gap * (len(shown) - 1) if self._likes_a_line else 0
        return self.minimumSize().expandedTo(QSize(line, 0))

    def minimumSize(self) -> QSize:
        size = QSize(0, 0)
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, moves=True)

    def _place(self, rect: QRect, *, moves: bool) -> int:
        x, y = rect.x(), rect.y()
        line: list[tuple[QLayoutItem, QRect]] = []
        for item in self._items:
            if item.isEmpty():
                continue  # it is hidden
            size = item.sizeHint()
            size.setWidth(min(size.width(), max(1, rect.width())))
            if line and x + size.width() > rect.right() + 1:
                x, y = rect.x(), y + self._put(line, rect, moves=moves) + self._gap
                line = []
            line.append((item, QRect(QPoint(x, y), size)))
            x += size.width() + self._gap
        return y + self._put(line, rect, moves=moves) - rect.y()

    def _put(self, line: list[tuple[QLayoutItem, QRect]], rect: QRect, *, moves: bool) -> int:
        """Each in the middle of the line, however high it is. The height of the line."""
        height = max((place.height() for _, place in line), default=0)
        parent = self.parentWidget()
        direction = parent.layoutDirection() if parent is not None else Qt.LayoutDirection.LeftToRight
        for item, place in line if moves else ():
            place.translate(0, (height - place.height()) // 2)
            item.setGeometry(QStyle.visualRect(direction, rect, place))
        return height
