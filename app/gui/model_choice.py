"""A list of the models on this machine, of which one may be chosen, or whatever is loaded. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.model_views import LocalModel
from app.gui import words
from app.gui.form import choice
from app.gui.models.verdict import fit_word
from app.gui.tongue import tr


class ModelChoice(QWidget):
    """`value` is a path, or empty: the model that is loaded will do. A model that is gone stays chosen, and says so."""

    changed = Signal()

    def __init__(self, otherwise: str) -> None:
        super().__init__()
        self._otherwise = otherwise
        self._value = ""
        self._models: Sequence[LocalModel] = ()
        self.list = choice([])
        self.list.setSizeAdjustPolicy(self.list.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.setMinimumContentsLength(12)
        self.setFocusProxy(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        self.list.activated.connect(self._choose)
        self._show()

    @property
    def value(self) -> str:
        return self._value

    def show_value(self, value: str) -> None:
        """Without a word about it."""
        self._value = value
        self._show()

    def show_models(self, models: Sequence[LocalModel]) -> None:
        self._models = [model for model in models if not model.problem]
        self._show()

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.list.setAccessibleName(name)

    def _show(self) -> None:
        options = [(self._otherwise, "")]
        for model in self._models:
            parts = (model.name, words.size(model.size_bytes), fit_word(model.fit))
            options.append((words.DOT.join(part for part in parts if part), str(model.path)))
        if self._value and self._value not in {value for _, value in options}:
            name = Path(self._value).stem
            options.append((tr("{name} (not found)", name=name) if self._models else name, self._value))
        self.list.blockSignals(True)
        self.list.clear()
        for text, value in options:
            self.list.addItem(text, value)
        self.list.setCurrentIndex(max(0, self.list.findData(self._value)))
        self.list.blockSignals(False)

    def _choose(self) -> None:
        self._value = self.list.currentData()
        self.changed.emit()
