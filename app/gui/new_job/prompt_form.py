"""What is asked of each document or row. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from app.core.kinds.prompt import PromptParams
from app.gui import fonts
from app.gui.buttons import button
from app.gui.flow import FlowLayout
from app.gui.form import at_least, editor, settle_spin, token_spin
from app.gui.new_job.kind_form import KindForm, missing
from app.gui.tongue import tr


class PromptForm(KindForm):
    def __init__(self) -> None:
        super().__init__()
        self.template = editor(6, tr("Translate into French:\n\n{document}"))
        self._buttons = FlowLayout(6)
        self._shown: tuple[str, ...] = ()
        self.system = editor(2, tr("What the model is told before: who it is, how it answers"))
        self.longest = token_spin(512)
        self.temperature = QDoubleSpinBox()
        self.temperature.setRange(0, 2)
        self.temperature.setSingleStep(0.1)
        self.temperature.setDecimals(2)
        self.temperature.setValue(0.2)
        settle_spin(self.temperature)
        at_least(150, self.temperature)
        self.form.add(tr("Prompt"), self.template)
        self.form.add(tr("Insert"), self._make_buttons())
        self.form.add(tr("System prompt"), self.system)
        self.form.add(tr("Longest answer"), self.longest)
        self.form.add(
            tr("Temperature"), self.temperature, tr("0 always takes the likeliest word; higher is more varied.")
        )
        for text in (self.template, self.system):
            text.textChanged.connect(self.changed)
        self.longest.valueChanged.connect(lambda _: self.changed.emit())
        self.temperature.valueChanged.connect(lambda _: self.changed.emit())
        self.set_columns(())

    def params(self) -> PromptParams:
        template = self.template.toPlainText()
        if not template.strip():
            raise missing(tr("Write what the model is asked, with the fields in their places."))
        return PromptParams(
            template=template,
            system=self.system.toPlainText().strip(),
            max_tokens=self.longest.value(),
            temperature=round(self.temperature.value(), 2),
        )

    def blank(self) -> PromptParams:
        return PromptParams(template="{document}")

    def show_params(self, params: PromptParams) -> None:
        self.template.setPlainText(params.template)
        self.system.setPlainText(params.system)
        self.longest.setValue(params.max_tokens)
        self.temperature.setValue(params.temperature)

    def set_columns(self, columns: Sequence[str]) -> None:
        fields = ("document", *(columns or ("name",)))
        if fields == self._shown:
            return
        self._shown = fields
        self._buttons.clear()
        for field in fields:
            made = button(f"{{{field}}}", lambda field=field: self.insert(field), role=fonts.SMALL)  # type: ignore[misc]
            made.setProperty("kind", "chip")
            made.setFont(fonts.code_font(12))
            made.setAccessibleName(tr("Insert {field}", field=field))
            self._buttons.addWidget(made)

    def insert(self, field: str) -> None:
        """Put a field where the cursor is."""
        self.template.insertPlainText(f"{{{field}}}")
        self.template.setFocus()

    def focus(self) -> None:
        self.template.setFocus()

    def _make_buttons(self) -> QWidget:
        made = QWidget()
        made.setLayout(self._buttons)
        return made
