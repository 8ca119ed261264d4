"""What is shown of one job in place of the conversation, and what a person asks for there. GUI thread only."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.events import JobChanged, JobRemoved, StatusChanged
from app.core.views import ItemState, JobState, JobView, SummaryView
from app.errors import KnownError, from_os_error
from app.gui import dialogs
from app.gui.bridge import Bridge
from app.gui.job_actions import JobActions
from app.gui.job_desk import JobDesk
from app.gui.last_folder import LastFolder
from app.gui.notices import Notices
from app.gui.summary_text import as_markdown
from app.gui.theme import Theme
from app.gui.tongue import apart, tr

if TYPE_CHECKING:
    from app.core.core import Core
    from app.gui.job_page.page import JobPage
    from app.gui.new_job.edit_dialog import EditDialog
    from app.gui.summary_view import SummaryPage


class JobPages(QObject):
    """`shown` with the page that is wanted; `quoted` with Markdown and the chat in which it is to be asked about.

    A page is `made` when it is first wanted: the window need not wait for it.
    """

    shown = Signal(object)  # QWidget
    left = Signal()
    made = Signal(object)  # QWidget
    quoted = Signal(str, str)  # without a chat: in the one that is open
    quoted_anew = Signal(str)  # in a new chat
    link_clicked = Signal(str)

    def __init__(
        self,
        window: QWidget,
        bridge: Bridge,
        theme: Theme,
        folder: LastFolder,
        desk: JobDesk,
        actions: JobActions,
        notices: Notices,
    ) -> None:
        super().__init__(window)
        self._window, self._bridge, self._theme = window, bridge, theme
        self._folder, self._desk, self._notices = folder, desk, notices
        self._actions = actions
        actions.open.connect(self.open)
        actions.edit.connect(self._edit)
        actions.export.connect(self._export)

    @cached_property
    def items(self) -> JobPage:
        """The table of one job."""
        from app.gui.job_page.page import JobPage

        page = JobPage(self._theme, self._actions, self._ask_items)
        page.back_asked.connect(self.left)
        page.summary_asked.connect(self.open)
        page.item_asked.connect(self._ask_item)
        page.documents_asked.connect(self._ask_documents)
        page.pane.retry_asked.connect(self._retry_item)
        page.pane.link_clicked.connect(self.link_clicked)
        self.made.emit(page)
        return page

    @cached_property
    def summary(self) -> SummaryPage:
        """The summary of one document, or of all of a job."""
        from app.gui.summary_view import SummaryPage

        page = SummaryPage(self._theme)
        page.back_asked.connect(self.left)
        page.items_asked.connect(self.open_items)
        page.document_asked.connect(self.open_summary)
        page.save_asked.connect(self._save_text)
        page.quote_asked.connect(self.quoted_anew)
        page.link_clicked.connect(self.link_clicked)
        self.made.emit(page)
        return page

    def open(self, job_id: str) -> None:
        """The result of a job, where it has one to be read; else its items."""
        job = self._desk.job(job_id)
        if job is not None and job.kind == "summarize" and job.state is JobState.DONE:
            self.open_summary(job_id, 0 if job.documents == 1 else -1)
        elif job is not None:
            self.open_items(job_id)

    def open_items(self, job_id: str) -> None:
        """The table of what a job is made of."""
        if (job := self._desk.job(job_id)) is not None:
            self.items.open_job(job, self._desk.status, self._desk.parked_seconds)
            self.shown.emit(self.items)

    def open_summary(self, job_id: str, document: int = 0) -> None:
        """Of one document, or (-1) of all together."""
        self._bridge.call(
            lambda core: (core.summary(job_id, document), core.documents(job_id)),
            done=lambda both: self._show_summary(document, *both),
        )

    def ask_about(self, job_id: str, document: int, chat_id: str = "") -> None:
        """Quote a summary in a chat."""
        self._bridge.call(
            lambda core: core.summary(job_id, document),
            done=lambda summary: self.quoted.emit(as_markdown(summary), chat_id),
        )

    def hear(self, event: JobChanged | JobRemoved | StatusChanged) -> None:
        """One event from the core."""
        if "items" not in self.__dict__:  # not made yet
            return
        match event:
            case JobChanged() if event.job.id == self.items.job_id:
                self.items.show_job(event.job, self._desk.status, self._desk.parked_seconds)
            case JobRemoved() if event.job_id == self.items.job_id and self.items.isVisible():
                self.left.emit()
            case StatusChanged():
                self.items.show_status(event.status, self._desk.parked_seconds)

    def escape(self) -> None:
        """Back by one step."""
        if not ("items" in self.__dict__ and self.items.isVisible() and self.items.close_item()):
            self.left.emit()

    def _show_summary(self, document: int, summary: SummaryView, documents: list) -> None:  # type: ignore[type-arg]
        self.summary.show_summary(summary, document)
        self.summary.show_documents(documents)
        self.shown.emit(self.summary)

    # items

    def _ask_items(self, job_id: str, state: ItemState | None, offset: int) -> None:
        model = self.items.model
        self._bridge.call(
            lambda core: core.items(job_id, state=state, offset=offset),
            done=model.take,
            failed=self._not_read,
        )

    def _not_read(self, error: KnownError) -> None:
        self.items.model.not_given()
        self._say(error)

    def _ask_item(self, item_id: int) -> None:
        self._bridge.call(lambda core: core.item(item_id), done=self.items.show_item)

    def _retry_item(self, item_id: int) -> None:
        self._bridge.call(lambda core: core.retry_item(item_id), done=lambda _: self._ask_item(item_id))

    def _ask_documents(self, job_id: str) -> None:
        self._bridge.call(lambda core: core.documents(job_id), done=self.items.show_documents)

    # out

    def _export(self, job_id: str, format: str) -> None:
        job = self._desk.job(job_id)
        name = job.title if job is not None else tr("Results")
        dialogs.choose_results(
            self._window, self._folder, name, format, lambda path: self._export_to(job_id, path, format)
        )

    def _export_to(self, job_id: str, path: Path, format: str) -> None:
        self._bridge.call(
            lambda core: core.export_job(job_id, path, format),  # type: ignore[arg-type]
            done=lambda written: self._notices.show_notice(
                tr("Saved to {written}.", written=apart(str(written))), tone="ok", seconds=8
            ),
        )

    def _save_text(self, name: str, text: str) -> None:
        def write(path: Path) -> None:
            self._bridge.call(lambda _core: _write_text(path, text))

        dialogs.choose_results(self._window, self._folder, name, "markdown", write)

    # what is asked, anew

    def _edit(self, job_id: str) -> None:
        job = self._desk.job(job_id)
        if job is not None:
            self._bridge.call(
                lambda core: _asked(core, job_id), done=lambda both: self._open_editor(job, both[0], both[1])
            )

    def _open_editor(self, job: JobView, params: msgspec.Struct, columns: tuple[str, ...]) -> None:
        from app.gui.new_job.edit_dialog import EditDialog

        dialog = EditDialog(self._window, self._theme, job.title, job.kind, params, columns)
        dialog.accepted_params.connect(lambda wanted: self._run_again(dialog, job.id, wanted))
        dialog.show()

    def _run_again(self, dialog: EditDialog, job_id: str, params: msgspec.Struct) -> None:
        def work(core: Core) -> None:
            core.change_job(job_id, params=params)
            core.retry_job(job_id)

        def done(_: None) -> None:
            dialog.accept()
            self._desk.await_job(job_id)

        self._bridge.call(work, done=done, failed=lambda error: dialog.say(error.sentence))

    def _say(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, tone="danger")


async def _asked(core: Core, job_id: str) -> tuple[msgspec.Struct, tuple[str, ...]]:
    preview = await core.preview_job(job_id)
    return core.job_params(job_id), preview.columns


def _write_text(path: Path, text: str) -> None:
    """Runs on the core thread. Raises KnownError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        error.filename = error.filename or str(path)
        raise from_os_error(error, "save the file") from error
