"""A row of segments of which one is on. Tab reaches it, the arrow keys move in it. GUI thread only."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy

from app.gui import fonts
from app.gui.tongue import is_right_to_left, tr


class Segments(QFrame):
    """`options`: value to (name, tooltip), both marked. `chosen` has the value of the one that a person takes."""

    chosen = Signal(str)

    def __init__(self, name: str, options: Mapping[str, tuple[str, str]]) -> None:
        super().__init__()
        self.setObjectName("segments")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        fonts.set_role(self, fonts.SMALL)  # so that it hears of the zoom
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        for value, (text, tip) in options.items():
            button = self.buttons[value] = QPushButton()
            button.setCheckable(True)
            button.setAccessibleDescription(tr(tip))
            button.setToolTip(tr(tip))
            button.setAutoDefault(False)
            button.installEventFilter(self)
            button.clicked.connect(lambda _checked=False, value=value: self._choose(value))
            self._group.addButton(button)
            row.addWidget(button)
            self.set_text(value, tr(text))
        self.show_value(next(iter(options)))

    def set_text(self, value: str, text: str) -> None:
        """Name a segment anew."""
        button = self.buttons[value]
        if button.text() == text:
            return
        button.setText(text)
        button.setAccessibleName(f"{self.accessibleName()}: {text}")
        button.setFixedWidth(QFontMetrics(fonts.font(fonts.SMALL_STRONG)).horizontalAdvance(text) + 28)

    @property
    def value(self) -> str:
        """The one that is on."""
        return next(value for value, button in self.buttons.items() if button.isChecked())

    def show_value(self, value: str) -> None:
        """Turn one on without a word."""
        self.buttons[value].setChecked(True)
        self._mark()

    def _mark(self) -> None:
        for button in self.buttons.values():
            is_on = button.isChecked()
            fonts.set_role(button, fonts.SMALL_STRONG if is_on else fonts.SMALL)
            strong = QFontMetrics(fonts.font(fonts.SMALL_STRONG))
            button.setFixedWidth(strong.horizontalAdvance(button.text()) + 28)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_on else Qt.FocusPolicy.ClickFocus)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_group"):
            self._mark()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """The ring stands around the whole row, where it can be seen beside the segment that is filled.

        With another theme Qt gives each button the font back that it had at first.
        """
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        elif event.type() is QEvent.Type.StyleChange:
            self._mark()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if any(button.hasFocus() for button in self.buttons.values()):
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
            painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is not None and is_right_to_left() and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = -step
        if step is None:
            super().keyPressEvent(event)
            return
        values = list(self.buttons)
        wanted = values[(values.index(self.value) + step) % len(values)]
        self._choose(wanted)
        self.buttons[wanted].setFocus()

    def _choose(self, value: str) -> None:
        self.show_value(value)
        self.chosen.emit(value)
