"""The panel at the right with a card for each job: the queue in its order, then what is over. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.core.views import JobView, StatusView
from app.gui import fonts, words
from app.gui.buttons import IconButton, button, label
from app.gui.down_area import DownArea
from app.gui.job_actions import GOING, OVER, JobActions, menu_for
from app.gui.job_card import JobCard
from app.gui.keys import native
from app.gui.margins import margins
from app.gui.page import QWIDGETSIZE_MAX
from app.gui.theme import Theme
from app.gui.tongue import tr

WIDTH, _WIDEST = 380, 520
PAGE = 20  # jobs that are over, and are shown at once


def beside_width() -> int:
    """Of the panel beside the conversation: more where type is large."""
    return min(fonts.scaled(WIDTH), _WIDEST)


class JobsPane(QFrame):
    """What a person asks for on a job comes out of `actions_asked`."""

    closed = Signal()
    new_job_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("jobsPane")
        self._theme = theme
        self.actions_asked = JobActions(self)
        self.actions_asked.menu.connect(self._open_menu)
        self._cards: dict[str, JobCard] = {}
        self._jobs: dict[str, JobView] = {}  # in the order of the queue
        self._status = StatusView()
        self._parked_seconds: float | None = None
        self._n_over = PAGE
        self._empty = self._make_empty()
        self._more = button(tr("Show more"), self._show_more, kind="link", role=fonts.SMALL)
        head = QHBoxLayout()
        head.setContentsMargins(*margins(16, 12, 12, 0))
        head.addWidget(label(tr("Jobs"), role=fonts.UI_STRONG), 1)
        self._new = button(
            tr("New job…"), self.new_job_asked.emit, kind="link", tip=native("Ctrl+Shift+J"), role=fonts.SMALL
        )
        head.addWidget(self._new, 0, Qt.AlignmentFlag.AlignVCenter)  # else the row would be no higher than it
        head.addWidget(IconButton(theme, "x", tr("Close the jobs"), self.closed.emit))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._make_area(), 1)
        self.hide()
        self.set_wide(False)
        self._arrange()

    def set_wide(self, is_wide: bool) -> None:
        """As wide as there is room, in place of the conversation; else as wide as a panel beside it."""
        self.setMinimumWidth(0 if is_wide else beside_width())
        self.setMaximumWidth(QWIDGETSIZE_MAX if is_wide else beside_width())

    def focus(self) -> None:
        """Where the keyboard starts on this panel."""
        (self._new if self._cards else self._first).setFocus()

    @property
    def has_keyboard(self) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and self.isAncestorOf(focused)

    def show_jobs(self, jobs: Sequence[JobView]) -> None:
        """Show exactly these, which come in the order of the queue."""
        self._jobs = {job.id: job for job in jobs}
        self._arrange()
        for job_id in self._cards:
            self._show(self._jobs[job_id])

    def show_job(self, job: JobView) -> None:
        """A job that is new, at the end of the queue, or has moved on."""
        self._jobs[job.id] = job
        self._arrange()
        self._show(job)

    def show_status(self, status: StatusView, parked_seconds: float | None) -> None:
        """Speeds and parking concern every card of a job that goes on."""
        self._status, self._parked_seconds = status, parked_seconds
        for job in self._jobs.values():
            if job.state in GOING:
                self._show(job)

    def remove(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        self._arrange()

    def menu_for(self, job_id: str) -> QMenu:
        """What can be asked for seldom."""
        queue = [job.id for job in self._jobs.values() if job.state not in OVER]
        ends = (queue[:1] == [job_id], queue[-1:] == [job_id])
        return menu_for(self, self.actions_asked, self._jobs[job_id], is_top=ends[0], is_last=ends[1])

    def _show(self, job: JobView) -> None:
        if card := self._cards.get(job.id):
            card.show_job(job, self._status, self._parked_seconds)

    def _open_menu(self, job_id: str, place: QPoint) -> None:
        menu = self.menu_for(job_id)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _arrange(self) -> None:
        """Each that is shown has its card, in its place. A card costs milliseconds: of many that are over, some do."""
        queue = [job for job in self._jobs.values() if job.state not in OVER]
        over = [job for job in self._jobs.values() if job.state in OVER]
        over.sort(key=lambda job: -job.created_seconds)
        shown = [*queue, *over[: self._n_over]]
        for job_id in self._cards.keys() - {job.id for job in shown}:
            card = self._cards.pop(job_id)
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, job in enumerate(shown):
            self._place(job, place)
        n_left = len(over) - self._n_over
        more = tr(
            "Show {count} more of {left}", count=words.number(min(n_left, PAGE)), left=words.number(max(0, n_left))
        )
        self._more.setText(more)
        self._more.setAccessibleName(more)
        self._more.setVisible(n_left > 0)
        self._show_new()

    def _show_new(self) -> None:
        """One button for a new job, above the cards or in the middle of nothing; the keyboard goes with it."""
        at, other = (self._new, self._first) if self._cards else (self._first, self._new)
        had_keyboard = other.hasFocus()
        for part, is_shown in ((self._new, bool(self._cards)), (self._empty, not self._cards)):
            if is_shown:
                part.show()
        if had_keyboard:
            at.setFocus()
        self._empty.setVisible(not self._cards)
        self._new.setVisible(bool(self._cards))

    def _place(self, job: JobView, place: int) -> None:
        card = self._cards.get(job.id)
        if card is None:
            card = self._cards[job.id] = JobCard(self._theme, self.actions_asked)
            self._list.insertWidget(place, card)
            self._show(job)
        elif self._list.indexOf(card) != place:
            self._list.removeWidget(card)
            self._list.insertWidget(place, card)

    def _show_more(self) -> None:
        first_new = len(self._cards)
        self._n_over += PAGE
        self._arrange()
        item = self._list.itemAt(first_new)
        if self._more.hasFocus() and item is not None and isinstance(card := item.widget(), JobCard):
            card.focus()

    def _make_area(self) -> DownArea:
        inside = QWidget()
        inside.setObjectName("column")
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(16, 8, 16, 16)
        self._list.setSpacing(12)
        self._list.addWidget(self._empty)
        self._list.addWidget(self._more)
        self._list.addStretch()
        area = DownArea(tr("Jobs"))
        area.setWidget(inside)
        return area

    def _make_empty(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(12)
        sentence = tr("Nothing is being worked on. Drop documents or tables on the window, or choose some.")
        column.addWidget(label(sentence, tone="muted", wraps=True))
        self._first = button(tr("New job…"), self.new_job_asked.emit, name=tr("Make a new job…"))
        column.addWidget(self._first)
        return made
