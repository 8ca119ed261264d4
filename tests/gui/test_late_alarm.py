"""The window's thread is late: its stack is in the log, once for each time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app.gui.late_alarm import LATE_SECONDS, LateAlarm

TEXT = "what somebody wrote"


@pytest.fixture
def alarm(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[LateAlarm]:
    made = LateAlarm(late_seconds=getattr(request, "param", LATE_SECONDS))
    made.start()
    qtbot.waitUntil(lambda: made._last_beat > 0)
    yield made
    made.stop()


def work_long(seconds: float, text: str = TEXT) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        text.upper()


def test_a_slot_that_takes_long_is_logged_with_its_stack(
    alarm: LateAlarm, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def said() -> list[str]:
        return [record.getMessage() for record in caplog.records]

    for n in (1, 2):  # at least: on a busy machine this thread is late by itself, too
        n_before = alarm.n_late
        QTimer.singleShot(0, lambda: work_long(LATE_SECONDS * 2.5))
        qtbot.waitUntil(lambda n=n: sum("in work_long" in one for one in said()) >= n)
        qtbot.waitUntil(lambda: "answers again" in said()[-1])
        assert alarm.n_late > n_before
        assert alarm.longest_seconds > LATE_SECONDS
    assert TEXT not in "".join(said())
    caplog.clear()


def test_a_stuck_thread_is_logged_while_it_is_stuck(alarm: LateAlarm, caplog: pytest.LogCaptureFixture) -> None:
    end = time.monotonic() + 20
    while not caplog.records and time.monotonic() < end:  # it is counted a moment before it is logged
        pass
    assert any("in test_a_stuck_thread" in record.getMessage() for record in caplog.records)
    caplog.clear()


@pytest.mark.parametrize("alarm", [1.5], indirect=True)  # late later than a busy machine makes this thread
def test_short_work_raises_no_alarm(alarm: LateAlarm, qtbot: QtBot) -> None:
    done: list[int] = []
    for n in range(8):
        QTimer.singleShot(0, lambda n=n: (work_long(1.5 / 8), done.append(n)))
    qtbot.waitUntil(lambda: len(done) == 8)
    beat = alarm._last_beat
    qtbot.waitUntil(lambda: alarm._last_beat > beat + 1.5)
    assert alarm.n_late == 0


def test_a_stopped_alarm_has_no_thread(alarm: LateAlarm, qtbot: QtBot) -> None:
    import threading

    alarm.stop()
    qtbot.waitUntil(lambda: not any(thread.name == "late alarm" for thread in threading.enumerate()))
