"""A part of the lab's page: a title, a sentence of what it is for, and what belongs to it. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label
from app.gui.flow import FlowLayout


class Card(QFrame):
    """`column` takes the content."""

    def __init__(self, title: str, means: str) -> None:
        super().__init__()
        self.setProperty("card", True)
        self.setAccessibleName(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 16, 20, 16)
        self.column.setSpacing(12)
        head = QVBoxLayout()
        head.setSpacing(4)
        head.addWidget(label(title, role=fonts.BRAND))
        head.addWidget(label(means, tone="muted", wraps=True))
        self.column.addLayout(head)


def flow_of(*parts: QWidget) -> FlowLayout:
    """Side by side, and below each other where there is no room."""
    made = FlowLayout()
    for part in parts:
        made.addWidget(part)
    return made
