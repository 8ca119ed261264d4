"""A draft in Core that follows what the dialog asks for: one call at a time, the latest wish wins. GUI thread only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from app.core.events import JobChanged
from app.core.job_options import JobOptions
from app.core.views import JobPreview, JobState
from app.errors import KnownError
from app.gui.bridge import Bridge

PREVIEW_MS = 200  # a preview is asked for at most this often


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the draft is to be. Without `paths`, those of the draft that was there from the start."""

    kind: str
    params: msgspec.Struct
    options: JobOptions
    paths: tuple[Path, ...] = ()


class Draft(QObject):
    """`want` as often as something changes; then one of `start` and `discard`, once."""

    previewed = Signal(object)  # JobPreview
    failed = Signal(str)  # a sentence; the draft is not as it was wanted
    started = Signal(str)  # the job's id

    def __init__(self, bridge: Bridge, parent: QObject, draft_id: str = "") -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.id = draft_id
        self._made: Wish | None = None  # what the draft is in Core
        self._wish: Wish | None = None
        self._bad: Wish | None = None  # what Core refused last: not asked again by itself
        self._is_busy = self._wants_start = self._is_over = False
        self._is_asking = self._is_stale = False
        self._pause = QTimer(self, singleShot=True, interval=PREVIEW_MS)
        self._pause.timeout.connect(self._rested)

    @property
    def is_settled(self) -> bool:
        """Core's draft is as it is wanted."""
        return bool(self.id) and not self._is_busy and (self._wish is None or self._wish == self._made)

    def want(self, wish: Wish) -> None:
        """Make the draft so, soon."""
        self._wish = wish
        self._settle()

    def hear(self, event: JobChanged) -> None:
        """News of any job; those of this draft bring another preview."""
        if event.job.id == self.id and event.job.state is JobState.DRAFT:
            self.refresh()

    def refresh(self) -> None:
        """Ask for a preview, soon."""
        if self._is_over or not self.id:
            return
        if self._is_asking or self._pause.isActive():
            self._is_stale = True
        else:
            self._ask()

    def start(self) -> None:
        """Begin the job as it was wanted last; `started` or `failed` tells."""
        self._wants_start, self._bad = True, None
        self._settle()

    def discard(self) -> None:
        """Nothing of it stays."""
        self._is_over = True
        if not self._is_busy:
            self._remove()

    # the draft follows the wish

    def _settle(self) -> None:
        if self._is_busy or self._is_over:
            return
        wish = self._wish
        if not self.is_settled and wish is not None:
            if wish == self._bad:
                return
            self._is_busy = True
            if self.id and (self._made is None or (wish.kind, wish.paths) == (self._made.kind, self._made.paths)):
                self._change(wish)
            else:
                self._make(wish)
        elif self._wants_start and self.is_settled:
            self._begin()

    def _make(self, wish: Wish) -> None:
        self._remove()
        self._bridge.call(
            lambda core: core.add_job(wish.kind, wish.params, wish.paths, wish.options, is_draft=True),
            done=lambda made: self._became(wish, made),
            failed=lambda error: self._refused(wish, error),
        )

    def _change(self, wish: Wish) -> None:
        job_id = self.id
        self._bridge.call(
            lambda core: core.change_job(job_id, params=wish.params, options=wish.options),
            done=lambda _: self._became(wish, job_id),
            failed=lambda error: self._refused(wish, error),
        )

    def _became(self, wish: Wish, job_id: str) -> None:
        self.id, self._made, self._is_busy = job_id, wish, False
        if self._is_over:
            self._remove()
            return
        self._settle()
        self.refresh()

    def _refused(self, wish: Wish, error: KnownError) -> None:
        self._is_busy = False
        if self._is_over:
            self._remove()
            return
        self._bad = wish
        if wish == self._wish:
            self._wants_start = False
            self.failed.emit(error.sentence)
        self._settle()

    def _begin(self) -> None:
        job_id = self.id
        self._is_busy = True
        self._bridge.call(
            lambda core: core.start_job(job_id),
            done=lambda _: self._began(job_id),
            failed=self._not_begun,
        )

    def _began(self, job_id: str) -> None:
        self._is_over = True
        self.started.emit(job_id)

    def _not_begun(self, error: KnownError) -> None:
        self._is_busy = self._wants_start = False
        self.failed.emit(error.sentence)

    def _remove(self) -> None:
        if job_id := self.id:
            self.id, self._made = "", None
            self._bridge.call(lambda core: core.remove_job(job_id), failed=lambda error: None)

    # previews

    def _ask(self) -> None:
        if self._is_over or not (job_id := self.id):
            return
        self._is_stale, self._is_asking = False, True
        self._pause.start()
        self._bridge.call(
            lambda core: core.preview_job(job_id),
            done=self._answered,
            failed=lambda error: self._answered(None),  # what is wrong with the draft was told when it was made
        )

    def _answered(self, preview: JobPreview | None) -> None:
        self._is_asking = False
        if preview is not None and preview.job_id == self.id and not self._is_over:
            self.previewed.emit(preview)
        if self._is_stale and not self._pause.isActive():
            self._ask()

    def _rested(self) -> None:
        if self._is_stale and not self._is_asking:
            self._ask()
