"""What is dragged over the window and let go on it: files, and summaries for the chat. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from app.gui.drop_overlay import DropChoice, DropOverlay, files_of
from app.gui.new_job.desk import are_tables
from app.gui.summary_drag import summary_of


class Drops(QObject):
    """Takes part in the window's events. `has_chat` says whether a chat is in view, for which a summary can be."""

    summarize_asked = Signal(list)  # files, at once
    job_asked = Signal(list)  # files, for the dialog
    attach_asked = Signal(list)  # files, for the chat that is in view
    summary_dropped = Signal(str, int)  # a job's id, a document's place

    def __init__(self, window: QWidget, composer: QWidget, has_chat: Callable[[], bool]) -> None:
        super().__init__(window)
        self.overlay = DropOverlay(window, composer)
        self._has_chat = has_chat
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.DragEnter if isinstance(event, QDragEnterEvent):
                self._enter(event)
            case QEvent.Type.DragMove if isinstance(event, QDragMoveEvent):
                event.acceptProposedAction()
                self.overlay.point_at(event.position().toPoint())
            case QEvent.Type.DragLeave:
                self.overlay.hide()
            case QEvent.Type.Drop if isinstance(event, QDropEvent):
                self._drop(event)
            case QEvent.Type.Resize if isinstance(watched, QWidget):
                self.overlay.setGeometry(watched.rect())
                return False
            case _:
                return False
        return True

    def _enter(self, event: QDragEnterEvent) -> None:
        event.ignore()
        if files := files_of(event.mimeData()):
            event.acceptProposedAction()
            self.overlay.show_files(files, has_choice=not are_tables(files), has_chat=self._has_chat())
        elif summary_of(event.mimeData()) and self._has_chat():
            event.acceptProposedAction()

    def _drop(self, event: QDropEvent) -> None:
        choice = self.overlay.choice_at(event.position().toPoint())
        self.overlay.hide()
        if files := files_of(event.mimeData()):
            event.acceptProposedAction()
            asked = {DropChoice.CHAT: self.attach_asked, DropChoice.SUMMARY: self.summarize_asked}
            asked.get(choice, self.job_asked).emit(files)
        elif summary := summary_of(event.mimeData()):
            event.acceptProposedAction()
            self.summary_dropped.emit(*summary)
