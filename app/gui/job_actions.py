"""What a person can ask for on a job, and the menu of what is asked for seldom. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.core.views import JobState, JobView
from app.gui.new_job.kind_faces import KIND_FACES
from app.gui.tongue import mark, tr

GOING = (JobState.READING, JobState.QUEUED, JobState.RUNNING)
OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
_FORMATS = {
    "csv": mark("CSV…"),
    "jsonl": mark("JSON Lines…"),
    "markdown": mark("Markdown…"),
    "markdown_each": mark("One Markdown file a document…"),
}


class JobActions(QObject):
    """Signals carry the job's id."""

    pause = Signal(str)
    resume = Signal(str)
    cancel = Signal(str)
    retry = Signal(str)
    remove = Signal(str)
    open = Signal(str)
    use_model = Signal(str)  # the one that is loaded, in place of its own
    put_first = Signal(str, bool)
    move = Signal(str, int)  # up (-1) or down (1) in the queue
    clone = Signal(str)
    edit = Signal(str)  # what it asks, and run again what failed
    menu = Signal(str, QPoint)  # the rest, at this place of the screen
    export = Signal(str, str)  # format, as in JobOptions


def add_exports(menu: QMenu, actions: JobActions, job_id: str) -> None:
    """An entry for each format."""
    for format, name in _FORMATS.items():
        menu.addAction(tr(name)).triggered.connect(lambda _=False, format=format: actions.export.emit(job_id, format))


def menu_for(parent: QWidget, actions: JobActions, job: JobView, *, is_top: bool, is_last: bool) -> QMenu:
    """`is_top`, `is_last`: where it stands among those that are not over."""
    menu = QMenu(parent)
    job_id = job.id
    if job.state not in OVER:
        first = menu.addAction(tr("No longer first") if job.is_first else tr("Put first"))
        first.triggered.connect(lambda: actions.put_first.emit(job_id, not job.is_first))
        up, down = menu.addAction(tr("Move up")), menu.addAction(tr("Move down"))
        up.setEnabled(not is_top)
        down.setEnabled(not is_last)
        up.triggered.connect(lambda: actions.move.emit(job_id, -1))
        down.triggered.connect(lambda: actions.move.emit(job_id, 1))
        menu.addSeparator()
    if job.kind in KIND_FACES:
        edit = menu.addAction(tr("Edit, and run the failed ones again…"))
        edit.setEnabled(job.items_failed > 0)
        edit.triggered.connect(lambda: actions.edit.emit(job_id))
        menu.addAction(tr("Make another like it…")).triggered.connect(lambda: actions.clone.emit(job_id))
    export = menu.addMenu(tr("Export results"))
    export.setEnabled(job.items_done > 0)
    add_exports(export, actions, job_id)
    return menu
