"""A window of another program, from which a file can be dragged: `drag_source.py FILE`. At the screen's left top."""

from __future__ import annotations

import sys

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(sys.argv[1])])
        drag = QDrag(self)
        drag.setMimeData(data)
        action = drag.exec(Qt.DropAction.CopyAction)
        print("taken" if action == Qt.DropAction.CopyAction else "not taken", flush=True)


application = QApplication([])
source = Source("drag me")
source.setWindowTitle("drag source")
source.setWindowFlag(Qt.WindowType.FramelessWindowHint)
source.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint)
source.setGeometry(0, 0, 120, 60)
source.show()
print("shown", flush=True)
application.exec()
