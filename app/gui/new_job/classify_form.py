"""Into which labels texts are sorted. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSpinBox

from app.core.kinds.classify import ClassifyParams, Example
from app.gui.form import at_least, editor, settle_spin
from app.gui.new_job.column_choice import ColumnChoice
from app.gui.new_job.kind_form import KindForm, missing
from app.gui.new_job.rows import Row, Rows
from app.gui.segments import Segments
from app.gui.theme import Theme
from app.gui.tongue import mark, tr

_NUMBERS = {"one": (mark("One"), ""), "several": (mark("Several"), "")}


class ClassifyForm(KindForm):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.labels = editor(5, tr("complaint\nquestion\npraise"))
        self.number = Segments(tr("Labels a text gets"), _NUMBERS)
        self.instruction = editor(2, tr("What these texts are, and what the labels mean"))
        self.unsure = QSpinBox()
        self.unsure.setRange(0, 99)
        self.unsure.setSingleStep(5)
        self.unsure.setSuffix(" %")
        self.unsure.setSpecialValueText(tr("never"))
        settle_spin(self.unsure)
        at_least(110, self.unsure)
        self.examples = Rows(theme, tr("Add an example"), tr("Remove this example"), ExampleRow)
        self.columns = ColumnChoice()
        self.form.add(tr("Labels"), self.labels, tr("One a line."))
        self.form.add(tr("A text gets"), self.number)
        self.form.add(tr("Columns"), self.columns)
        self.form.add(tr("Instruction"), self.instruction)
        self.form.add(
            tr("Unsure below"), self.unsure, tr("What the model is less certain of is marked “unsure” instead.")
        )
        self.form.add(tr("Examples"), self.examples)
        self.form.set_shown(self.columns, False)
        for text in (self.labels, self.instruction):
            text.textChanged.connect(self.changed)
        self.number.chosen.connect(lambda _: self.changed.emit())
        self.unsure.valueChanged.connect(lambda _: self.changed.emit())
        self.examples.changed.connect(self.changed)
        self.columns.changed.connect(self.changed)

    def params(self) -> ClassifyParams:
        labels = tuple(dict.fromkeys(line.strip() for line in self.labels.toPlainText().splitlines() if line.strip()))
        is_multi = self.number.value == "several"
        if len(labels) < 2:
            raise missing(tr("Write at least two labels, one a line."))
        return ClassifyParams(
            labels=labels,
            is_multi=is_multi,
            instruction=self.instruction.toPlainText().strip(),
            examples=self._examples(labels),
            unsure_below=self.unsure.value() / 100,
            columns=self.columns.chosen(),
        )

    def _examples(self, labels: tuple[str, ...]) -> tuple[Example, ...]:
        found = []
        for row in self.examples.rows:
            text, label = row.text.text().strip(), row.label.text().strip()
            if not text and not label:
                continue
            if not text or label not in labels:
                raise missing(
                    tr(
                        "An example needs a text and one of the labels; “{example}” has not both.",
                        example=text or label,
                    )
                )
            found.append(Example(text=text, label=label))
        return tuple(found)

    def blank(self) -> ClassifyParams:
        return ClassifyParams(labels=("yes", "no"))

    def show_params(self, params: ClassifyParams) -> None:
        self.labels.setPlainText("\n".join(params.labels))
        self.number.show_value("several" if params.is_multi else "one")
        self.instruction.setPlainText(params.instruction)
        self.unsure.setValue(round(100 * params.unsure_below))
        self.columns.show_chosen(params.columns)
        self.examples.clear()
        for example in params.examples:
            row = self.examples.add()
            row.text.setText(example.text)
            row.label.setText(example.label)

    def set_columns(self, columns: Sequence[str]) -> None:
        self.columns.set_columns(columns)
        self.form.set_shown(self.columns, bool(columns))

    def focus(self) -> None:
        self.labels.setFocus()


class ExampleRow(Row):
    def __init__(self) -> None:
        super().__init__()
        self.text, self.label = QLineEdit(), QLineEdit()
        self.text.setPlaceholderText(tr("Text"))
        self.text.setAccessibleName(tr("Text of the example"))
        self.label.setPlaceholderText(tr("Label"))
        self.label.setAccessibleName(tr("Label of the example"))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.text, 3)
        line.addWidget(self.label, 1)
        for field in (self.text, self.label):
            field.textChanged.connect(lambda _: self.changed.emit())

    def focus(self) -> None:
        self.text.setFocus()
