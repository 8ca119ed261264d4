"""A small table of words and figures, which a screen reader reads cell by cell. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from app.gui import fonts
from app.gui.buttons import label


class FigureTable(QWidget):
    """The first column at the left, figures at the right under their names."""

    def __init__(self, heads: Sequence[str], *, words: Sequence[int] = ()) -> None:
        """`words`: columns besides the first that hold text."""
        super().__init__()
        self._heads, self._words = heads, (0, *words)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(20)
        self._grid.setVerticalSpacing(6)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._grid.setColumnStretch(max(words, default=len(heads)), 1)
        self.show_rows([])

    def show_rows(self, rows: Sequence[Sequence[str]], strong: int = -1) -> None:
        """`strong`: the row that stands out."""
        while item := self._grid.takeAt(0):
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for column, head in enumerate(self._heads):
            self._put(0, column, head, fonts.SMALL, "muted", column in self._words)
        for number, row in enumerate(rows, 1):
            role = fonts.UI_STRONG if number - 1 == strong else fonts.UI
            for column, text in enumerate(row):
                self._put(number, column, text, role, "", column in self._words)
        self.setVisible(bool(rows))

    def _put(self, row: int, column: int, text: str, role: fonts.FontRole, tone: str, is_text: bool) -> None:
        made = label(text, role=role, tone=tone, wraps=is_text and column > 0)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(made, row, column, top if is_text else Qt.AlignmentFlag.AlignTrailing | top)
