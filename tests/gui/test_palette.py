"""What is typed in Ctrl+K is searched for at once, one text at a time."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.chat_views import ChatView, SearchHit
from app.errors import ErrorKind, KnownError
from app.gui.palette import Palette
from app.gui.theme import Theme
from tests.gui.conftest import Desk
from tests.gui.scripted_core import NOW

HIT = SearchHit(chat=ChatView(id="c", title="Lease", updated_seconds=NOW), message_id="", snippet="Lease")


class Searched:
    """The palette, and what it asked for."""

    def __init__(self, theme: Theme, qtbot: QtBot) -> None:
        self._window, self._qtbot = QWidget(), qtbot
        qtbot.addWidget(self._window)
        self._window.resize(800, 600)
        self._window.show()
        self.palette = palette = Palette(self._window, theme)
        self.asked: list[str] = []
        palette.search_asked.connect(self.asked.append)
        palette.open((), ())

    def type(self, text: str) -> None:
        self._qtbot.keyClicks(self.palette.line, text)

    def until_asked(self, *texts: str) -> None:
        self._qtbot.waitUntil(lambda: self.asked == list(texts), timeout=5_000)

    @property
    def found(self) -> list[str]:
        return [entry.text for entry in self.palette.entries]


@pytest.fixture
def searched(qtbot: QtBot, theme: Theme) -> Searched:
    return Searched(theme, qtbot)


def test_while_a_search_is_under_way_only_the_newest_text_waits(searched: Searched) -> None:
    searched.type("l")
    searched.until_asked("l")
    for letter in "ease":
        searched.type(letter)
        QApplication.processEvents()
    assert searched.asked == ["l"]
    searched.palette.show_hits("l", [HIT])
    searched.until_asked("l", "lease")
    assert searched.found == []  # what was found for one letter is not shown for five
    searched.palette.show_hits("lease", [HIT])
    assert searched.found == ["Lease"]
    searched.type(" ")
    searched.type("r")
    searched.until_asked("l", "lease", "lease r")


def test_a_search_that_failed_is_no_end_of_searching(desk: Desk) -> None:
    desk.core.add_chat("lease", "Lease", ("user", "x"))
    desk.core.error, desk.core.refused = KnownError(ErrorKind.DISK_FULL, "The disk is away."), ("search",)
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = desk.window.palette_box
    desk.qtbot.keyClicks(palette.line, "lea")
    desk.until(lambda: desk.window.notices.sentences == ["The disk is away."])
    desk.core.error = None
    desk.qtbot.keyClicks(palette.line, "se")
    desk.until(lambda: [entry.text for entry in palette.entries] == ["Lease"])


def test_it_is_opened_anew_while_a_search_is_under_way(searched: Searched) -> None:
    searched.type("l")
    searched.until_asked("l")
    searched.palette.close_palette()
    searched.palette.open((), ())
    searched.type("rent")
    searched.palette.show_hits("l", [HIT])
    searched.until_asked("l", "rent")
    assert searched.found == []
