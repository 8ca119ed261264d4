"""Something that is hidden until it is asked for, below a line that says what it is. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import button
from app.gui.icons import set_icon
from app.gui.theme import Theme
from app.gui.tongue import tr


class Disclosure(QWidget):
    """`opened` is emitted each time it is shown."""

    opened = Signal()

    def __init__(self, theme: Theme, title: str, content: QWidget) -> None:
        super().__init__()
        self._theme, self._content = theme, content
        self._title = title
        self._button = button(title, lambda: self.set_open(not self.is_open), kind="quiet", role=fonts.SMALL_STRONG)
        self._button.setObjectName("disclosure")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._button)
        column.addWidget(content)
        content.hide()
        theme.changed.connect(self._show_state)
        self._show_state()

    @property
    def is_open(self) -> bool:
        return self._content.isVisibleTo(self)

    def set_open(self, is_open: bool) -> None:
        self._content.setVisible(is_open)
        self._show_state()
        if is_open:
            self.opened.emit()

    def set_title(self, title: str) -> None:
        self._title = title
        self._button.setText(title)
        self._show_state()

    def _show_state(self) -> None:
        name = "chevron-down" if self.is_open else "chevron-right"
        set_icon(self._button, name, self._theme.tokens.muted)
        self._button.setAccessibleName(f"{self._title}, {tr('shown') if self.is_open else tr('hidden')}")
