"""What covers the window while files are dragged over it: where they are let go says what becomes of them.

GUI thread only.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label
from app.gui.tongue import tr, trn


class DropChoice(Enum):
    """What becomes of what is let go."""

    CHAT = "chat"  # it goes with the next message
    SUMMARY = "summary"  # at once, in the background
    MORE = "more"  # the dialog of jobs


class DropOverlay(QWidget):
    """Lets the drag through to the window below it. `composer`: what is let go there is for the chat too."""

    def __init__(self, window: QWidget, composer: QWidget) -> None:
        super().__init__(window)
        self._composer = composer
        self.setObjectName("dropOverlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._count = label(tone="muted")
        self._chat = _box(tr("Add to this chat"), label(tr("It goes with your next message"), tone="muted"))
        self._summarize = _box(tr("Drop to summarise"), self._count)
        self._more = _box(tr("More…"), label(tr("Classify, extract, ask, or choose how"), tone="muted"))
        column = QVBoxLayout(self)
        column.setSpacing(16)
        column.addStretch(1)
        for box in (self._chat, self._summarize, self._more):
            column.addWidget(box, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.hide()

    def show_files(self, files: list[Path], *, has_choice: bool, has_chat: bool) -> None:
        """Cover the window. Without a choice, what is dropped anywhere else opens the dialog of jobs."""
        parent = self.parentWidget()
        assert parent is not None
        first, n_more = files[0].name, len(files) - 1
        self._count.setText(
            first if n_more == 0 else trn("{name} and {count} more", "{name} and {count} more", n_more, name=first)
        )
        self._summarize.setVisible(has_choice)
        self._chat.setVisible(has_chat)
        self.setGeometry(parent.rect())
        self.raise_()
        self.show()
        self.point_at(QPoint(-1, -1))

    def point_at(self, place: QPoint) -> None:
        """Mark the box that would take what is let go here."""
        choice = self.choice_at(place)
        boxes = {DropChoice.CHAT: self._chat, DropChoice.SUMMARY: self._summarize, DropChoice.MORE: self._more}
        for meant, box in boxes.items():
            is_marked = meant is choice
            if box.property("marked") != is_marked:
                box.setProperty("marked", is_marked)
                box.style().unpolish(box)
                box.style().polish(box)

    def choice_at(self, place: QPoint) -> DropChoice:
        """What is meant by letting go here."""
        if self.isHidden():
            return DropChoice.SUMMARY
        if not self._chat.isHidden() and (self._chat.geometry().contains(place) or self._composer_place(place)):
            return DropChoice.CHAT
        is_more = self._summarize.isHidden() or self._more.geometry().contains(place)
        return DropChoice.MORE if is_more else DropChoice.SUMMARY

    def _composer_place(self, place: QPoint) -> bool:
        composer = self._composer
        return composer.isVisible() and composer.rect().contains(composer.mapFrom(composer.window(), place))


def files_of(data: QMimeData) -> list[Path]:
    """The local files that are dragged; empty where it is something else."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def _box(title: str, line: QLabel) -> QFrame:
    box = QFrame()
    box.setObjectName("dropBox")
    box.setFixedWidth(400)
    inside = QVBoxLayout(box)
    inside.setContentsMargins(32, 24, 32, 24)
    inside.setSpacing(8)
    inside.addWidget(label(title, role=fonts.TITLE), 0, Qt.AlignmentFlag.AlignHCenter)
    inside.addWidget(line, 0, Qt.AlignmentFlag.AlignHCenter)
    return box
