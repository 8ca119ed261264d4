"""What a draft will do, as far as is known: its documents, what they come to, how long it takes. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QVBoxLayout

from app.core.views import JobPreview
from app.gui import fonts, job_words, words
from app.gui.buttons import label, set_tone
from app.gui.core_words import retold
from app.gui.disclosure import Disclosure
from app.gui.new_job.document_list import DocumentList
from app.gui.theme import Theme
from app.gui.tongue import tr


class Preview(QFrame):
    """`show_preview` as often as there is news; `show_missing` while the form is not complete."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._preview: JobPreview | None = None
        self._contents = label(role=fonts.UI_STRONG, wraps=True)
        self._figures = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._problem = label(tone="danger", wraps=True)
        self._notes = label(role=fonts.SMALL, tone="warn", wraps=True)
        self.list = DocumentList(theme)
        self.prompt = QPlainTextEdit()
        self.prompt.setObjectName("editor")
        self.prompt.setReadOnly(True)
        self.prompt.setTabChangesFocus(True)
        self.prompt.setFont(fonts.code_font(12))
        self.prompt.setAccessibleName(tr("What the first item asks"))
        self.prompt.setFixedHeight(200)
        self._first = Disclosure(theme, tr("What the first item asks"), self.prompt)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        for widget in (self._contents, self._figures, self._problem, self._notes, self.list, self._first):
            column.addWidget(widget)
        self.show_nothing()

    @property
    def sentences(self) -> list[str]:
        """What is said above the list."""
        said = (self._contents, self._figures, self._problem, self._notes)
        return [part.text() for part in said if part.isVisibleTo(self)]

    def show_nothing(self) -> None:
        """No documents have been given."""
        self._preview = None
        self._say(self._contents, tr("Nothing to work on so far"))
        self._say(self._figures, tr("Add documents, tables, folders or ZIP files, or drop them here."))
        self._say(self._problem, "")
        self._say(self._notes, "")
        self.list.hide()
        self._first.hide()

    def show_reading(self) -> None:
        """The first look at the documents is being taken."""
        if self._preview is None:
            self._say(self._contents, tr("Looking at what there is…"))
            self._say(self._figures, "")

    def show_missing(self, sentence: str) -> None:
        """What the form lacks; empty: nothing."""
        self.show_problem(sentence, tone="muted")

    def show_problem(self, sentence: str, tone: str = "danger") -> None:
        """It can't begin like this, though what is known of the documents still holds."""
        self._say(self._problem, retold(sentence))
        set_tone(self._problem, tone)
        if sentence:
            self._say(self._figures, "")
            self._first.hide()

    def show_preview(self, preview: JobPreview) -> None:
        self._preview = preview
        contents = job_words.preview_contents(preview)
        self._say(self._contents, f"{contents}{words.DOT}{tr('reading…')}" if preview.is_reading else contents)
        figures = [job_words.preview_tokens(preview), job_words.preview_time(preview) if preview.n_items else ""]
        self._say(self._figures, "\n".join(part for part in figures if part))
        self._say(self._problem, retold(preview.problem))
        set_tone(self._problem, "danger")
        self._say(self._notes, "\n".join(retold(note) for note in preview.notes))
        self._first.setVisible(bool(preview.first_prompt))
        if preview.first_prompt != self.prompt.toPlainText():
            self.prompt.setPlainText(preview.first_prompt)
        self.list.show_documents(preview.documents)
        self.list.setVisible(bool(preview.documents))

    def _say(self, part: QLabel, sentence: str) -> None:
        part.setText(sentence)
        part.setVisible(bool(sentence))
