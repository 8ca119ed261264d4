"""The dialog for a new job: nothing of it waits, and nothing stays of one that is cancelled. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core.events import JobChanged
from app.core.job_options import JobOptions
from app.core.kinds import KINDS
from app.core.kinds.kind import Material
from app.core.views import JobPreview
from app.errors import KnownError
from app.gui import dialogs, fonts
from app.gui.bridge import Bridge
from app.gui.buttons import button, label
from app.gui.dialog_layout import column_inside, lay_out
from app.gui.disclosure import Disclosure
from app.gui.drop_overlay import files_of
from app.gui.last_folder import LastFolder
from app.gui.new_job.draft import Draft, Wish
from app.gui.new_job.kind_faces import KIND_FACES
from app.gui.new_job.kind_form import KindForm
from app.gui.new_job.options_form import OptionsForm
from app.gui.new_job.preview import Preview
from app.gui.segments import Segments
from app.gui.tab_order import step
from app.gui.theme import Theme
from app.gui.tongue import tr

_TYPING_MS = 300  # the draft follows what is typed after a rest of this


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A draft that is there already: a job that was cloned."""

    id: str
    kind: str
    params: msgspec.Struct
    options: JobOptions


class NewJobDialog(QDialog):
    """Made from `paths`, to which more can be added, or from a draft, whose kind and documents stay."""

    started = Signal(str)

    def __init__(
        self,
        parent: QWidget,
        bridge: Bridge,
        theme: Theme,
        folder: LastFolder,
        *,
        kind: str = "summarize",
        paths: Sequence[Path] = (),
        drafted: Drafted | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("New job"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(drafted is None)
        self._folder, self._drafted = folder, drafted
        self._paths = tuple(paths)
        self._missing = ""  # what the form lacks, as a sentence
        self._columns: tuple[str, ...] | None = None  # of the tables; None: not known so far
        self.draft = Draft(bridge, self, drafted.id if drafted else "")
        self.kinds = Segments(tr("Kind of job"), {name: (face.name, face.hint) for name, face in KIND_FACES.items()})
        self._hint = label(tone="muted", wraps=True)
        self.forms = {name: face.form(theme) for name, face in KIND_FACES.items()}
        self.options = OptionsForm(folder)
        self.preview = Preview(theme)
        self._start = button(tr("Start"), self._begin, kind="main", role=fonts.UI_STRONG)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self._follow)
        self._build(theme)
        self._connect()
        self.kinds.show_value(drafted.kind if drafted else kind)
        if drafted is not None:
            self.forms[drafted.kind].show_params(drafted.params)
            self.options.show_options(drafted.options)
            self.kinds.setEnabled(False)
        self._show_kind()
        self._follow()
        self.form.focus()

    @property
    def form(self) -> KindForm:
        """The one of the kind that is chosen."""
        return self.forms[self.kinds.value]

    def hear(self, event: JobChanged) -> None:
        """News of any job."""
        self.draft.hear(event)

    def add_files(self, files: Sequence[Path]) -> None:
        """More documents behind those that are there."""
        self._paths = tuple(dict.fromkeys((*self._paths, *files)))
        self._columns = None
        self._follow()

    # what is wanted

    def _follow(self) -> None:
        """Bring the draft to what is filled in; as long as that can't be used, to what always can."""
        self._typing.stop()
        params, self._missing = self._filled_in()
        has_documents = bool(self._paths) or self._drafted is not None
        self._start.setEnabled(has_documents and not self._missing)
        if not has_documents:
            self.preview.show_nothing()
            return
        self.preview.show_reading()
        self.preview.show_missing(self._missing if self._columns is not None else "")
        options = self.options.options(datetime.now())
        self.draft.want(Wish(kind=self.kinds.value, params=params, options=options, paths=self._paths))

    def _filled_in(self) -> tuple[msgspec.Struct, str]:
        """The parameters, and what is wrong with them."""
        material = Material(names=tuple(path.name for path in self._paths), columns=self._columns or None)
        try:
            params = self.form.params()
            KINDS[self.kinds.value].check(params, material)
        except KnownError as error:
            return self.form.blank(), error.sentence
        return params, ""

    def _show_kind(self) -> None:
        self._hint.setText(tr(KIND_FACES[self.kinds.value].hint))
        for name, form in self.forms.items():
            form.setVisible(name == self.kinds.value)

    def _kind_chosen(self) -> None:
        self._show_kind()
        self._follow()

    # what comes back

    def _show_preview(self, preview: JobPreview) -> None:
        if preview.columns != self._columns and (preview.columns or not preview.is_reading):
            self._columns = preview.columns
            for form in self.forms.values():
                form.set_columns(preview.columns)
            self._follow()
        self.preview.show_preview(preview)
        if self._missing:
            self.preview.show_missing(self._missing)
        self._start.setEnabled(not self._missing and not preview.problem)

    def _show_failure(self, sentence: str) -> None:
        self.preview.show_problem(self._missing or sentence)
        self._start.setEnabled(not self._missing)

    def _begin(self) -> None:
        if self._typing.isActive():
            self._follow()
        if self._start.isEnabled():
            self._start.setEnabled(False)
            self.draft.start()

    def _started(self, job_id: str) -> None:
        self.started.emit(job_id)
        self.accept()

    def reject(self) -> None:
        """Cancel, Esc, or the window's cross."""
        self.draft.discard()
        super().reject()

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes as the dialog is read."""
        return step(self, next) or super().focusNextPrevChild(next)

    # drop

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if files_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if files := files_of(event.mimeData()):
            event.acceptProposedAction()
            self.add_files(files)

    # parts

    def _build(self, theme: Theme) -> None:
        head = QVBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.kinds)
        head.addWidget(self._hint)
        inside, column = column_inside()
        column.addLayout(head)
        for form in self.forms.values():
            column.addWidget(form)
        column.addWidget(Disclosure(theme, tr("When it runs, and where results go"), self.options))
        if self._drafted is None:
            column.addLayout(self._adders())
        column.addWidget(self.preview)
        column.addStretch(1)  # else the form would share what is left
        lay_out(self, tr("New job"), inside, button(tr("Cancel"), self.reject), self._start)
        self.setMinimumHeight(360)
        self.resize(680, min(760, self.screen().availableGeometry().height() - 80))

    def _adders(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(label(tr("Documents"), role=fonts.UI), 1)
        choose = dialogs.choose_documents, dialogs.choose_folder
        for text, ask in zip((tr("Add files…"), tr("Add a folder…")), choose, strict=True):
            line.addWidget(button(text, lambda ask=ask: ask(self, self._folder, self.add_files), role=fonts.SMALL))  # type: ignore[misc]
        return line

    def _connect(self) -> None:
        self.kinds.chosen.connect(lambda _: self._kind_chosen())
        for form in self.forms.values():
            form.changed.connect(self._typing.start)
        self.options.changed.connect(self._follow)
        self.draft.previewed.connect(self._show_preview)
        self.draft.failed.connect(self._show_failure)
        self.draft.started.connect(self._started)
