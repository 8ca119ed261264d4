"""Which parts of the window stand side by side at its width, which one gives way, and which one floats.

The conversation is never narrower than is good to read. Where the jobs don't fit beside it they take its place; the
sidebar folds away there, and floats over the rest while it is asked for. GUI thread only.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStyle, QVBoxLayout, QWidget

from app.gui.focus_ring import FocusRing
from app.gui.jobs_pane import JobsPane, beside_width
from app.gui.notices import Notices
from app.gui.page import LEAST, centred
from app.gui.scrim import Scrim
from app.gui.sidebar import Sidebar

LOW = 560  # a window lower than this has no room for several notices
FOLD_BELOW = 900  # less than this is left for the rest: the sidebar is folded unless it is asked for


class Frame(QWidget):
    """The methods say what is wanted; `arranged` tells that the sidebar or the jobs have come or gone."""

    arranged = Signal()
    keyboard_freed = Signal()  # the sidebar or the jobs had it and went

    def __init__(
        self,
        sidebar: Sidebar,
        top_bar: QWidget,
        notices: Notices,
        pages: QWidget,
        jobs_pane: JobsPane,
        status_bar: QWidget,
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self._sidebar, self._notices, self._pages, self._jobs_pane = sidebar, notices, pages, jobs_pane
        self._wants_sidebar: bool | None = None  # what the person chose at this width; None: by the width
        self._wants_jobs = False
        self._floats = False
        self._middle = QVBoxLayout()
        self._middle.setSpacing(0)
        self._middle.addWidget(top_bar)
        self._middle.addWidget(centred(notices))
        self._middle.addWidget(pages, 1)
        self._upper = QHBoxLayout()
        self._upper.setSpacing(0)
        self._upper.addLayout(self._middle, 1)
        self._upper.addWidget(jobs_pane)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addLayout(self._upper, 1)
        right.addWidget(status_bar)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(sidebar)
        self._row.addLayout(right, 1)
        self._scrim = Scrim(self)
        FocusRing(self)
        self._scrim.clicked.connect(self.fold_floating)

    # what is wanted

    def choose_sidebar(self, shown: bool | None) -> None:
        """Beside the rest where it fits; None: as the width has it."""
        self._wants_sidebar, self._floats = shown, False
        self.arrange()

    def float_sidebar(self) -> None:
        """Over the rest, until it is folded again."""
        self._floats = True
        self.arrange()

    def fold_floating(self) -> bool:
        """Take the sidebar away if it floats; False where it does not."""
        if not self._floats:
            return False
        self._floats = False
        self.arrange()
        return True

    def show_jobs(self, shown: bool) -> None:
        self._wants_jobs, self._floats = shown, False
        self.arrange()

    # what fits

    @property
    def floats(self) -> bool:
        """Whether the sidebar is over the rest now."""
        return self._floats

    @property
    def fits_jobs(self) -> bool:
        """Whether the jobs can stand beside the conversation."""
        return self.width() >= LEAST + beside_width()

    @property
    def fits_sidebar(self) -> bool:
        """Whether the sidebar can stand beside what is there now."""
        return self._left >= LEAST + self._sidebar.minimumWidth()

    @property
    def jobs_cover(self) -> bool:
        """Whether the jobs have taken the place of the conversation."""
        return self._wants_jobs and not self.fits_jobs

    @property
    def _left(self) -> int:
        return self.width() - (beside_width() if self._wants_jobs and self.fits_jobs else 0)

    # places

    def arrange(self) -> None:
        """Give each part its place at the width that there is."""
        wanted = self._left >= FOLD_BELOW if self._wants_sidebar is None else self._wants_sidebar
        is_beside = wanted and self.fits_sidebar
        self._floats = self._floats and not is_beside
        held = next((part for part in (self._sidebar, self._jobs_pane) if _has_keyboard(part)), None)
        was_in_page = _has_keyboard(self._pages)
        before = self._sidebar.isHidden(), self._jobs_pane.isHidden()
        self._place_jobs()
        self._place_sidebar(is_beside)
        if before != (self._sidebar.isHidden(), self._jobs_pane.isHidden()):
            self.arranged.emit()
        if held is not None and held.isHidden():
            self.keyboard_freed.emit()
        elif was_in_page and self._pages.isHidden():
            self._jobs_pane.focus()

    def _place_jobs(self) -> None:
        covers = self.jobs_cover
        place, other = (self._middle, self._upper) if covers else (self._upper, self._middle)
        if place.indexOf(self._jobs_pane) < 0:
            other.removeWidget(self._jobs_pane)
            place.addWidget(self._jobs_pane, 1 if covers else 0)
        self._jobs_pane.set_wide(covers)
        self._jobs_pane.setVisible(self._wants_jobs)
        self._pages.setVisible(not covers)

    def _place_sidebar(self, is_beside: bool) -> None:
        if is_beside and self._row.indexOf(self._sidebar) < 0:
            self._row.insertWidget(0, self._sidebar)
        elif self._floats:
            self._row.removeWidget(self._sidebar)
            self._scrim.setGeometry(self.rect())
            self._scrim.raise_()
            place = QRect(0, 0, self._sidebar.minimumWidth(), self.height())
            self._sidebar.setGeometry(QStyle.visualRect(self.layoutDirection(), self.rect(), place))
            self._sidebar.raise_()
        self._scrim.setVisible(self._floats)
        self._sidebar.setVisible(is_beside or self._floats)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._notices.make_room(self.height() < LOW)
        self.arrange()


def _has_keyboard(part: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and part.isAncestorOf(focused)
