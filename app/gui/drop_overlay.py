"""What covers the window while files are dragged over it: where they are let go says what becomes of them.

GUI thread only.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label
from app.gui.composer.attachments import shortened
from app.gui.page import MARGIN
from app.gui.tongue import tr, trn

_WIDTH, _LETTERS = 400, 48  # of a box; of a file's name


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
        self._names = label(role=fonts.UI_STRONG)
        self._chat = _box(tr("Add to this chat"), tr("It goes with your next message"))
        self._summarize = _box(tr("Summarise in the background"), tr("The chat stays free meanwhile"))
        self._more = _box(tr("Another job…"), tr("Classify, extract, ask, or choose how"))
        self._boxes = (self._chat, self._summarize, self._more)
        column = QVBoxLayout(self)
        column.setSpacing(16)
        column.addStretch(1)
        for part in (self._names, *self._boxes):
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.hide()

    def show_files(self, files: list[Path], *, has_choice: bool, has_chat: bool) -> None:
        """Cover the window. Without a choice, what is dropped anywhere else opens the dialog of jobs."""
        parent = self.parentWidget()
        assert parent is not None
        first, n_more = files[0].name, len(files) - 1
        name = shortened(first, _LETTERS)
        self._names.setText(
            name if n_more == 0 else trn("{name} and {count} more", "{name} and {count} more", n_more, name=name)
        )
        for box in self._boxes:
            box.setFixedWidth(min(fonts.scaled(_WIDTH), parent.width() - 2 * MARGIN))
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


def _box(title: str, means: str) -> QFrame:
    box = QFrame()
    box.setObjectName("dropBox")
    inside = QVBoxLayout(box)
    inside.setContentsMargins(24, 20, 24, 20)
    inside.setSpacing(8)
    for line in (label(title, role=fonts.TITLE, wraps=True), label(means, tone="muted", wraps=True)):
        line.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside.addWidget(line)
    return box
