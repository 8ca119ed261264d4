"""What a job asks, to be changed before what failed of it goes again. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from app.errors import KnownError
from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.core_words import retold
from app.gui.dialog_layout import column_inside, lay_out
from app.gui.new_job.kind_faces import KIND_FACES
from app.gui.tab_order import step
from app.gui.theme import Theme
from app.gui.tongue import tr


class EditDialog(QDialog):
    """`accepted_params` with what is to be asked from now on; what is done already stays as it is."""

    accepted_params = Signal(object)

    def __init__(
        self, parent: QWidget, theme: Theme, title: str, kind: str, params: msgspec.Struct, columns: Sequence[str]
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Edit and run again"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.form = KIND_FACES[kind].form(theme)
        self.form.show_params(params)
        self.form.set_columns(columns)
        self._problem = label(tone="danger", wraps=True)
        self._problem.hide()
        inside, column = column_inside()
        column.addWidget(
            label(tr("{title}. What is done already stays as it is.", title=retold(title)), tone="muted", wraps=True)
        )
        column.addWidget(self.form)
        column.addWidget(self._problem)
        column.addStretch(1)  # else the form would share what is left
        run = button(tr("Run the failed ones again"), self._run, kind="main", role=fonts.UI_STRONG)
        lay_out(self, tr("Edit, and run the failed ones again"), inside, button(tr("Cancel"), self.reject), run)
        self.setMinimumHeight(320)
        self.resize(640, 620)
        self.form.focus()

    def say(self, sentence: str) -> None:
        """It was not taken."""
        self._problem.setText(retold(sentence))
        self._problem.setVisible(bool(sentence))

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes as the dialog is read."""
        return step(self, next) or super().focusNextPrevChild(next)

    def _run(self) -> None:
        try:
            self.accepted_params.emit(self.form.params())
        except KnownError as error:
            self.say(error.sentence)
