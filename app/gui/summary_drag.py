"""A summary that is dragged: which one it is, and for other programs its text. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

_TYPE = "application/x-rubato-summary"


def mime_of(job_id: str, document: int, markdown: str = "") -> QMimeData:
    """`document`: its place in the job; -1: all together."""
    made = QMimeData()
    made.setData(_TYPE, f"{document} {job_id}".encode())
    if markdown:
        made.setData("text/markdown", markdown.encode())
        made.setText(markdown)
    return made


def summary_of(mime: QMimeData) -> tuple[str, int] | None:
    """The job and the document that are dragged; None where it is something else."""
    if not mime.hasFormat(_TYPE):
        return None
    document, _, job_id = bytes(mime.data(_TYPE).data()).decode().partition(" ")
    return job_id, int(document)


class Draggable(QObject):
    """Makes a widget something that can be dragged; a click on it stays a click. `mime` is None while it can't be."""

    def __init__(self, widget: QWidget, mime: Callable[[], QMimeData | None]) -> None:
        super().__init__(widget)
        self._mime = mime
        self._pressed: QPoint | None = None
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and isinstance(watched, QWidget):
            if event.type() is QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._pressed = event.position().toPoint()
            elif event.type() is QEvent.Type.MouseMove and self._has_gone_far(event):
                self._pressed = None
                return self._drag(watched)
        return False

    def _has_gone_far(self, event: QMouseEvent) -> bool:
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return False
        way = (event.position().toPoint() - self._pressed).manhattanLength()
        return way >= QApplication.startDragDistance()

    def _drag(self, widget: QWidget) -> bool:
        """Until it is dropped somewhere; the window goes on meanwhile."""
        if (mime := self._mime()) is None:
            return False
        if isinstance(widget, QAbstractButton):
            widget.setDown(False)
        drag = QDrag(widget)
        drag.setMimeData(mime)
        drag.exec(Qt.DropAction.CopyAction)
        return True
