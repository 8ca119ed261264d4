"""A word from the system's tray while the window is not in front: a job is ready. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from app.gui.icons import icon
from app.gui.theme import Theme

_SHOWN_MS = 10_000


class Tray(QObject):
    """Where there is no tray nothing happens. `clicked`: the person wants to see the window."""

    clicked = Signal()

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self._icon: QSystemTrayIcon | None = None

    def tell(self, sentence: str) -> None:
        """Show it, unless the window is in front anyway."""
        if self._window.isActiveWindow() or not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._icon is None:
            self._icon = QSystemTrayIcon(icon("circle-check", self._theme.tokens.accent, 32), self)
            self._icon.setToolTip("Rubato")
            self._icon.messageClicked.connect(self._take)
            self._icon.activated.connect(lambda _: self._take())
        self._icon.show()
        self._icon.showMessage("Rubato", sentence, self._icon.icon(), _SHOWN_MS)

    def forget(self) -> None:
        """The person is here: the tray has nothing more to say."""
        if self._icon is not None:
            self._icon.hide()

    def _take(self) -> None:
        self.forget()
        self.clicked.emit()
