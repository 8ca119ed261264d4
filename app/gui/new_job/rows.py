"""A list of small forms of one kind, which grows and shrinks: fields of an answer, examples. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import IconButton, button
from app.gui.theme import Theme


class Row(QWidget):
    """One of them."""

    changed = Signal()

    def focus(self) -> None:
        """Where the keyboard starts in it."""


R = TypeVar("R", bound=Row)


class Rows(QWidget, Generic[R]):
    """`add_text` and `remove_text` stand on the buttons."""

    changed = Signal()

    def __init__(self, theme: Theme, add_text: str, remove_text: str, make: Callable[[], R]) -> None:
        super().__init__()
        self._theme, self._remove_text, self._make = theme, remove_text, make
        self.rows: list[R] = []
        self._frames: dict[R, QWidget] = {}
        self._add = button(add_text, self._add_asked, role=fonts.SMALL)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self._add)

    def add(self) -> R:
        """An empty one below the others."""
        row = self._make()
        frame = QWidget()
        line = QHBoxLayout(frame)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(row, 1)
        line.addWidget(
            IconButton(self._theme, "x", self._remove_text, lambda: self._remove(row)),
            0,
            Qt.AlignmentFlag.AlignTop,
        )
        self._column.insertWidget(len(self.rows), frame)
        self.rows.append(row)
        self._frames[row] = frame
        row.changed.connect(self.changed)
        return row

    def clear(self) -> None:
        for row in list(self.rows):
            self._drop(row)

    def focus(self) -> None:
        (self.rows[0].focus if self.rows else self._add.setFocus)()

    def _add_asked(self) -> None:
        self.add().focus()
        self.changed.emit()

    def _remove(self, row: R) -> None:
        index = self.rows.index(row)
        self._drop(row)
        if self.rows:
            self.rows[min(index, len(self.rows) - 1)].focus()
        else:
            self._add.setFocus()
        self.changed.emit()

    def _drop(self, row: R) -> None:
        self.rows.remove(row)
        frame = self._frames.pop(row)
        frame.hide()
        frame.deleteLater()
