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
def alarm(qtbot: QtBot) -> Iterator[LateAlarm]:
    made = LateAlarm()
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
    for n in (1, 2):
        QTimer.singleShot(0, lambda: work_long(LATE_SECONDS * 2.5))
        qtbot.waitUntil(lambda n=n: alarm.n_late == n and alarm.longest_seconds > LATE_SECONDS)
        qtbot.waitUntil(lambda n=n: len(caplog.records) == 2 * n)
    said = [record.getMessage() for record in caplog.records]
    assert "in work_long" in said[0]
    assert "in work_long" in said[2]
    assert TEXT not in "".join(said)
    assert "answers again" in said[1]
    caplog.clear()


def test_a_stuck_thread_is_logged_while_it_is_stuck(alarm: LateAlarm, caplog: pytest.LogCaptureFixture) -> None:
    end = time.monotonic() + 20
    while not caplog.records and time.monotonic() < end:  # it is counted a moment before it is logged
        pass
    assert "in test_a_stuck_thread" in caplog.records[0].getMessage()
    caplog.clear()


def test_short_work_raises_no_alarm(alarm: LateAlarm, qtbot: QtBot) -> None:
    done: list[int] = []
    for n in range(8):
        QTimer.singleShot(0, lambda n=n: (work_long(LATE_SECONDS / 8), done.append(n)))
    qtbot.waitUntil(lambda: len(done) == 8)
    beat = alarm._last_beat
    qtbot.waitUntil(lambda: alarm._last_beat > beat + 3 * LATE_SECONDS)
    assert alarm.n_late == 0


def test_a_stopped_alarm_has_no_thread(alarm: LateAlarm, qtbot: QtBot) -> None:
    import threading

    alarm.stop()
    qtbot.waitUntil(lambda: not any(thread.name == "late alarm" for thread in threading.enumerate()))
