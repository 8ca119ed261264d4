"""The icon in the system's tray: its menu, and a word while the window is not in front. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon, QWidget

from app.gui.theme import Theme
from app.gui.tongue import tr

_SHOWN_MS = 10_000


class Tray(QObject):
    """Where there is no tray nothing happens. `clicked`: the person wants to see the window."""

    clicked = Signal()
    quick_ask_asked = Signal()
    new_chat_asked = Signal()
    pause_asked = Signal(bool)  # pause the jobs, or let them go on
    quit_asked = Signal()

    def __init__(self, window: QWidget, theme: Theme, jobs_go_on: Callable[[], bool | None]) -> None:
        """`jobs_go_on`: do any jobs go on now? None: there are none that could."""
        super().__init__(window)
        self._window, self._jobs_go_on = window, jobs_go_on
        self._icon: QSystemTrayIcon | None = None
        self.menu = QMenu(window)
        self._add(tr("Open Rubato"), self._take)
        self._add(tr("Quick ask"), self.quick_ask_asked.emit)
        self._add(tr("New chat"), self.new_chat_asked.emit)
        self.menu.addSeparator()
        self.pause = self._add(tr("Pause jobs"), self._pause_or_resume)
        self.menu.addSeparator()
        self._add(tr("Quit"), self.quit_asked.emit)
        self.menu.aboutToShow.connect(self.refresh)

    def start(self) -> None:
        """Show the icon, where there is a place for it."""
        if self._icon is None and QSystemTrayIcon.isSystemTrayAvailable():
            self._icon = QSystemTrayIcon(QApplication.windowIcon(), self)
            self._icon.setToolTip("Rubato")
            self._icon.setContextMenu(self.menu)
            self._icon.messageClicked.connect(self._take)
            self._icon.activated.connect(self._activated)
            self._icon.show()

    def stop(self) -> None:
        """The program ends."""
        if self._icon is not None:
            self._icon.hide()

    def tell(self, sentence: str) -> None:
        """Show it, unless the window is in front anyway."""
        if self._icon is not None and not self._window.isActiveWindow():
            self._icon.showMessage("Rubato", sentence, self._icon.icon(), _SHOWN_MS)

    def refresh(self) -> None:
        """What the menu says of the jobs."""
        go_on = self._jobs_go_on()
        self.pause.setEnabled(go_on is not None)
        self.pause.setText(tr("Resume jobs") if go_on is False else tr("Pause jobs"))

    def _pause_or_resume(self) -> None:
        if (go_on := self._jobs_go_on()) is not None:
            self.pause_asked.emit(go_on)

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self._take()

    def _take(self) -> None:
        self.clicked.emit()

    def _add(self, text: str, do: Callable[[], object]) -> QAction:
        action = self.menu.addAction(text)
        action.triggered.connect(lambda: do())
        return action
