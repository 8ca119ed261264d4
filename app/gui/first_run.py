"""What an empty page shows before there is anything to talk to, or at the very first start. GUI thread only.

One centred column: a sentence, the starter model, models that fit this machine, and the way to all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.model_lists import ModelLists
from app.core.model_views import CatalogueModel, DownloadState, DownloadView, LocalModel
from app.engine.interface import ModelState
from app.engine.verdict import Verdict
from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.models import model_words
from app.gui.models.download_row import DownloadRow
from app.gui.models.row import ModelRow
from app.gui.models.section import Section
from app.gui.page import MARGIN
from app.gui.theme import Theme
from app.gui.tongue import tr

_OFFERED = 3
_STEP = 0.6  # how much smaller the next one is
_MEMORY_SHARE = 0.5  # of what is free: other programs want some too
_LARGE_BYTES = 5_500_000_000  # a processor alone writes slower than one reads with a larger one
_LEAST_SPEED = 3.0  # tokens a second
_WIDTH = 560
SERVES = (ModelState.LOADING, ModelState.READY, ModelState.ASLEEP)


class FirstRun(QWidget):
    """`show_lists` with what there is: until then it is empty."""

    get_asked = Signal(str)  # a catalogue id
    use_asked = Signal(object)  # Path
    all_asked = Signal()
    file_asked = Signal()
    pause_asked = Signal(str)
    resume_asked = Signal(str)
    cancel_asked = Signal(str)
    keyboard_freed = Signal()  # a row had it, and went

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(tr("Models to begin with"))
        self._lists = ModelLists()
        self._state = ModelState.LOADING  # until it is known
        self._downloads: dict[str, DownloadRow] = {}
        self._title = label(role=fonts.TITLE, wraps=True)
        self._said = label(tone="muted", wraps=True)
        for line in (self._title, self._said):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.first = QFrame()
        self.first.setProperty("card", "true")
        self._first = QVBoxLayout(self.first)
        self._first.setContentsMargins(16, 6, 16, 6)
        self.more = Section(tr("Models that fit this machine"))
        self._all = button(tr("All models…"), self.all_asked.emit, kind="link")
        self._file = button(tr("Open a GGUF file…"), self.file_asked.emit, kind="link")
        below = QHBoxLayout()
        below.addStretch()
        below.addWidget(self._all)
        below.addWidget(self._file)
        below.addStretch()
        self._middle = middle = QWidget()
        middle.setMaximumWidth(_WIDTH)
        middle.hide()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._said)
        column.addSpacing(12)
        column.addWidget(self.first)
        column.addSpacing(16)
        column.addWidget(self.more)
        column.addLayout(below)
        column.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 24, MARGIN, 8)
        row.addStretch(1)
        row.addWidget(middle, 1_000)
        row.addStretch(1)

    def show_state(self, state: ModelState) -> None:
        """Of the model: is there one that answers, or that is being loaded?"""
        if state is not self._state:
            self._state = state
            if not self._middle.isHidden():
                self.show_lists(self._lists)

    @property
    def _has_model(self) -> bool:
        return self._state in SERVES

    def show_lists(self, lists: ModelLists) -> None:
        """What there is, and what of it is good here."""
        held = self._held()
        self._lists = lists
        self._middle.show()
        on_way = [view for view in lists.downloads if view.state is not DownloadState.DONE and not view.is_cancelled]
        self._downloads = {}
        while (item := self._first.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        rows: list[QWidget] = [self._download_row(view) for view in on_way]
        coming = {view.name for view in on_way}
        here, starter = self._here(lists.local), _starter(lists.catalogue)
        if here is not None:
            rows.append(here)
            starter = None
        elif starter is not None and starter.name not in coming:
            rows.append(self._known_row(starter, is_main=not on_way))
        for place, row in enumerate(rows):
            row.setProperty("isFirst", "true" if place == 0 else "false")
            self._first.addWidget(row)
        self.first.setVisible(bool(rows))
        offered = [model for model in offers(lists.catalogue, starter) if model.name not in coming]
        self.more.show_rows([self._known_row(model) for model in offered])
        self.more.setVisible(bool(offered))
        self._say(bool(on_way), is_one_here=here is not None)
        if held:
            self._give_back(held)

    def _rows(self) -> list[ModelRow | DownloadRow]:
        placed = [self._first.itemAt(n) for n in range(self._first.count())]
        rows = [*(item.widget() for item in placed if item is not None), *self.more.rows]
        return [row for row in rows if isinstance(row, ModelRow | DownloadRow)]

    def _held(self) -> str:
        """The model whose row has the keyboard."""
        focused = QApplication.focusWidget()
        return next((row.accessibleName() for row in self._rows() if focused and row.isAncestorOf(focused)), "")

    def _give_back(self, name: str) -> None:
        """To the row of that model, where there is something to press on it still."""
        for row in self._rows():
            pressed = row.main if isinstance(row, DownloadRow) else row.button
            if row.accessibleName() == name and pressed is not None:
                pressed.setFocus(Qt.FocusReason.OtherFocusReason)
                return
        self.keyboard_freed.emit()

    def show_download(self, download: DownloadView) -> None:
        """One that is new or has moved on."""
        row = self._downloads.get(download.id)
        others = [view for view in self._lists.downloads if view.id != download.id]
        lists = self._lists.with_downloads([*others, *(() if download.is_cancelled else (download,))])
        if row is not None and not download.is_cancelled and download.state is not DownloadState.DONE:
            self._lists = lists
            row.show_download(download)
        else:
            self.show_lists(lists)

    def _say(self, is_coming: bool, *, is_one_here: bool) -> None:
        if self._has_model:
            self._title.setText(tr("Ask anything. It stays on this machine."))
            if not is_one_here:
                said = ""
            elif self._state is ModelState.LOADING:
                said = tr("The model below is being loaded. You can write already.")
            else:
                said = tr("The model below is ready. Larger ones know more and are slower.")
        elif any(not model.problem for model in self._lists.local):
            self._title.setText(tr("Choose a model"))
            said = tr("It answers on this machine, and nothing you write leaves it.")
        else:
            self._title.setText(tr("First, a model"))
            said = (
                tr("It is loaded by itself as soon as it is here.")
                if is_coming
                else tr("It answers on this machine, and nothing you write leaves it. The first below is here soonest.")
            )
        self._said.setText(said)
        self._said.setVisible(bool(said))

    # rows

    def _here(self, models: Sequence[LocalModel]) -> ModelRow | None:
        """The one in use, else the best of those that are here."""
        usable = [model for model in models if not model.problem]
        fitting = [model for model in usable if model.fit is None or model.fit.word is Verdict.FITS]
        best = next((model for model in usable if model.is_loaded and self._has_model), None)
        best = best or max(fitting or usable, key=lambda model: model.size_bytes, default=None)
        if best is None:
            return None
        path: Path = best.path
        known = next((one for one in self._lists.catalogue if one.path == path), None)
        is_loading = self._state is ModelState.LOADING
        return ModelRow(
            self._theme,
            best.name,
            model_words.of_local(best),
            about=model_words.about(known) if known is not None else "",
            fit=best.fit,
            is_in_use=best.is_loaded and self._has_model and not is_loading,
            waits=tr("Loading…") if is_loading else "",
            action=(tr("Use"), lambda: self.use_asked.emit(path)),
            is_main=True,
        )

    def _known_row(self, model: CatalogueModel, *, is_main: bool = False) -> ModelRow:
        return ModelRow(
            self._theme,
            model.name,
            model_words.of_catalogue(model),
            about=model_words.about(model),
            fit=model.fit,
            action=(tr("Get"), lambda: self.get_asked.emit(model.id)),
            is_main=is_main,
        )

    def _download_row(self, view: DownloadView) -> DownloadRow:
        row = self._downloads[view.id] = DownloadRow(view)
        row.pause_asked.connect(self.pause_asked)
        row.resume_asked.connect(self.resume_asked)
        row.cancel_asked.connect(self.cancel_asked)
        return row


def _starter(catalogue: Sequence[CatalogueModel]) -> CatalogueModel | None:
    """What is here soonest: the smallest that needs no account."""
    open_ones = [model for model in catalogue if model.path is None and not model.is_gated and model.size_bytes]
    return min(open_ones, key=lambda model: model.size_bytes, default=None)


def offers(catalogue: Sequence[CatalogueModel], shown: CatalogueModel | None = None) -> list[CatalogueModel]:
    """A few that fit well, the largest first, each much smaller than the one before: knowledge, or speed.

    None that asks for an account, and not what is shown. Where no speed is known, none that is large for a processor.
    """
    fitting = [
        model
        for model in catalogue
        if model.path is None and not model.is_gated and model is not shown and _is_comfortable(model)
    ]
    chosen: list[CatalogueModel] = []
    for model in sorted(fitting, key=lambda model: -model.size_bytes):
        if not chosen or model.size_bytes <= chosen[-1].size_bytes * _STEP:
            chosen.append(model)
    return chosen[:_OFFERED]


def _is_comfortable(model: CatalogueModel) -> bool:
    fit = model.fit
    if fit is None or fit.word is not Verdict.FITS or model.size_bytes > fit.free_bytes * _MEMORY_SHARE:
        return False
    speed = fit.expected_tokens_per_second
    return model.size_bytes <= _LARGE_BYTES if speed is None else speed >= _LEAST_SPEED
