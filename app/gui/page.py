"""A page that scrolls: one column in the middle, as wide as is good to read. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui.down_area import DownArea
from app.gui.tongue import is_right_to_left

COLUMN_WIDTH = 760
MARGIN = 24
LEAST = 480  # of the conversation: what does not fit beside it takes its place
QWIDGETSIZE_MAX = 16_777_215  # Qt gives Python no name for "no limit"


class Page(DownArea):
    """`column` takes the content. It stays in the middle of the page, with a scroll bar and without."""

    def __init__(self, name: str, spacing: int) -> None:
        super().__init__(name)
        content, middle = QWidget(), QWidget()
        content.setObjectName("column")
        middle.setMaximumWidth(COLUMN_WIDTH)
        self.column = QVBoxLayout(middle)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(spacing)
        self._row = QHBoxLayout(content)
        self._row.addStretch(1)
        self._row.addWidget(middle, 1_000)
        self._row.addStretch(1)
        self.setWidget(content)
        self.verticalScrollBar().rangeChanged.connect(self._keep_middle)
        self._keep_middle(0, 0)

    def settle(self) -> None:
        """Let the layout find its heights now, so that a place in the page can be kept."""
        self.column.activate()
        self._row.activate()
        if (content := self.widget()) is not None:
            content.adjustSize()

    def _keep_middle(self, _least: int, most: int) -> None:
        bar = self.verticalScrollBar().sizeHint().width() if most > 0 else 0
        ends = (MARGIN - bar, MARGIN) if is_right_to_left() else (MARGIN, MARGIN - bar)
        self._row.setContentsMargins(ends[0], 12, ends[1], 24)


def centred(widget: QWidget) -> QWidget:
    """`widget` where the column of a page would stand."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(MARGIN, 0, MARGIN, 0)
    row.addStretch(1)
    row.addWidget(widget, 1_000)
    row.addStretch(1)
    widget.setMaximumWidth(COLUMN_WIDTH)
    return made
