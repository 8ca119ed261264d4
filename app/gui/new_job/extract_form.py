"""Which fields are read out of each text: in rows, or as a JSON schema. GUI thread only."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.kinds.extract import ExtractParams
from app.core.kinds.fields import Field, fields_schema, schema_fields
from app.errors import KnownError
from app.gui import fonts
from app.gui.buttons import label
from app.gui.core_words import retold
from app.gui.form import editor, token_spin
from app.gui.new_job.column_choice import ColumnChoice
from app.gui.new_job.field_row import FieldRow
from app.gui.new_job.kind_form import KindForm, missing
from app.gui.new_job.rows import Rows
from app.gui.segments import Segments
from app.gui.theme import Theme
from app.gui.tongue import mark, tr

_SHOWN_AS = {"fields": (mark("As fields"), ""), "schema": (mark("As JSON schema"), "")}


class ExtractForm(KindForm):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.shown_as = Segments(tr("The answer"), _SHOWN_AS)
        self.fields = Rows(theme, tr("Add a field"), tr("Remove this field"), FieldRow)
        self.fields.add()
        self.schema = editor(10, '{"type": "object", "properties": {…}}', is_code=True)
        self.instruction = editor(2, tr("What these texts are, and what to mind"))
        self.columns = ColumnChoice()
        self.longest = token_spin(512)
        self.note = label(role=fonts.SMALL, tone="warn", wraps=True)
        self.note.hide()
        answer = QWidget()
        column = QVBoxLayout(answer)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.shown_as)
        column.addWidget(self.note)
        self.form.add(tr("The answer"), answer)
        self.form.add(tr("Fields"), self.fields)
        self.form.add(tr("JSON schema"), self.schema, tr("Every result is valid against it, or has failed."))
        self.form.add(tr("Columns"), self.columns)
        self.form.add(tr("Instruction"), self.instruction)
        self.form.add(tr("Longest answer"), self.longest)
        self.form.set_shown(self.columns, False)
        self.form.set_shown(self.schema, False)
        self.shown_as.chosen.connect(self._switch)
        for text in (self.schema, self.instruction):
            text.textChanged.connect(self.changed)
        self.longest.valueChanged.connect(lambda _: self.changed.emit())
        self.fields.changed.connect(self.changed)
        self.columns.changed.connect(self.changed)

    def params(self) -> ExtractParams:
        return ExtractParams(
            schema=self._schema(),
            instruction=self.instruction.toPlainText().strip(),
            columns=self.columns.chosen(),
            max_tokens=self.longest.value(),
        )

    def _schema(self) -> str:
        if self.shown_as.value == "schema":
            return self._written_schema()
        return self._of_fields()

    def _of_fields(self) -> str:
        fields = [row.field() for row in self.fields.rows if not row.is_empty]
        if not fields:
            raise missing(tr("Name at least one field that is to be read out of each text."))
        return fields_schema(fields)

    def _written_schema(self) -> str:
        text = self.schema.toPlainText().strip()
        if not text:
            raise missing(tr("Write the JSON schema of the answer."))
        try:
            json.loads(text)
        except ValueError as error:
            raise missing(tr("The schema is not JSON: {error}.", error=error)) from error
        return text

    def blank(self) -> ExtractParams:
        return ExtractParams(schema=fields_schema((Field(name="field"),)))

    def show_params(self, params: ExtractParams) -> None:
        self.instruction.setPlainText(params.instruction)
        self.longest.setValue(params.max_tokens)
        self.columns.show_chosen(params.columns)
        self.schema.setPlainText(_indented(params.schema))
        self._show_as("fields" if self._show_fields(params.schema) else "schema")

    def set_columns(self, columns: Sequence[str]) -> None:
        self.columns.set_columns(columns)
        self.form.set_shown(self.columns, bool(columns))

    def focus(self) -> None:
        (self.schema.setFocus if self.shown_as.value == "schema" else self.fields.focus)()

    def _switch(self, wanted: str) -> None:
        """What was filled in goes along; where it can't, the form stays as it is and says why."""
        self.note.setText("")
        try:
            if wanted == "schema" and not all(row.is_empty for row in self.fields.rows):
                self.schema.setPlainText(_indented(self._of_fields()))
            elif wanted == "fields" and (text := self.schema.toPlainText().strip()) and not self._show_fields(text):
                raise missing(tr("This schema says more than fields can, so it stays as it is."))
        except KnownError as error:
            self.note.setText(retold(error.sentence))
            wanted = "fields" if wanted == "schema" else "schema"
        self._show_as(wanted)
        self.changed.emit()

    def _show_as(self, wanted: str) -> None:
        self.shown_as.show_value(wanted)
        self.note.setVisible(bool(self.note.text()))
        self.form.set_shown(self.fields, wanted == "fields")
        self.form.set_shown(self.schema, wanted == "schema")

    def _show_fields(self, schema: str) -> bool:
        fields = schema_fields(schema)
        if fields is None:
            return False
        self.fields.clear()
        for field in fields:
            self.fields.add().show_field(field)
        return True


def _indented(schema: str) -> str:
    try:
        return json.dumps(json.loads(schema), indent=2, ensure_ascii=False)
    except ValueError:
        return schema
