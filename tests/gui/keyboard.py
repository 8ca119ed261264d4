"""A person who has only a keyboard: keys go where the system would send them, to the window that is active.

Nothing here clicks, calls a slot or sets the focus; what a test reads of the window is only to wait and to compare.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

_MOST_TABS = 80
Key, Held = Qt.Key, Qt.KeyboardModifier


class Keyboard:
    """`main`: the window that a window manager makes active when a dialog of it has gone; offscreen there is none.

    `patience_ms`: how long something may take to come.
    """

    def __init__(self, main: QWidget, qtbot: QtBot, patience_ms: int) -> None:
        self._main, self._qtbot, self._patience_ms = main, qtbot, patience_ms

    def until(self, is_so: Callable[[], object]) -> None:
        self._qtbot.waitUntil(lambda: bool(is_so()), timeout=self._patience_ms)

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = Held.NoModifier, times: int = 1) -> None:
        for _ in range(times):
            QTest.keyClick(self._window(), key, held)

    def write(self, text: str) -> None:
        for letter in text:
            QTest.keyClick(self._window(), letter)

    def _window(self) -> QWindow:
        if QGuiApplication.focusWindow() is None:
            (QApplication.activeModalWidget() or self._main).activateWindow()
            self.until(QGuiApplication.focusWindow)
        window = QGuiApplication.focusWindow()
        assert window is not None
        return window

    @property
    def place(self) -> str:
        """What a screen reader says of where the keyboard is."""
        focused = QApplication.focusWidget()
        return _spoken(focused) if focused else ""

    def tab_to(self, name: str, *, back: bool = False) -> None:
        """Press Tab until what has the keyboard is called so, as soon as it is there to be seen."""
        self.until(lambda: any(one.isVisible() and _spoken(one).startswith(name) for one in QApplication.allWidgets()))
        passed = []
        for _ in range(_MOST_TABS):
            if self.place.startswith(name):
                return
            passed.append(self.place)
            self.press(Key.Key_Backtab if back else Key.Key_Tab, Held.ShiftModifier if back else Held.NoModifier)
        raise AssertionError(f"Tab does not come to {name!r}, only to {passed}")

    def choose(self, name: str) -> None:
        """Go down the menu that is open, and take what begins so."""
        self.until(QApplication.activePopupWidget)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        passed = []
        for _ in range(len(menu.actions())):
            self.press(Key.Key_Down)
            action = menu.activeAction()
            passed.append(action.text() if action is not None else "")
            if passed[-1].startswith(name):
                self.press(Key.Key_Return)
                return
        raise AssertionError(f"The menu has {passed}, and not {name!r}")

    def answer_file_dialog(self, path: Path) -> None:
        """Write the name of a file into Qt's own dialog, which has the keyboard in its line."""
        self.until(lambda: isinstance(QApplication.activeModalWidget(), QFileDialog))
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        self.until(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
        self.press(Key.Key_A, Held.ControlModifier)
        self.write(str(path))
        if QApplication.activePopupWidget() is not None:  # names that begin so: what was written is meant
            self.press(Key.Key_Escape)
        self.press(Key.Key_Return)
        self.until(lambda: QApplication.activeModalWidget() is None)


def _spoken(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else ""


def in_view(widget: QWidget | None) -> bool:
    return widget is not None and widget.isVisible() and bool(widget.visibleRegion())
