"""Which columns of a table are used: a chip each, on or off. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from app.gui import fonts
from app.gui.flow import FlowLayout
from app.gui.new_job.kind_form import missing
from app.gui.tongue import tr


class ColumnChoice(QWidget):
    """All are used at first. `changed` when the person takes one or leaves it out."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._flow = FlowLayout(6)
        self.setLayout(self._flow)
        self.chips: dict[str, QPushButton] = {}
        self._wanted: tuple[str, ...] = ()  # shown before the columns were known

    def show_chosen(self, columns: tuple[str, ...]) -> None:
        """These are used; none named: all."""
        self._wanted = columns
        for column, chip in self.chips.items():
            chip.setChecked(not columns or column in columns)

    def set_columns(self, columns: Sequence[str]) -> None:
        """The columns that there are; what was chosen of them stays so."""
        if tuple(columns) == tuple(self.chips):
            return
        off = {column for column, chip in self.chips.items() if not chip.isChecked()}
        self._flow.clear()
        self.chips = {column: self._chip(column) for column in columns}
        for column, chip in self.chips.items():
            chip.setChecked(column not in off and (not self._wanted or column in self._wanted))
            self._flow.addWidget(chip)

    def chosen(self) -> tuple[str, ...]:
        """Empty: all, or there are none. Raises KnownError where every one is left out."""
        if not self.chips:
            return self._wanted
        on = tuple(column for column, chip in self.chips.items() if chip.isChecked())
        if not on:
            raise missing(tr("Choose at least one column."))
        return () if len(on) == len(self.chips) else on

    def _chip(self, column: str) -> QPushButton:
        made = QPushButton(column)
        made.setProperty("kind", "chip")
        made.setCheckable(True)
        made.setAutoDefault(False)
        made.setAccessibleName(tr("Column {column}", column=column))
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        fonts.set_role(made, fonts.SMALL)
        made.clicked.connect(lambda _: self.changed.emit())
        return made
