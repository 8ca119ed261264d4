"""The window offscreen, over a core that does what the test says. An unexpected warning of Qt's is a failure."""

from __future__ import annotations

import gc
import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.gui.app import make_app
from app.gui.bridge import Bridge
from app.gui.theme import Theme
from app.gui.transcript.formulas import formulas
from app.gui.window import Window
from app.settings import Settings
from tests.gui.scripted_core import ScriptedCore

PATIENCE_MS = 60_000


@pytest.fixture(scope="session")
def qapp() -> Iterator[QApplication]:
    """The program's own application object, with its fonts and its handler of Qt's messages."""
    app = make_app(["rubato"])
    yield app
    formulas().end()


class PatientBot(QtBot):
    """Waits longer than the usual 5 seconds: on a busy machine a process may take that to start."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """What is to be deleted later is deleted with its test: no event loop comes back to do it, and each theme and each
    change of direction would go on dressing it.
    """
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    theme = Theme(qapp, "light")
    yield theme
    theme.deleteLater()


@pytest.fixture(autouse=True)
def no_qt_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail on what Qt complains about, unless the test cleared it from caplog."""
    caplog.set_level("DEBUG", logger="rubato")
    yield
    complaints = [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert not complaints


def add_window(window: Window, bridge: Bridge, qtbot: QtBot) -> None:
    """It is closed at the end of the test, and deleted when nothing can arrive for it any more."""

    def end(_: object) -> None:
        window.close()
        closed: list[bool] = []
        bridge.close(lambda: closed.append(True))
        qtbot.waitUntil(lambda: bool(closed))

    qtbot.addWidget(window, before_close_func=end)


@dataclass
class Desk:
    """A window, the core below it and what waits for both."""

    window: Window
    core: ScriptedCore
    bridge: Bridge
    qtbot: QtBot

    def until(self, is_so: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(is_so()))


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    """The window is up and Core has answered what it asks at first: what a test says comes after that."""
    made: list[ScriptedCore] = []
    up: list[bool] = []
    bridge = Bridge(lambda sink: made.append(ScriptedCore(sink)) or made[-1])
    window = Window(bridge, theme, Settings())
    add_window(window, bridge, qtbot)
    window.show()
    bridge.start(done=lambda: (window.start(), bridge.call(lambda core: None, done=lambda _: up.append(True))))
    qtbot.waitUntil(lambda: bool(up))
    return Desk(window, made[0], bridge, qtbot)


@pytest.fixture
def no_garbage() -> Iterator[None]:
    """For tests that parse sources. What the collector ends may have a traceback written, which is parsed too:
    CPython 3.11 then raises SystemError for the outer one (AST constructor recursion depth mismatch).
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()
