"""Things that have a name and some fields, kept in a list: saved prompts, personas. Not modal. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QScrollArea, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.dialog_layout import ColumnArea
from app.gui.form import Form
from app.gui.margins import margins
from app.gui.tongue import tr

_BAR_GAP = 12


class Kept(Protocol):
    """`id` empty: not saved so far."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


class _Fields(ColumnArea):
    """The bar keeps its distance where there is one."""

    def __init__(self, column: QVBoxLayout) -> None:
        super().__init__()
        self._column = column
        self.verticalScrollBar().rangeChanged.connect(self._make_room)

    def _make_room(self, _least: int, most: int) -> None:
        gap = _BAR_GAP if most > 0 else 0
        self._column.setContentsMargins(*margins(0, 0, gap, 0))


class ShelfDialog(QDialog):
    """A list at the left, the fields of what is marked in it at the right. Subclasses add fields to `form`."""

    saved = Signal(object)
    deleted = Signal(str)

    def __init__(self, parent: QWidget, title: str, empty: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(800, 520)
        self._things: list[Kept] = []
        self._id = ""  # of what the fields show
        self.list = QListWidget()
        self.list.setObjectName("shelf")
        self.list.setAccessibleName(title)
        self.list.setFixedWidth(200)
        self.name = QLineEdit()
        self.form = Form()
        self.form.add(tr("Name"), self.name)
        self._empty = label(empty, role=fonts.SMALL, tone="muted", wraps=True)
        self._save = button(tr("Save"), self._ask_save, kind="main", role=fonts.UI_STRONG)
        self._delete = button(tr("Delete"), lambda: self.deleted.emit(self._id))
        left = QVBoxLayout()
        left.addWidget(self._empty)
        left.addWidget(self.list, 1)
        left.addWidget(button(tr("New"), self.begin))
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self._delete)
        below.addStretch()
        below.addWidget(button(tr("Close"), self.close))
        below.addWidget(self._save)
        right = QVBoxLayout()
        right.addWidget(self._scrolling(), 1)
        right.addLayout(below)
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addLayout(left)
        row.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addWidget(label(title, role=fonts.TITLE))
        column.addLayout(row, 1)
        self.list.currentRowChanged.connect(self._choose)
        self.name.textChanged.connect(self._refresh)

    def _scrolling(self) -> QScrollArea:
        """The fields, which may need more room than there is."""
        inside = QWidget()
        inside.setObjectName("column")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self.form)
        column.addStretch(1)  # else the form would share what is left
        made = _Fields(column)
        made.setWidget(inside)
        return made

    def show_things(self, things: Sequence[Kept]) -> None:
        """What there is now; what was shown stays so, if it is still there."""
        self._things = sorted(things, key=lambda thing: thing.name.casefold())
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([thing.name for thing in self._things])
        self.list.blockSignals(False)
        self._empty.setVisible(not self._things)
        place = next((n for n, thing in enumerate(self._things) if thing.id == self._id), -1)
        if place < 0 and self._things:
            place = next((n for n, thing in enumerate(self._things) if thing.name == self.name.text()), 0)
        if place >= 0:
            self.list.setCurrentRow(place)
        else:
            self.begin()

    def begin(self) -> None:
        """Empty fields, for a new one."""
        self.list.blockSignals(True)
        self.list.setCurrentRow(-1)
        self.list.blockSignals(False)
        self._id = ""
        self.name.clear()
        self.show_fields(None)
        self._refresh()
        self.name.setFocus()

    def show_fields(self, thing: Kept | None) -> None:
        """All fields but the name; None: empty."""
        raise NotImplementedError

    def made(self, id: str, name: str) -> Kept:
        """What the fields say now."""
        raise NotImplementedError

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._things):
            thing = self._things[row]
            self._id = thing.id
            self.name.setText(thing.name)
            self.show_fields(thing)
            self._refresh()

    def _ask_save(self) -> None:
        if name := self.name.text().strip():
            self.saved.emit(self.made(self._id, name))

    def _refresh(self) -> None:
        self._save.setEnabled(bool(self.name.text().strip()))
        self._delete.setEnabled(bool(self._id))
