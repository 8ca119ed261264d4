"""The result of a summary job, in place of the chat: paragraphs with their pages, and the text they came from.

GUI thread only. The pages are the program's own bookkeeping, not the model's words.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.views import DocumentView, Paragraph, SummaryView
from app.gui import fonts
from app.gui.back_button import BackButton
from app.gui.buttons import button, label
from app.gui.core_words import retold, retold_parts
from app.gui.form import choice
from app.gui.icons import set_icon
from app.gui.margins import margins
from app.gui.page import Page, centred
from app.gui.source_list import SourceList
from app.gui.summary_drag import Draggable, mime_of
from app.gui.summary_text import as_markdown
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.reply_text import ReplyText
from app.gui.transcript.styles import Styles

_SOURCE_LINK = "rubato:source"


class SummaryPage(QWidget):
    """`show_summary` fills it; the window shows it and takes it away again."""

    back_asked = Signal()
    items_asked = Signal(str)  # the job's id
    document_asked = Signal(str, int)  # the job's id, a document's place; -1: all together
    quote_asked = Signal(str)  # Markdown that is to be asked about
    save_asked = Signal(str, str)  # a name to propose, Markdown
    link_clicked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("summaryPage")
        self._theme = theme
        self._summary: SummaryView | None = None
        self._document = 0
        self._back = BackButton(theme, self.back_asked.emit)
        self._items = button(tr("Items"), self._ask_items, kind="quiet", tip=tr("All parts of this job, one by one"))
        self._ask = button(tr("Ask about it"), self._quote, tip=tr("Click for a new chat, or drag this into another"))
        self.documents = choice(())
        self.documents.setAccessibleName(tr("Document"))
        self.documents.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.documents.activated.connect(self._choose_document)
        self.documents.hide()
        Draggable(self._ask, self._dragged)
        self._page = Page(tr("Summary"), spacing=16)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._make_head())
        column.addWidget(centred(self.documents))
        column.addWidget(self._page, 1)
        theme.changed.connect(self._tint)
        self._tint()

    def show_summary(self, summary: SummaryView, document: int = 0) -> None:
        """Show another result, from its top."""
        self._summary, self._document = summary, document
        column = self._page.column
        while item := column.takeAt(0):
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        column.addWidget(label(retold(summary.title), role=fonts.TITLE, wraps=True))
        column.addWidget(_facts(summary))
        for paragraph in summary.paragraphs:
            made = SummaryParagraph(paragraph, self._theme)
            made.text.link_clicked.connect(self._follow)
            column.addWidget(made)
        column.addStretch()
        self._page.verticalScrollBar().setValue(0)

    def show_documents(self, documents: Sequence[DocumentView]) -> None:
        """Those that can be read one by one; nothing is to be chosen where it is only one."""
        self.documents.clear()
        self.documents.addItem(tr("All documents together"), -1)
        for place, document in enumerate(documents):
            if not document.error:
                self.documents.addItem(document.name, place)
        self.documents.setCurrentIndex(max(0, self.documents.findData(self._document)))
        self.documents.setVisible(len(documents) > 1)

    def _choose_document(self, _index: int) -> None:
        if self._summary is not None:
            self.document_asked.emit(self._summary.job_id, self.documents.currentData())

    def _ask_items(self) -> None:
        if self._summary is not None:
            self.items_asked.emit(self._summary.job_id)

    def _quote(self) -> None:
        if self._summary is not None:
            self.quote_asked.emit(as_markdown(self._summary))

    def _dragged(self) -> QMimeData | None:
        if self._summary is None:
            return None
        return mime_of(self._summary.job_id, self._document, as_markdown(self._summary))

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(*margins(16, 0, 24, 4))
        head.addWidget(self._back)
        head.addStretch()
        head.addWidget(self._items)
        head.addWidget(self._ask)
        head.addWidget(button(tr("Copy"), self._copy, name=tr("Copy the summary")))
        head.addWidget(button(tr("Save…"), self._save, name=tr("Save as Markdown…")))
        return head

    def _follow(self, address: str) -> None:
        if address != _SOURCE_LINK:
            self.link_clicked.emit(address)

    def focus(self) -> None:
        """Where the keyboard starts on this page."""
        self._back.setFocus()

    def _copy(self) -> None:
        if self._summary is not None:
            QGuiApplication.clipboard().setText(as_markdown(self._summary))

    def _save(self) -> None:
        if self._summary is not None:
            self.save_asked.emit(self._summary.title, as_markdown(self._summary))

    def _tint(self) -> None:
        set_icon(self._ask, "grip-vertical", self._theme.tokens.muted)


class SummaryParagraph(QWidget):
    """A paragraph; the label of its pages at its end opens the text that it came from."""

    def __init__(self, paragraph: Paragraph, theme: Theme) -> None:
        super().__init__()
        self.text = _ParagraphText(paragraph, theme)
        self.text.source_asked.connect(self.toggle_sources)
        self.sources = SourceList(paragraph.sources)
        self.sources.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.text)
        column.addWidget(self.sources)

    @property
    def shows_sources(self) -> bool:
        return self.sources.isVisibleTo(self)

    def toggle_sources(self) -> None:
        """Show the text that the paragraph came from, or hide it."""
        self.sources.setVisible(not self.shows_sources)
        self.sources.begin()


class _ParagraphText(ReplyText):
    source_asked = Signal()

    def __init__(self, paragraph: Paragraph, theme: Theme) -> None:
        self._pages = retold(paragraph.label).replace(" ", "\N{NO-BREAK SPACE}") if paragraph.sources else ""
        super().__init__(theme)
        self.setAccessibleName(tr("Paragraph"))
        self.link_clicked.connect(self._follow)
        self.show_text(paragraph.text)

    def _follow(self, address: str) -> None:
        if address == _SOURCE_LINK:
            self.source_asked.emit()

    def show_text(self, text: str) -> None:
        super().show_text(text)
        if self._pages:
            styles = Styles(self._theme.tokens)
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            plain = cursor.charFormat()
            plain.setAnchor(False)
            cursor.insertText("  ", plain)
            cursor.insertText(self._pages, styles.with_link(plain, _SOURCE_LINK))


def _facts(summary: SummaryView) -> QWidget:
    """Below the title: what went in, and what could not be read."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    if summary.coverage:
        made_from = tr("Made from {coverage}.", coverage=retold_parts(summary.coverage))
        column.addWidget(label(made_from, role=fonts.SMALL, tone="muted", wraps=True))
    for note in summary.notes:
        column.addWidget(label(retold(note), role=fonts.SMALL, tone="warn", wraps=True))
    return made
