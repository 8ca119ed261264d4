"""All models: search, downloads, what is on this machine, what is known to be good. GUI thread only.

It shows what it is told and says what a person asks for; desk.py speaks to Core.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.core.model_lists import ModelLists
from app.core.model_views import (
    CatalogueModel,
    DownloadState,
    DownloadView,
    FitView,
    HubFile,
    HubModel,
    LocalModel,
    ModelPlace,
)
from app.gui import fonts
from app.gui.back_button import BackButton
from app.gui.buttons import button, label
from app.gui.core_words import retold
from app.gui.disclosure import Disclosure
from app.gui.margins import margins
from app.gui.models import model_words
from app.gui.models.download_row import DownloadRow
from app.gui.models.load_fields import LoadFields
from app.gui.models.row import Action, ModelRow
from app.gui.models.section import Section
from app.gui.page import Page
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.settings import Settings


class ModelsPage(QWidget):
    """Signals name what is asked for; a model on this machine by its path, one that is known by its id."""

    back_asked = Signal()
    search_asked = Signal(str)
    files_asked = Signal(str)  # of a repository
    use_asked = Signal(object)  # Path
    get_asked = Signal(str)  # a catalogue id
    download_asked = Signal(object)  # HubFile
    delete_asked = Signal(object)  # LocalModel
    unload_asked = Signal(object)  # Path
    pause_asked = Signal(str)
    resume_asked = Signal(str)
    cancel_asked = Signal(str)
    add_file_asked = Signal()
    add_folder_asked = Signal()
    account_asked = Signal()

    def __init__(self, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("modelsPage")
        self._theme = theme
        self._downloads: dict[str, DownloadRow] = {}
        self._hub_rows: dict[str, ModelRow] = {}
        self._open_files: dict[str, Section] = {}
        self._hidden: set[str] = set()  # paths that were deleted a moment ago
        self._lists = ModelLists()
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search for a model on the hub"))
        self.search.setAccessibleName(tr("Search for a model on the hub"))
        self._go = button(tr("Search"), self._search)
        self.hub = Section(tr("On the hub"))
        self.downloads = Section(tr("Downloads"))
        self.local = Section(tr("On this machine"))
        self.known = Section(tr("Known to be good"))
        self.fields = LoadFields(settings)
        self._page = Page(tr("Models"), spacing=0)
        self._account = button(tr("Account at the hub…"), self.account_asked.emit, kind="link", role=fonts.SMALL)
        self._build()
        self.search.returnPressed.connect(self._search)

    # what the desk tells

    def show_lists(self, lists: ModelLists) -> None:
        """What there is now."""
        held = self._held_row()
        self._lists = lists
        self.local.show_rows([self._local_row(model) for model in lists.local if str(model.path) not in self._hidden])
        if not self.local.rows:
            self.local.say(
                tr("No model yet. Get one of those below, or add a GGUF file."),
                action=(tr("Add a file…"), self.add_file_asked.emit),
            )
        self.fields.show_gpus(lists.gpus)
        missing = [model for model in lists.catalogue if model.path is None]
        self.known.show_rows([self._known_row(model) for model in missing])
        self.known.setVisible(bool(missing))
        self._show_downloads(lists.downloads)
        self._give_back(held)

    def show_download(self, download: DownloadView) -> None:
        """One that is new or has moved on."""
        row = self._downloads.get(download.id)
        others = [view for view in self._lists.downloads if view.id != download.id]
        is_gone = download.is_cancelled
        self._lists = self._lists.with_downloads([*others, *(() if is_gone else (download,))])
        if row is not None and not is_gone:
            row.show_download(download)
        else:
            self._show_downloads(self._lists.downloads)

    def show_found(self, models: Sequence[HubModel]) -> None:
        """What the hub has."""
        self._hub_rows = {model.repository: self._hub_row(model) for model in models}
        self._open_files = {}
        self.hub.show_rows(list(self._hub_rows.values()))
        if not models:
            self.hub.say(tr("The hub has no GGUF model of that name. Try fewer words."))

    def show_files(self, repository: str, files: Sequence[HubFile]) -> None:
        """The quantisations of a repository, below its row."""
        if (section := self._open_files.get(repository)) is not None:
            section.show_rows([self._file_row(file) for file in files])
            if not files:
                section.say(tr("It has no GGUF file that can be loaded."))

    def has_files(self, repository: str) -> bool:
        """Are its files still shown?"""
        return repository in self._open_files

    def show_fit(self, file: HubFile, fit: FitView) -> None:
        """What is known better of a file that is shown."""
        section = self._open_files.get(file.repository)
        for row in section.rows if section is not None else ():
            if isinstance(row, ModelRow) and row.name == _file_name(file):
                row.fit_mark.show_fit(fit)
                row.detail.setText(model_words.of_file(replace(file, fit=fit)))

    def say_searching(self) -> None:
        self.hub.show()
        self.hub.show_rows(())
        self.hub.say(tr("Searching…"))

    def say_search_failed(self, sentence: str) -> None:
        """Where it happened, with what to do."""
        self.hub.show_rows(())
        self.hub.say(retold(sentence), tone="danger", action=(tr("Try again"), self._search))

    def say_files_failed(self, repository: str, sentence: str) -> None:
        if (section := self._open_files.get(repository)) is not None:
            section.say(
                retold(sentence), tone="danger", action=(tr("Try again"), lambda: self.files_asked.emit(repository))
            )

    def hide_model(self, path: str, is_hidden: bool) -> None:
        """It is about to be deleted, or was taken back."""
        (self._hidden.add if is_hidden else self._hidden.discard)(path)
        self.show_lists(self._lists)

    def focus(self) -> None:
        self.search.setFocus()

    # rows

    def _local_row(self, model: LocalModel) -> ModelRow:
        name = model.name
        more: list[Action] = []
        if model.is_kept or model.is_loaded:
            more.append((tr("Unload the model"), lambda: self.unload_asked.emit(model.path)))
        if model.place is ModelPlace.OWN and not model.is_loaded:
            more.append((tr("Delete"), lambda: self.delete_asked.emit(model)))
        if model.place is ModelPlace.ADDED and not model.is_loaded:
            more.append((tr("Take off the list"), lambda: self.delete_asked.emit(model)))
        can_use = not model.problem
        row = ModelRow(
            self._theme,
            name,
            model_words.of_local(model),
            problem=retold(model.problem) if model.problem else "",
            fit=model.fit,
            is_in_use=model.is_loaded,
            action=(tr("Use"), lambda: self.use_asked.emit(model.path)) if can_use else None,
            more=more,
            keeps_room=True,
        )
        row.title.setToolTip(str(model.path))
        return row

    def _known_row(self, model: CatalogueModel) -> ModelRow:
        is_coming = any(
            view.name == model.name and view.state not in (DownloadState.FAILED, DownloadState.DONE)
            for view in self._lists.downloads
        )
        action = None if is_coming else (tr("Get"), lambda: self.get_asked.emit(model.id))
        return ModelRow(
            self._theme,
            model.name,
            model_words.of_catalogue(model),
            about=model_words.about(model),
            fit=model.fit,
            action=action,
        )

    def _hub_row(self, model: HubModel) -> ModelRow:
        repository = model.repository
        return ModelRow(
            self._theme,
            repository,
            model_words.of_repository(model),
            action=(tr("Files"), lambda: self._toggle_files(repository)),
        )

    def _file_row(self, file: HubFile) -> ModelRow:
        is_here = file.path is not None
        action: Action = (
            (tr("Use"), lambda: self.use_asked.emit(file.path))
            if is_here
            else (tr("Get"), lambda: self.download_asked.emit(file))
        )
        row = ModelRow(self._theme, _file_name(file), model_words.of_file(file), fit=file.fit, action=action)
        row.title.setToolTip(file.name)
        return row

    def _toggle_files(self, repository: str) -> None:
        if (section := self._open_files.pop(repository, None)) is not None:
            section.hide()
            section.deleteLater()
            return
        section = self._open_files[repository] = Section(tr("Quantisations"))
        section.setContentsMargins(*margins(24, 0, 0, 0))
        section.say(tr("Asking the hub…"))
        self._hub_rows[repository].put_below(section)
        self.files_asked.emit(repository)

    def _show_downloads(self, downloads: Sequence[DownloadView]) -> None:
        wanted = [view for view in downloads if not view.is_cancelled]
        self._downloads = {}
        for view in wanted:
            row = self._downloads[view.id] = DownloadRow(view)
            row.pause_asked.connect(self.pause_asked)
            row.resume_asked.connect(self.resume_asked)
            row.cancel_asked.connect(self.cancel_asked)
            row.use_asked.connect(self.use_asked)
        self.downloads.show_rows(list(self._downloads.values()))
        self.downloads.setVisible(bool(wanted))

    # the keyboard

    def _held_row(self) -> str:
        """The row that has the keyboard, by its name."""
        widget: QWidget | None = QApplication.focusWidget()
        while widget is not None and widget is not self:
            if isinstance(widget, ModelRow | DownloadRow):
                return widget.accessibleName()
            widget = widget.parentWidget()
        return ""

    def _give_back(self, name: str) -> None:
        """To the row of that name, wherever it is now; else to the search."""
        if not name:
            return
        for section in (self.local, self.known, self.downloads):
            for row in section.rows:
                pressed: QPushButton | None = row.main if isinstance(row, DownloadRow) else None
                if isinstance(row, ModelRow):
                    pressed = row.button
                if row.accessibleName() == name and pressed is not None:
                    pressed.setFocus(Qt.FocusReason.OtherFocusReason)
                    return
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    # parts

    def _search(self) -> None:
        if text := self.search.text().strip():
            self.search_asked.emit(text)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(*margins(16, 4, 24, 4))
        head.setSpacing(8)
        back = BackButton(self._theme, self.back_asked.emit)
        head.addWidget(back)
        head.addStretch()
        head.addWidget(button(tr("Add a file…"), self.add_file_asked.emit, name=tr("Add a model file…")))
        head.addWidget(button(tr("Add a folder…"), self.add_folder_asked.emit, name=tr("Add a folder of models…")))
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.search, 1)
        line.addWidget(self._go)
        column = self._page.column
        column.addWidget(label(tr("Models"), role=fonts.TITLE))
        column.addSpacing(12)
        column.addLayout(line)
        column.addSpacing(6)
        under = QHBoxLayout()
        said = tr("What you type goes to the hub when you press Search, and nothing before.")
        under.addWidget(label(said, role=fonts.SMALL, tone="muted", wraps=True), 1)
        under.addWidget(self._account)
        column.addLayout(under)
        column.addSpacing(16)
        for section in (self.hub, self.downloads, self.local, self.known):
            column.addWidget(section)
        column.addWidget(Disclosure(self._theme, tr("How models are loaded"), self.fields))
        column.addStretch()
        self.hub.hide()
        self.downloads.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(self._page, 1)


def _file_name(file: HubFile) -> str:
    return file.quantisation or file.name
