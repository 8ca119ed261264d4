"""The way back from a page that stands in place of the chat: an arrow and a word. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy

from app.gui import fonts
from app.gui.icons import set_icon
from app.gui.theme import Theme
from app.gui.tongue import tr


class BackButton(QPushButton):
    """In the colours of the theme and as large as the type."""

    def __init__(self, theme: Theme, do: Callable[[], object]) -> None:
        super().__init__(tr("Back"))
        self._theme = theme
        self.setProperty("kind", "quiet")
        self.setAccessibleName(tr("Back to the chat"))
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        fonts.set_role(self, fonts.UI)
        self.clicked.connect(lambda: do())
        theme.changed.connect(self._tint)
        self._tint()

    def _tint(self) -> None:
        set_icon(self, "arrow-left", self._theme.tokens.muted)
