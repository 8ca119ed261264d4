"""One field of an answer: its name, what it holds, what it means. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLineEdit

from app.core.kinds.fields import Field
from app.gui.form import check, choice
from app.gui.new_job.kind_form import missing
from app.gui.new_job.rows import Row
from app.gui.tongue import mark, tr

_KINDS = (
    (mark("Text"), "text"),
    (mark("Number"), "number"),
    (mark("Whole number"), "integer"),
    (mark("Yes or no"), "yes_no"),
    (mark("Date"), "date"),
    (mark("One of…"), "choice"),
    (mark("List of texts"), "list"),
)


class FieldRow(Row):
    def __init__(self) -> None:
        super().__init__()
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("Name"))
        self.name.setAccessibleName(tr("Name of the field"))
        self.kind = choice(_KINDS)
        self.kind.setAccessibleName(tr("What the field holds"))
        self.about = QLineEdit()
        self.about.setPlaceholderText(tr("What it means"))
        self.about.setAccessibleName(tr("What the field means"))
        self.choices = QLineEdit()
        self.choices.setPlaceholderText(tr("open, paid, overdue"))
        self.choices.setAccessibleName(tr("What it may be, with commas between"))
        self.may_lack = check(tr("may be missing"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.kind, 0, 1)
        grid.addWidget(self.choices, 1, 0, 1, 2)
        grid.addWidget(self.about, 2, 0)
        grid.addWidget(self.may_lack, 2, 1)
        grid.setColumnStretch(0, 1)
        self.choices.hide()
        for field in (self.name, self.about, self.choices):
            field.textChanged.connect(lambda _: self.changed.emit())
        self.kind.currentIndexChanged.connect(lambda _: self._kind_changed())
        self.may_lack.toggled.connect(lambda _: self.changed.emit())

    @property
    def is_empty(self) -> bool:
        return not self.name.text().strip() and not self.about.text().strip()

    def field(self) -> Field:
        """Raises KnownError, whose sentence says what is missing."""
        name = self.name.text().strip()
        if not name:
            raise missing(tr("Give every field a name."))
        kind = self.kind.currentData()
        choices = tuple(part.strip() for part in self.choices.text().split(",") if part.strip())
        if kind == "choice" and len(choices) < 2:
            raise missing(tr("Name at least two things that “{name}” may be, with commas between.", name=name))
        return Field(
            name=name,
            kind=kind,
            choices=choices if kind == "choice" else (),
            description=self.about.text().strip(),
            is_required=not self.may_lack.isChecked(),
        )

    def show_field(self, field: Field) -> None:
        self.name.setText(field.name)
        self.kind.setCurrentIndex(self.kind.findData(field.kind))
        self.about.setText(field.description)
        self.choices.setText(", ".join(field.choices))
        self.may_lack.setChecked(not field.is_required)

    def focus(self) -> None:
        self.name.setFocus()

    def _kind_changed(self) -> None:
        self.choices.setVisible(self.kind.currentData() == "choice")
        self.changed.emit()
