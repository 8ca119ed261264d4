"""The page of models and Core: what is asked for on the page is done, and what happens is shown. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.core.events import DownloadChanged, ModelsChanged, ModelStateChanged
from app.core.model_lists import ModelLists
from app.core.model_views import DownloadState, FitView, HubFile, LocalModel
from app.engine.interface import ModelState
from app.errors import KnownError
from app.gui import dialogs
from app.gui.bridge import Bridge
from app.gui.last_folder import LastFolder
from app.gui.models.account_dialog import AccountDialog
from app.gui.notices import Notices
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.settings import Settings

if TYPE_CHECKING:
    from app.core.core import Core
    from app.gui.models.page import ModelsPage

_UNDO_SECONDS = 8
_PAUSE_MS = 200


class ModelPages(QObject):
    """`shown` when the page is wanted, `left` when it is not any more; `lists` is told to whoever shows them too."""

    shown = Signal(object)  # QWidget
    left = Signal()
    lists_changed = Signal(object)  # ModelLists
    downloaded = Signal(object)  # Path: a model has come
    settings_changed = Signal(dict)

    def __init__(
        self,
        window: QWidget,
        bridge: Bridge,
        theme: Theme,
        folder: LastFolder,
        notices: Notices,
        load: Callable[[Path], object],
        unload: Callable[[Path], object],
        settings: Settings,
    ) -> None:
        super().__init__(window)
        self._window, self._bridge, self._folder, self._notices = window, bridge, folder, notices
        self._load, self._unload = load, unload
        self.lists = ModelLists()
        self._theme, self._settings = theme, settings
        self._page: ModelsPage | None = None
        self._searched = ""
        self._is_over = False
        self._doomed: dict[Path, QTimer] = {}  # deleted a moment ago
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self.refresh)

    @property
    def page(self) -> ModelsPage:
        """Made when it is first wanted: the window opens sooner."""
        if self._page is None:
            from app.gui.models.page import ModelsPage

            self._page = ModelsPage(self._theme, self._settings)
            self._page.show_lists(self.lists)
            self._connect(self._page)
            self._bridge.call(lambda core: core.device_findings(), done=self._show_devices, failed=self._say)
        return self._page

    @property
    def is_shown(self) -> bool:
        return self._page is not None and self._page.isVisible()

    def open(self) -> None:
        """Show the page."""
        self.refresh()
        self.shown.emit(self.page)

    def refresh(self) -> None:
        """Ask what there is now."""
        self._bridge.call(lambda core: core.model_lists(), done=self._show, failed=self._say)

    def hear(self, event: DownloadChanged | ModelsChanged | ModelStateChanged) -> None:
        match event:
            case DownloadChanged():
                if self._page is not None:
                    self._page.show_download(event.download)
                if event.download.state is DownloadState.DONE and event.download.path is not None:
                    self.downloaded.emit(event.download.path)
            case ModelsChanged():
                self._pause.start()
            case ModelStateChanged() if event.state in (ModelState.READY, ModelState.FAILED):
                self._pause.start()

    def get(self, catalogue_id: str) -> None:
        """Download a model that is known; one that asks for an account leads to that."""
        model = next((one for one in self.lists.catalogue if one.id == catalogue_id), None)
        has_token = self.lists.token is not None and self.lists.token.has_token
        if model is not None and model.is_gated and not has_token:
            self.open_account()
        else:
            self._do(lambda core: core.download_model(catalogue_id))

    def open_account(self) -> None:
        """The token with which the hub knows a person."""
        dialog = AccountDialog(self._window, self.lists.token)
        dialog.given.connect(lambda token: self._set_token(dialog, token))
        dialog.show()

    def finish(self) -> None:
        """The window closes: what was deleted is deleted now."""
        self._is_over = True
        for path in list(self._doomed):
            self._delete_now(path)

    # inside

    def _show(self, lists: ModelLists) -> None:
        if self._is_over:
            return  # nobody would see it, and the page may be gone
        self.lists = lists
        if self._page is not None:
            self._page.show_lists(lists)
        self.lists_changed.emit(lists)

    def _show_devices(self, findings: list[str]) -> None:
        if not self._is_over:
            self.page.fields.show_devices(findings)

    def _search(self, text: str) -> None:
        self._searched = text
        self.page.say_searching()
        self._bridge.call(
            lambda core: core.search_hub(text),
            done=lambda found: self.page.show_found(found) if text == self._searched else None,
            failed=lambda error: self.page.say_search_failed(error.sentence) if text == self._searched else None,
        )

    def _ask_files(self, repository: str) -> None:
        self._bridge.call(
            lambda core: core.hub_files(repository),
            done=lambda files: self._show_files(repository, files),
            failed=lambda error: self.page.say_files_failed(repository, error.sentence),
        )

    def _show_files(self, repository: str, files: list[HubFile]) -> None:
        """At once by their sizes, then one after the other by what each says of itself."""
        if self._is_over:
            return
        self.page.show_files(repository, files)
        left = [file for file in files if file.path is None]

        def judge() -> None:
            if left and not self._is_over and self.page.has_files(repository):
                file = left.pop(0)
                self._bridge.call(lambda core: core.hub_fit(file), done=lambda fit: judged(file, fit), failed=over)

        def judged(file: HubFile, fit: FitView) -> None:
            if not self._is_over:
                self.page.show_fit(file, fit)
                judge()

        def over(_: KnownError) -> None:
            """The guesses stay."""

        judge()

    def _delete(self, model: LocalModel) -> None:
        """Out of sight at once, from the disk when nobody took it back."""
        path = model.path
        self.page.hide_model(str(path), True)
        timer = self._doomed[path] = QTimer(self, singleShot=True, interval=_UNDO_SECONDS * 1000)
        timer.timeout.connect(lambda: self._delete_now(path))
        timer.start()
        self._notices.show_notice(
            tr("“{title}” is deleted.", title=model.name),
            action=(tr("Undo"), lambda: self._take_back(path)),
            key="undo model",
            seconds=_UNDO_SECONDS,
        )

    def _take_back(self, path: Path) -> None:
        if (timer := self._doomed.pop(path, None)) is not None:
            timer.stop()
            self.page.hide_model(str(path), False)

    def _delete_now(self, path: Path) -> None:
        if self._doomed.pop(path, None) is None:
            return
        self._notices.dismiss("undo model")

        def failed(error: KnownError) -> None:
            if not self._is_over:
                self.page.hide_model(str(path), False)
                self._say(error)

        def done(_: None) -> None:
            if not self._is_over:
                self.page.hide_model(str(path), False)

        self._bridge.call(lambda core: core.delete_model(path), done=done, failed=failed)

    def _set_token(self, dialog: AccountDialog, token: str) -> None:
        def done(_: None) -> None:
            dialog.accept()
            self.refresh()

        self._bridge.call(
            lambda core: core.set_hub_token(token or None), done=done, failed=lambda error: dialog.say(error.sentence)
        )

    def _add(self, paths: list[Path]) -> None:
        async def work(core: Core) -> None:
            for path in paths:
                await core.add_local(path)

        self._do(work)

    def _do(self, work: Callable[[Core], object]) -> None:
        self._bridge.call(work, done=lambda _: None if self._is_over else self._pause.start(), failed=self._say)

    def _say(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, tone="danger")

    def pause(self, id: str) -> None:
        self._do(lambda core: core.pause_download(id))

    def resume(self, id: str) -> None:
        self._do(lambda core: core.resume_download(id))

    def cancel(self, id: str) -> None:
        self._do(lambda core: core.cancel_download(id))

    def _connect(self, page: ModelsPage) -> None:
        page.back_asked.connect(self.left)
        page.search_asked.connect(self._search)
        page.files_asked.connect(self._ask_files)
        page.use_asked.connect(self._load)
        page.get_asked.connect(self.get)
        page.download_asked.connect(lambda file: self._do(lambda core: core.download(file)))
        page.delete_asked.connect(self._delete)
        page.unload_asked.connect(self._unload)
        page.pause_asked.connect(self.pause)
        page.resume_asked.connect(self.resume)
        page.cancel_asked.connect(self.cancel)
        page.add_file_asked.connect(
            lambda: dialogs.choose_model(self._window, self._folder, lambda path: self._add([path]))
        )
        page.add_folder_asked.connect(lambda: dialogs.choose_folder(self._window, self._folder, self._add))
        page.account_asked.connect(self.open_account)
        page.fields.changed.connect(self.settings_changed)
