"""The page of one job: its card, which items are wanted, the table of them, and one of them whole. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSplitter, QVBoxLayout, QWidget

from app.core.views import DocumentView, ItemDetail, ItemState, ItemView, JobState, JobView, StatusView
from app.gui import fonts, job_words, words
from app.gui.back_button import BackButton
from app.gui.buttons import ElidedLabel, button, label
from app.gui.core_words import retold
from app.gui.disclosure import Disclosure
from app.gui.job_actions import JobActions, add_exports
from app.gui.job_card import JobCard
from app.gui.job_page.item_model import Ask, ItemModel
from app.gui.job_page.item_pane import ItemPane
from app.gui.job_page.item_table import ItemTable
from app.gui.margins import margins
from app.gui.new_job.document_list import DocumentList
from app.gui.new_job.kind_faces import KIND_FACES
from app.gui.segments import Segments
from app.gui.theme import Theme
from app.gui.tongue import mark, tr

_FILTERS = {
    "all": mark("All"),
    "running": mark("Running"),
    "done": mark("Done"),
    "failed": mark("Failed"),
    "queued": mark("Waiting"),
}
_BESIDE_FROM = 960  # an open item stands beside the table; else below it
_COUNTS_FROM = 620
_CARD_FROM = 420  # of height: in less, the card gives way to the items
_LEAST_HEIGHT = 240
_REFRESH_MS = 300  # while a job runs, what is in view is read again this often


class JobPage(QWidget):
    """`open_job` begins, `show_job` tells what is new of it."""

    back_asked = Signal()
    summary_asked = Signal(str)
    item_asked = Signal(int)
    documents_asked = Signal(str)

    def __init__(self, theme: Theme, actions: JobActions, ask: Ask) -> None:
        super().__init__()
        self.setObjectName("jobPage")
        self._theme, self._actions = theme, actions
        self._job: JobView | None = None
        self._back = BackButton(theme, self.back_asked.emit)
        self._summary = button(tr("Read the summary"), self._ask_summary, kind="main", role=fonts.UI_STRONG)
        self._edit = button(
            tr("Edit and run again…"), self._ask_edit, tip=tr("Change what is asked, and run the failed ones again")
        )
        self._export = button(tr("Export…"), self._open_exports)
        self.card = JobCard(theme, actions, opens=False)
        self._title = ElidedLabel(role=fonts.UI_STRONG)  # while the card is not there
        self.list = DocumentList(theme)
        self._documents = Disclosure(theme, tr("Documents"), self.list)
        self.filter = Segments(tr("Items"), {value: (name, "") for value, name in _FILTERS.items()})
        self.model = ItemModel(theme, ask)
        self.table = ItemTable(theme, self.model)
        self._empty = label("", tone="muted")
        self.pane = ItemPane(theme)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self._read_again)
        self._build()
        self._connect()

    @property
    def job_id(self) -> str:
        """The job that is shown; empty: none."""
        return self._job.id if self._job is not None else ""

    def open_job(self, job: JobView, status: StatusView, parked_seconds: float | None) -> None:
        """Another job, with all of its items."""
        self._job = None
        self.pane.hide()
        self._documents.set_open(False)
        self.list.show_documents(())
        self.filter.show_value("all")
        self.show_job(job, status, parked_seconds)
        self.model.show_items(job.id, None)

    def show_job(self, job: JobView, status: StatusView, parked_seconds: float | None) -> None:
        """The job as it is now."""
        is_news = self._job is not None and job != self._job
        self._job = job
        self.card.show_job(job, status, parked_seconds)
        self._summary.setVisible(job.kind == "summarize" and job.state is JobState.DONE)
        self._edit.setVisible(job.items_failed > 0 and job.kind in KIND_FACES)
        self._export.setEnabled(job.items_done > 0)
        said = job_words.job_documents(job)
        self._title.setText(retold(job.title))
        self._documents.set_title(said or tr("Documents"))
        self._make_room()
        self._show_counts()
        if is_news and not self._refresh.isActive():
            self._refresh.start()

    def show_status(self, status: StatusView, parked_seconds: float | None) -> None:
        """Speeds and parking."""
        if self._job is not None:
            self.card.show_job(self._job, status, parked_seconds)

    def show_item(self, detail: ItemDetail) -> None:
        """Beside the table, or below it."""
        if detail.item.job_id == self.job_id:
            self.pane.show_item(detail)
            self.pane.show()

    def show_documents(self, documents: list[DocumentView]) -> None:
        self.list.show_documents(documents)

    def focus(self) -> None:
        """Where the keyboard starts on this page."""
        self.table.setFocus()

    def close_item(self) -> bool:
        """False: none was open."""
        if self.pane.isHidden():
            return False
        self.pane.hide()
        self.table.forget_chosen()
        self.table.setFocus()
        return True

    def _read_again(self) -> None:
        self.model.refresh()
        if self._documents.is_open:
            self.documents_asked.emit(self.job_id)

    def _filter(self, value: str) -> None:
        self.pane.hide()
        self.model.show_items(self.job_id, ItemState(value) if value != "all" else None)

    def _show_counts(self) -> None:
        job = self._job
        if job is None:
            return
        waiting = max(0, job.items_total - job.items_done - job.items_failed - job.items_running)
        counts = {
            "all": job.items_total,
            "running": job.items_running,
            "done": job.items_done,
            "failed": job.items_failed,
            "queued": waiting,
        }
        has_room = self.width() >= _COUNTS_FROM
        for value, n in counts.items():
            self.filter.set_text(value, f"{tr(_FILTERS[value])} {words.number(n)}" if has_room else tr(_FILTERS[value]))

    def _show_empty(self, n_rows: int) -> None:
        self._empty.setText("" if n_rows else tr(_NONE[self.filter.value]))
        self._empty.setVisible(not n_rows)

    def _look_again(self, item: ItemView) -> None:
        self.item_asked.emit(item.id)

    def _shown_changed(self) -> None:
        """The item that is open may have moved on with its row."""
        if self.pane.isHidden():
            return
        row = self.model.row_of(self.pane.item_id)
        item = self.model.item(row) if row >= 0 else None
        if item is not None and item != self.pane.item:
            self.item_asked.emit(item.id)

    def _ask_summary(self) -> None:
        self.summary_asked.emit(self.job_id)

    def _ask_edit(self) -> None:
        self._actions.edit.emit(self.job_id)

    def _open_exports(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_exports(menu, self._actions, self.job_id)
        menu.popup(self._export.mapToGlobal(self._export.rect().bottomLeft()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_beside = self.width() >= _BESIDE_FROM
        self._splitter.setOrientation(Qt.Orientation.Horizontal if is_beside else Qt.Orientation.Vertical)
        self._show_counts()
        self._make_room()

    def _make_room(self) -> None:
        has_room = self.height() >= _CARD_FROM
        self.card.setVisible(has_room)
        self._documents.setVisible(has_room and self._job is not None and bool(job_words.job_documents(self._job)))
        self._title.setVisible(not has_room)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(*margins(16, 0, 24, 4))
        head.setSpacing(8)
        head.addWidget(self._back)
        head.addWidget(self._title, 1)
        head.addStretch()
        for made in (self._edit, self._export, self._summary):
            head.addWidget(made)
        above = QVBoxLayout()
        above.setContentsMargins(24, 0, 24, 8)
        above.setSpacing(8)
        above.addWidget(self.card)
        above.addWidget(self._documents)
        above.addWidget(self.filter)
        above.addWidget(self._empty)
        self._empty.hide()
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        holder = QWidget()
        beside = QVBoxLayout(holder)
        beside.setContentsMargins(*margins(16, 0, 0, 0))  # so that names stand below what is above them
        beside.addWidget(self.table)
        self._splitter.addWidget(holder)
        self._splitter.addWidget(self.pane)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 1)
        holder.setMinimumHeight(72)
        self.pane.setMinimumSize(280, 120)
        self.pane.hide()
        self.setMinimumHeight(_LEAST_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(above)
        column.addWidget(self._splitter, 1)

    def _connect(self) -> None:
        self.filter.chosen.connect(self._filter)
        self.model.counted.connect(self._show_empty)
        self.model.dataChanged.connect(lambda *_: self._shown_changed())
        self.table.chosen.connect(self._look_again)
        self.pane.closed.connect(self.close_item)
        self._documents.opened.connect(lambda: self.documents_asked.emit(self.job_id))


_NONE = {
    "all": mark("No items so far."),
    "running": mark("No item is running now."),
    "done": mark("No item is done so far."),
    "failed": mark("No item has failed."),
    "queued": mark("No item is waiting."),
}
