"""Two threads that meet in one place: calls down, events and results up, nothing waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from app.core.events import Event, ReplyGrew, StatusChanged
from app.core.views import StatusView
from app.errors import ErrorKind, KnownError
from app.gui.bridge import DELIVERY_MS, Bridge
from tests.gui.scripted_core import ScriptedCore


@pytest.fixture
def made() -> list[ScriptedCore]:
    return []


@pytest.fixture
def bridge(qtbot: QtBot, made: list[ScriptedCore], request: pytest.FixtureRequest) -> Iterator[Bridge]:
    delivery_ms = getattr(request, "param", DELIVERY_MS)
    bridge = Bridge(lambda sink: made.append(ScriptedCore(sink)) or made[-1], delivery_ms=delivery_ms)
    up: list[bool] = []
    bridge.start(done=lambda: up.append(True))
    qtbot.waitUntil(lambda: bool(up))
    yield bridge
    closed: list[bool] = []
    bridge.close(lambda: closed.append(True))
    qtbot.waitUntil(lambda: bool(closed))


def grew(text: str) -> ReplyGrew:
    return ReplyGrew(chat_id="c", message_id="r", text=text)


def test_a_call_runs_on_the_core_thread_and_answers_on_the_gui_thread(bridge: Bridge, qtbot: QtBot) -> None:
    where: list[str] = []

    def done(thread: str) -> None:
        where.extend([thread, threading.current_thread().name])

    bridge.call(lambda core: threading.current_thread().name, done=done)
    qtbot.waitUntil(lambda: bool(where))
    assert where == ["core", "MainThread"]


def test_garbage_is_collected_on_the_gui_thread_whoever_makes_it(bridge: Bridge, qtbot: QtBot) -> None:
    """Qt objects among it would be freed on the core thread, and both threads could wait for each other for ever."""
    freed: list[str] = []

    class Knot:
        def __init__(self) -> None:
            self.self = self

        def __del__(self) -> None:
            freed.append(threading.current_thread().name)

    made: list[int] = []
    bridge.call(lambda core: [Knot() for _ in range(20_000)] and None, done=lambda _: made.append(1))
    qtbot.waitUntil(lambda: bool(made))
    qtbot.waitUntil(lambda: len(freed) == 20_000)
    assert set(freed) == {"MainThread"}


def test_a_coroutine_is_awaited_and_a_known_error_comes_back_as_it_is(
    bridge: Bridge, made: list[ScriptedCore], qtbot: QtBot
) -> None:
    failed: list[KnownError] = []
    made[0].error = KnownError(ErrorKind.DISK_FULL, "The disk is full.")
    bridge.call(lambda core: core.send(None, "x"), done=lambda _: pytest.fail("it failed"), failed=failed.append)
    qtbot.waitUntil(lambda: bool(failed))
    assert failed[0].kind is ErrorKind.DISK_FULL


def test_a_bug_in_the_core_is_logged_and_told_in_one_sentence(
    bridge: Bridge, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    failed: list[KnownError] = []
    bridge.call(lambda core: 1 / 0, failed=failed.append)
    qtbot.waitUntil(lambda: bool(failed))
    assert failed[0].kind is ErrorKind.BUG
    assert "ZeroDivisionError" in caplog.text
    caplog.clear()


def test_results_and_events_come_in_the_order_in_which_they_happened(
    bridge: Bridge, made: list[ScriptedCore], qtbot: QtBot
) -> None:
    told: list[object] = []
    bridge.happened.connect(told.append)

    def work(core: object) -> str:
        made[0].emit(grew("before"))
        return "result"

    bridge.call(work, done=told.append)
    bridge.call(lambda core: made[0].emit(grew("after")))
    qtbot.waitUntil(lambda: len(told) == 3)
    assert told == [grew("before"), "result", grew("after")]


def test_a_burst_is_merged_and_loses_nothing(bridge: Bridge, made: list[ScriptedCore], qtbot: QtBot) -> None:
    told: list[Event] = []
    bridge.happened.connect(told.append)
    bridge.call(lambda core: [made[0].emit(grew(f"{n},")) for n in range(5_000)])
    wanted = "".join(f"{n}," for n in range(5_000))
    qtbot.waitUntil(lambda: sum(len(event.text) for event in told) == len(wanted))
    assert "".join(event.text for event in told) == wanted
    assert len(told) < 50


@pytest.mark.parametrize("bridge", [3_600_000], indirect=True)  # in which the next delivery does not come by itself
def test_the_first_text_of_a_reply_does_not_wait_for_the_next_delivery(
    bridge: Bridge, made: list[ScriptedCore], qtbot: QtBot
) -> None:
    told: list[Event] = []
    bridge.happened.connect(told.append)
    made[0].emit(StatusChanged(status=StatusView()))
    bridge._deliver()
    assert len(told) == 1
    made[0].emit(StatusChanged(status=StatusView(jobs_done=1)))
    bridge._answer_door()
    assert len(told) == 1  # this one waits
    assert bridge._timer.isActive()
    made[0].emit(grew("first"))
    bridge._answer_door()
    assert told[-1] == grew("first")
    assert not bridge._timer.isActive()
    assert DELIVERY_MS >= 30


def test_a_core_that_does_not_start_says_why_to_every_call(qtbot: QtBot) -> None:
    def make(sink: object) -> ScriptedCore:
        core = ScriptedCore(sink)
        core.error = KnownError(ErrorKind.PROFILE_READ_ONLY, "The folder is not writable.")
        return core

    bridge, said = Bridge(make), []
    bridge.start(failed=lambda error: said.append(error.sentence))
    bridge.call(lambda core: core.chats(), failed=lambda error: said.append(error.sentence))
    qtbot.waitUntil(lambda: len(said) == 2)
    assert set(said) == {"The folder is not writable."}
    with qtbot.waitCallback(timeout=60_000) as closed:
        bridge.close(closed)


def test_closing_does_not_hold_the_window_up_and_has_a_limit(qtbot: QtBot) -> None:
    made: list[ScriptedCore] = []
    bridge, up = Bridge(lambda sink: made.append(ScriptedCore(sink)) or made[-1]), []
    bridge.start(done=lambda: up.append(True))
    qtbot.waitUntil(lambda: bool(up))
    never = asyncio.Event()
    made[0].close_waits = never
    loops: list[asyncio.AbstractEventLoop] = []
    bridge.call(lambda core: asyncio.get_running_loop(), done=loops.append)
    qtbot.waitUntil(lambda: bool(loops))
    with qtbot.waitCallback(timeout=60_000) as closed:
        bridge.close(closed, limit_ms=50)
    assert not made[0].is_closed
    loops[0].call_soon_threadsafe(never.set)
    qtbot.waitUntil(lambda: not bridge._thread.is_alive())
    assert made[0].is_closed
    assert QThread.currentThread().isMainThread()
