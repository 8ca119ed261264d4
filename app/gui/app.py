"""The program with its window: made here, run here, ended here. The main thread is the GUI thread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent, QIcon
from PySide6.QtWidgets import QApplication, QMessageBox

from app.errors import KnownError
from app.gui import fonts, tongue
from app.gui.bridge import Bridge
from app.gui.core_words import retold
from app.gui.late_alarm import LateAlarm
from app.gui.painted import when_painted
from app.gui.qt_messages import log_qt_messages
from app.gui.signals import Signals
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.window import Window
from app.paths import resource
from app.settings import Settings

if TYPE_CHECKING:
    from app.core.core import Core, EventSink


UNSEEN_MS = 500  # the core starts then also where the window is on another desktop, and never painted


class Application(QApplication):
    """On a Mac, files that are opened with the program come as events: one a file, the first before there is a window.

    `files_asked` when there are some to be taken.
    """

    files_asked = Signal()

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self._files: list[Path] = []

    def take_files(self) -> list[Path]:
        """Those that came since the last time."""
        taken, self._files = self._files, []
        return taken

    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QFileOpenEvent) or not event.file():
            return super().event(event)
        self._files.append(Path(event.file()))
        if len(self._files) == 1:
            QTimer.singleShot(0, self.files_asked.emit)  # others come together with it
        return True


def run(
    make_core: Callable[[EventSink], Core],
    settings: Settings,
    files: Sequence[Path] = (),
    ask: str | None = None,
    *,
    shown: Callable[[Window], None] | None = None,
) -> int:
    """Show the window until it is closed and Core has ended; the exit code.

    `make_core` is called on the core thread. `settings` is the core's own object: it changes and writes it, the
    window reads it. `files` are opened in it at once; `ask`: the quick ask is shown, with this question or none.
    `shown` is called with the window before its first paint.
    """
    app = make_app(sys.argv[:1], settings.language)
    theme = Theme(app, settings.theme)
    bridge = Bridge(make_core)
    window = Window(bridge, theme, settings)
    window.show()
    if shown is not None:
        shown(window)

    def start() -> None:
        window.start([*files, *app.take_files()], ask)
        app.files_asked.connect(lambda: open_files(window, app.take_files()))

    def begin() -> None:
        if not bridge.has_started:
            bridge.start(done=start, failed=lambda error: _say_at_start(window, error))

    when_painted(window, begin)  # its imports would hold Python's lock while the window is drawn
    QTimer.singleShot(UNSEEN_MS, begin)
    Signals(app, window.close)
    app.lastWindowClosed.connect(lambda: bridge.close(app.quit))
    alarm = LateAlarm(app)
    alarm.start()
    code = app.exec()
    alarm.stop()
    return code


def open_files(window: Window, files: list[Path]) -> None:
    """In front of everybody: somebody has just asked for it."""
    if files:
        window.bring_up()
        window.new_job(files)


def show_problem(sentence: str) -> None:
    """Why there is no window, in one of its own; returns when it was closed."""
    app = make_app(sys.argv[:1])
    Theme(app, "system")
    box = QMessageBox(QMessageBox.Icon.Warning, "Rubato", retold(sentence))
    box.setAccessibleName(tr("Problem"))
    box.exec()


def make_app(arguments: list[str], language: str = "") -> Application:
    """Qt's application with the program's fonts, names and language; ends only when the bridge has closed."""
    log_qt_messages()
    app = Application(arguments)
    app.setApplicationName("rubato")
    app.setApplicationDisplayName("Rubato")
    app.setDesktopFileName("rubato")
    app.setWindowIcon(QIcon(str(resource("assets", "rubato.svg"))))
    app.setStyle("Fusion")
    app.setQuitOnLastWindowClosed(False)
    tongue.speak(app, language)
    fonts.load(app)
    return app


def _say_at_start(window: Window, error: KnownError) -> None:
    window.notices.show_notice(error.sentence, tone="danger", key="start")
