"""How a reply is to be made again: by which model, and with which settings; for this one reply. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core.model_views import LocalModel
from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.model_choice import ModelChoice
from app.gui.option_fields import OptionFields
from app.gui.theme import Theme
from app.gui.tongue import tr


class RegenerateDialog(QDialog):
    """`chosen` with ChatOptions."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget, theme: Theme, models: Sequence[LocalModel]) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Regenerate with other settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(380)
        self.model = ModelChoice(tr("As in this chat"))
        self.model.show_models(models)
        self.model.list.setAccessibleName(tr("Model"))
        self.fields = OptionFields(theme, tr("as in this chat"))
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(button(tr("Cancel"), self.reject))
        go = button(tr("Regenerate"), self._choose, kind="main", role=fonts.UI_STRONG)
        go.setDefault(True)
        buttons.addWidget(go)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        column.addWidget(label(tr("Regenerate with other settings"), role=fonts.TITLE))
        column.addWidget(label(tr("They are for this one reply."), role=fonts.SMALL, tone="muted"))
        column.addSpacing(4)
        column.addWidget(label(tr("Model"), role=fonts.SMALL, tone="muted"))
        column.addWidget(self.model)
        column.addSpacing(4)
        column.addWidget(self.fields)
        column.addStretch()
        column.addSpacing(8)
        column.addLayout(buttons)

    def _choose(self) -> None:
        self.accept()
        self.chosen.emit(msgspec.structs.replace(self.fields.options(), model=self.model.value or None))
