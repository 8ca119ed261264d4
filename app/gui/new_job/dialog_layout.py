"""How a dialog about a job is laid out: a title, a column that scrolls, its buttons at the foot. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label


def column_inside() -> tuple[QWidget, QVBoxLayout]:
    """What scrolls, and its layout to be filled."""
    inside = QWidget()
    inside.setObjectName("column")
    column = QVBoxLayout(inside)
    column.setContentsMargins(24, 0, 24, 8)
    column.setSpacing(16)
    return inside, column


def lay_out(dialog: QDialog, title: str, inside: QWidget, *buttons: QPushButton) -> None:
    """`buttons` from left to right, at the right edge."""
    area = QScrollArea()
    area.setObjectName("dialogArea")
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    foot = QHBoxLayout()
    foot.setContentsMargins(24, 0, 24, 0)
    foot.addStretch()
    for made in buttons:
        foot.addWidget(made)
    head = label(title, role=fonts.TITLE, wraps=True)
    head.setContentsMargins(24, 0, 24, 0)
    whole = QVBoxLayout(dialog)
    whole.setContentsMargins(0, 20, 0, 20)
    whole.setSpacing(16)
    whole.addWidget(head)
    whole.addWidget(area, 1)
    whole.addLayout(foot)
