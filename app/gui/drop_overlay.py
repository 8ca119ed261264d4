"""What covers the window while files are dragged over it: where they are let go says what becomes of them.

GUI thread only.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label
from app.gui.tongue import tr, trn


class DropOverlay(QWidget):
    """Lets the drag through to the window below it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("dropOverlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._count = label(tone="muted")
        self._summarize = _box(tr("Drop to summarise"), self._count)
        self._more = _box(tr("More…"), label(tr("Classify, extract, ask, or choose how"), tone="muted"))
        column = QVBoxLayout(self)
        column.setSpacing(16)
        column.addStretch(1)
        for box in (self._summarize, self._more):
            column.addWidget(box, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.hide()

    def show_files(self, files: list[Path], *, has_choice: bool) -> None:
        """Cover the window. Without a choice, what is dropped anywhere opens the dialog."""
        parent = self.parentWidget()
        assert parent is not None
        first, n_more = files[0].name, len(files) - 1
        self._count.setText(
            first if n_more == 0 else trn("{name} and {count} more", "{name} and {count} more", n_more, name=first)
        )
        self._summarize.setVisible(has_choice)
        self.setGeometry(parent.rect())
        self.raise_()
        self.show()
        self.point_at(QPoint(-1, -1))

    def point_at(self, place: QPoint) -> None:
        """Mark the box that would take what is let go here."""
        wants_more = self.wants_more(place)
        for box, is_marked in ((self._summarize, not wants_more), (self._more, wants_more)):
            if box.property("marked") != is_marked:
                box.setProperty("marked", is_marked)
                box.style().unpolish(box)
                box.style().polish(box)

    def wants_more(self, place: QPoint) -> bool:
        """The dialog is wanted, and not a summary at once."""
        return self.isVisible() and (self._summarize.isHidden() or self._more.geometry().contains(place))


def files_of(data: QMimeData) -> list[Path]:
    """The local files that are dragged; empty where it is something else."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def _box(title: str, line: QLabel) -> QFrame:
    box = QFrame()
    box.setObjectName("dropBox")
    box.setFixedWidth(400)
    inside = QVBoxLayout(box)
    inside.setContentsMargins(32, 32, 32, 32)
    inside.setSpacing(8)
    inside.addWidget(label(title, role=fonts.TITLE), 0, Qt.AlignmentFlag.AlignHCenter)
    inside.addWidget(line, 0, Qt.AlignmentFlag.AlignHCenter)
    return box
