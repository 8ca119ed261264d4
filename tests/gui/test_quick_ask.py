"""The quick ask over the real Core and the fake engine: ask, go on, close, open the chat; and the tray's menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.core.chat_views import ChatView
from app.core.core import Core
from app.core.events import JobChanged, JobRemoved
from app.core.views import JobState
from app.engine.fake import fake_engine
from app.engine.process.fake_llama import reply_to
from app.errors import ErrorKind, KnownError
from app.gui.bridge import Bridge
from app.gui.global_key import parsed
from app.gui.theme import Theme
from app.gui.window import Window
from app.paths import profile_paths
from app.settings import Settings
from tests.gui.conftest import Desk, add_window
from tests.gui.scripted_core import job
from tests.processes.program import ENDLESS


@dataclass
class Program:
    window: Window
    bridge: Bridge
    qtbot: QtBot

    def until(self, is_so: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(is_so()))

    def chats(self) -> list[ChatView]:
        got: list[list[ChatView]] = []
        self.bridge.call(lambda core: core.chats(), done=got.append)
        self.until(lambda: got)
        return got[0]


@pytest.fixture
def program(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Program:
    model = tmp_path / "fake.gguf"
    model.touch()
    settings = Settings(makes_titles=False)

    def make(sink: Callable[[object], None]) -> Core:
        return Core(profile_paths(tmp_path / "profile"), fake_engine(), sink, settings=settings, model=model)

    bridge = Bridge(make)
    window = Window(bridge, theme, settings)
    add_window(window, bridge, qtbot)
    qtbot.addWidget(window.summons.quick_ask)
    window.show()
    up: list[bool] = []
    bridge.start(done=lambda: (window.start(), up.append(True)))
    qtbot.waitUntil(lambda: bool(up))
    return Program(window, bridge, qtbot)


def test_a_question_is_answered_by_keyboard_alone_and_is_a_chat_in_the_sidebar(program: Program) -> None:
    quick, qtbot = program.window.summons.quick_ask, program.qtbot
    quick.summon()
    qtbot.keyClicks(quick.text, "Hello [[say first answer]]")
    qtbot.keyClick(quick.text, Qt.Key.Key_Return)
    program.until(lambda: "first answer" in quick.answer.toPlainText())
    program.until(lambda: not quick._is_writing)
    qtbot.keyClicks(quick.text, "More [[say second answer]]")
    qtbot.keyClick(quick.text, Qt.Key.Key_Return)
    program.until(lambda: "second answer" in quick.answer.toPlainText())
    assert "first" not in quick.answer.toPlainText()
    (chat,) = program.chats()
    assert not chat.is_temporary
    qtbot.keyClick(quick.text, Qt.Key.Key_Escape)
    assert not quick.isVisible()
    quick.summon()
    assert quick.chat_id == "", "the next question is a chat of its own"
    assert quick.answer.toPlainText() == ""


def test_the_chat_opens_in_the_window_while_it_is_answered(program: Program) -> None:
    quick, window = program.window.summons.quick_ask, program.window
    quick.summon(ENDLESS)
    program.until(lambda: quick.answer.toPlainText())
    quick._open.click()
    assert not quick.isVisible()
    program.until(lambda: window.conversation.chat_id == quick.chat_id)
    program.until(lambda: len(window.conversation.transcript.messages) == 2)


def test_closing_it_does_not_stop_the_reply_and_stop_does(program: Program, tmp_path: Path) -> None:
    quick, go_on = program.window.summons.quick_ask, tmp_path / "go on"
    long = f"Long [[until {go_on}]]"
    quick.summon(long)
    program.until(lambda: quick.answer.toPlainText())
    quick.hide()
    go_on.touch()
    program.until(lambda: not quick._is_writing)
    assert quick.answer.toPlainText() == reply_to(long)
    quick.summon("Stall [[say a]] [[stall]]")
    program.until(lambda: quick._stop.isVisible() and quick._reply_id)
    quick._stop.click()
    program.until(lambda: not quick._is_writing)


def test_what_can_not_be_sent_comes_back_with_its_reason(desk: Desk) -> None:
    quick = desk.window.summons.quick_ask
    desk.qtbot.addWidget(quick)
    desk.core.error = KnownError(ErrorKind.DISK_FULL, "The disk is full.")
    desk.core.refused = ("send",)
    quick.summon("Precious")
    desk.until(lambda: quick.text.toPlainText() == "Precious")
    assert quick._said.text() == "The disk is full."


def test_the_tray_pauses_the_jobs_and_lets_them_go_on(desk: Desk) -> None:
    tray = desk.window.summons.tray
    desk.core.emit(JobChanged(job=job("j", "Work", JobState.RUNNING)))
    desk.until(lambda: desk.window.job_desk.job("j"))
    tray.refresh()
    assert tray.pause.isEnabled()
    assert tray.pause.text() == "Pause jobs"
    desk.core.emit(JobChanged(job=job("j", "Work", JobState.PAUSED)))
    desk.until(lambda: tray.refresh() or tray.pause.text() == "Resume jobs")
    desk.core.emit(JobRemoved(job_id="j"))
    desk.until(lambda: tray.refresh() or not tray.pause.isEnabled())


@pytest.mark.parametrize(
    ("shortcut", "modifiers", "symbol"),
    [("Ctrl+Alt+Space", 12, 0x20), ("Meta+A", 64, ord("a")), ("Shift+F5", 1, 0xFFC2), ("Ctrl+-", 4, ord("-"))],
)
def test_keys_are_what_the_x_server_calls_them(shortcut: str, modifiers: int, symbol: int) -> None:
    assert parsed(shortcut) == (modifiers, symbol)
