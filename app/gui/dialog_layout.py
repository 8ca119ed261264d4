"""How a dialog is laid out: a title, a column that scrolls, its buttons at the foot. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label
from app.gui.down_area import DownArea

_AROUND_PX = 80  # of the screen, for the frame of the window and the system's bars


class ColumnArea(DownArea):
    """It is as wide as its content needs."""

    def minimumSizeHint(self) -> QSize:
        inside = self.widget()
        least = inside.minimumSizeHint().width() if inside is not None else 0
        return QSize(least + self.verticalScrollBar().sizeHint().width(), super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(self.minimumSizeHint())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.widget() and event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


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
    area = ColumnArea()
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


def fit(dialog: QDialog, inside: QWidget, *, least: int = 0) -> None:
    """As large as its content, as far as the screen goes: what is more scrolls, and the buttons stay in view.

    `least`: pixels that it is wide at least. After `lay_out`, and again when something has been shown or hidden.
    """
    room = dialog.screen().availableGeometry().size()
    area = dialog.findChild(ColumnArea)
    layout = inside.layout()
    assert area is not None
    assert layout is not None
    layout.invalidate()
    around = dialog.sizeHint().height() - area.sizeHint().height()
    width = min(max(least, inside.sizeHint().width()), room.width() - _AROUND_PX)
    wanted = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else inside.sizeHint().height()
    height = min(around + wanted, room.height() - _AROUND_PX)
    if height < around + wanted:
        width += area.verticalScrollBar().sizeHint().width()
    dialog.resize(min(width, room.width() - _AROUND_PX), height)
