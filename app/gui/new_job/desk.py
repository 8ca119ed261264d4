"""Opens the dialog for new jobs, and tells it what Core says of its draft. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.events import JobChanged, JobRemoved
from app.gui.bridge import Bridge
from app.gui.last_folder import LastFolder
from app.gui.theme import Theme

if TYPE_CHECKING:
    from app.core.core import Core
    from app.gui.new_job.dialog import Drafted, NewJobDialog

_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".xlsx", ".ods")


class NewJobs(QObject):
    """`started` with the id of a job that began."""

    started = Signal(str)

    def __init__(self, window: QWidget, bridge: Bridge, theme: Theme, folder: LastFolder) -> None:
        super().__init__(window)
        self._window, self._bridge, self._theme, self._folder = window, bridge, theme, folder
        self._dialogs: list[NewJobDialog] = []

    def open(self, files: Sequence[Path] = ()) -> None:
        """A dialog over these files, to which more can be added."""
        from app.gui.new_job.dialog import NewJobDialog  # with all that jobs are made of

        kind = "classify" if are_tables(files) else "summarize"
        self._show(NewJobDialog(self._window, self._bridge, self._theme, self._folder, kind=kind, paths=files))

    def clone(self, job_id: str) -> None:
        """A dialog over a draft like this job."""
        self._bridge.call(lambda core: _clone(core, job_id), done=self._open_draft)

    def hear(self, event: JobChanged | JobRemoved) -> None:
        """News of any job."""
        for dialog in self._dialogs:
            if isinstance(event, JobChanged):
                dialog.hear(event)

    def _open_draft(self, drafted: Drafted) -> None:
        from app.gui.new_job.dialog import NewJobDialog

        self._show(NewJobDialog(self._window, self._bridge, self._theme, self._folder, drafted=drafted))

    def _show(self, dialog: NewJobDialog) -> None:
        self._dialogs.append(dialog)
        dialog.started.connect(self.started)
        dialog.finished.connect(lambda _: self._dialogs.remove(dialog))
        dialog.show()


def are_tables(files: Sequence[Path]) -> bool:
    """What has rows: nobody wants these summed up without being asked."""
    return bool(files) and all(file.suffix.lower() in _TABLES for file in files)


async def _clone(core: Core, job_id: str) -> Drafted:
    from app.gui.new_job.dialog import Drafted

    draft = await core.clone_job(job_id)
    kind = next(job.kind for job in core.jobs() if job.id == draft)
    return Drafted(id=draft, kind=kind, params=core.job_params(draft), options=core.job_options(draft))
