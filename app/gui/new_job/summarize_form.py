"""How documents are summarised. GUI thread only."""

from __future__ import annotations

from typing import Literal, cast

from PySide6.QtWidgets import QLineEdit

from app.core.kinds.summarize import SummarizeParams
from app.gui.new_job.kind_form import KindForm
from app.gui.segments import Segments
from app.gui.tongue import mark, tr

_LENGTHS = {
    "line": (mark("A line"), mark("One sentence for each document")),
    "paragraph": (mark("A paragraph"), mark("What matters, in a few sentences")),
    "page": (mark("A page"), mark("Part by part, with the pages they came from")),
}


class SummarizeForm(KindForm):
    def __init__(self) -> None:
        super().__init__()
        self.length = Segments(tr("Length"), _LENGTHS)
        self.length.show_value(SummarizeParams().length)
        self.language = QLineEdit()
        self.language.setPlaceholderText(tr("As the document"))
        self.focus_on = QLineEdit()
        self.focus_on.setPlaceholderText(tr("Everything that matters"))
        self.form.add(tr("Length"), self.length)
        self.form.add(tr("Language"), self.language)
        self.form.add(tr("Look for"), self.focus_on, tr("What you want to know: “what it says about warranty”."))
        self.length.chosen.connect(lambda _: self.changed.emit())
        for field in (self.language, self.focus_on):
            field.textChanged.connect(lambda _: self.changed.emit())

    def params(self) -> SummarizeParams:
        length = cast(Literal["line", "paragraph", "page"], self.length.value)
        return SummarizeParams(length=length, language=self.language.text().strip(), focus=self.focus_on.text().strip())

    def blank(self) -> SummarizeParams:
        return SummarizeParams()

    def show_params(self, params: SummarizeParams) -> None:
        self.length.show_value(params.length)
        self.language.setText(params.language)
        self.focus_on.setText(params.focus)

    def focus(self) -> None:
        self.language.setFocus()
