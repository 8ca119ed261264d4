"""The panel at the right with a card for each job, newest first. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core.views import JobView, StatusView
from app.gui import fonts
from app.gui.buttons import IconButton, button, label
from app.gui.job_card import JobActions, JobCard
from app.gui.theme import Theme

WIDTH = 380
QWIDGETSIZE_MAX = 16_777_215  # Qt gives Python no name for "no limit"


class JobsPane(QFrame):
    """What a person asks for on a job comes out of `actions_asked`."""

    closed = Signal()
    files_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("jobsPane")
        self.actions_asked = JobActions(self)
        self._cards: dict[str, JobCard] = {}
        self._jobs: dict[str, JobView] = {}
        self._status = StatusView()
        self._parked_seconds: float | None = None
        self._empty = self._make_empty()
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 12, 0)
        head.addWidget(label("Jobs", role=fonts.UI_STRONG), 1)
        self._add = button("Summarise documents…", self.files_asked.emit, kind="link", role=fonts.SMALL)
        head.addWidget(self._add)
        head.addWidget(IconButton(theme, "x", "Close the jobs", self.closed.emit))
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
        self.setMinimumWidth(0 if is_wide else WIDTH)
        self.setMaximumWidth(QWIDGETSIZE_MAX if is_wide else WIDTH)

    def focus(self) -> None:
        """Where the keyboard starts on this panel."""
        self._add.setFocus()

    def show_jobs(self, jobs: Sequence[JobView]) -> None:
        """Show exactly these."""
        for job_id in set(self._cards) - {job.id for job in jobs}:
            self.remove(job_id)
        for job in sorted(jobs, key=lambda job: job.created_seconds):
            self.show_job(job)

    def show_job(self, job: JobView) -> None:
        """A job that is new or has moved on."""
        self._jobs[job.id] = job
        if job.id not in self._cards:
            card = self._cards[job.id] = JobCard(self.actions_asked)
            self._list.insertWidget(0, card)
            self._arrange()
        self._cards[job.id].show_job(job, self._status, self._parked_seconds)

    def show_status(self, status: StatusView, parked_seconds: float | None) -> None:
        """Speeds and parking concern every card."""
        self._status, self._parked_seconds = status, parked_seconds
        for job_id, card in self._cards.items():
            card.show_job(self._jobs[job_id], status, parked_seconds)

    def remove(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        if card := self._cards.pop(job_id, None):
            card.hide()
            card.deleteLater()
        self._arrange()

    def _arrange(self) -> None:
        self._empty.setVisible(not self._cards)

    def _make_area(self) -> QScrollArea:
        inside = QWidget()
        inside.setObjectName("column")
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(16, 8, 16, 16)
        self._list.setSpacing(12)
        self._list.addWidget(self._empty)
        self._list.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Jobs")
        area.setWidget(inside)
        return area

    def _make_empty(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(12)
        sentence = "Nothing is being worked on. Drop documents on the window, or choose some, to have them summarised."
        column.addWidget(label(sentence, tone="muted", wraps=True))
        column.addWidget(button("Choose documents…", self.files_asked.emit))
        return made
