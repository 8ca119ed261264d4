"""What covers the window while files are dragged over it. GUI thread only."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label


class DropOverlay(QWidget):
    """Lets the drag through to the window below it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("dropOverlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QFrame()
        box.setObjectName("dropBox")
        self._count = label(tone="muted")
        inside = QVBoxLayout(box)
        inside.setContentsMargins(64, 40, 64, 40)
        inside.setSpacing(8)
        inside.addWidget(label("Drop to summarise", role=fonts.TITLE), 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addWidget(self._count, 0, Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.addWidget(box, 0, Qt.AlignmentFlag.AlignCenter)
        self.hide()

    def show_files(self, files: list[Path]) -> None:
        """Cover the window."""
        parent = self.parentWidget()
        assert parent is not None
        first = files[0].name
        self._count.setText(first if len(files) == 1 else f"{first} and {len(files) - 1} more")
        self.setGeometry(parent.rect())
        self.raise_()
        self.show()


def files_of(data: QMimeData) -> list[Path]:
    """The local files that are dragged; empty where it is something else."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
