"""A window over the fake engine, and a meter of how long its thread does not come back to its events.

Only for measuring; nothing of the running program is here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import psutil
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QScrollBar

from app.core.chat_views import MessageState, MessageView, Role
from app.core.core import Core, EventSink
from app.core.events import Event, MessageAdded, ReplyEnded, ReplyGrew
from app.engine.local import local_engine
from app.gui.app import make_app
from app.gui.bridge import Bridge
from app.gui.key_press import press
from app.gui.late_alarm import LateAlarm
from app.gui.painted import when_painted
from app.gui.theme import Theme
from app.gui.window import Window
from app.paths import profile_paths
from app.settings import Settings

TOKENS_PER_SECOND = 200
COUNTED_TOKENS = 1_000
_LIMIT_SECONDS = 60.0
_NAP_SECONDS = 0.001
_STREAM_NAP_SECONDS = 0.004  # a turn that finds nothing costs too, and is no cost of the window
_SETTLED_TURNS = 300


def _turn() -> None:
    """What came in; and what is to be deleted later is, which without a running loop is left."""
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


class Busy:
    """Turns of the event loop, timed: by the clock, and in CPU time of this thread."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.longest_seconds = self.longest_cpu_seconds = self.cpu_seconds = 0.0

    def do(self, action: Callable[[], object]) -> float:
        """One piece of work; its CPU seconds."""
        started, cpu = time.perf_counter(), time.thread_time()
        action()
        took, cpu_took = time.perf_counter() - started, time.thread_time() - cpu
        self.longest_seconds = max(self.longest_seconds, took)
        self.longest_cpu_seconds = max(self.longest_cpu_seconds, cpu_took)
        self.cpu_seconds += cpu_took
        return cpu_took

    def turn(self) -> float:
        return self.do(_turn)

    def turn_until(
        self, is_so: Callable[[], bool], limit_seconds: float = _LIMIT_SECONDS, nap_seconds: float = _NAP_SECONDS
    ) -> None:
        """Raises TimeoutError."""
        end = time.perf_counter() + limit_seconds
        while not is_so():
            if time.perf_counter() > end:
                raise TimeoutError("the window did not get there")
            self.turn()
            time.sleep(nap_seconds)

    def turn_for(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.turn()
            time.sleep(_NAP_SECONDS)

    def turn_until_idle(self) -> None:
        """Until a turn finds next to nothing to do: what was scrolled to is painted."""
        for _ in range(_SETTLED_TURNS):
            if self.turn() < 0.000_2:
                return


class MeasuredWindow:
    """A context: made and started, shown and at rest; closed at the end."""

    def __init__(self, profile: Path) -> None:
        self.busy = Busy()
        paths = profile_paths(profile)
        self._sink: EventSink | None = None
        settings = Settings(window_geometry="")

        def make_core(sink: EventSink) -> Core:
            self._sink = sink
            return Core(
                paths, local_engine(paths.logs, backend="fake"), sink, settings=settings, model=Path("fake.gguf")
            )

        self._application = make_app(["rubato"])
        self._bridge = Bridge(make_core)
        self.window = Window(self._bridge, Theme(self._application, "light"), settings)
        self.alarm = LateAlarm(self._application)

    def __enter__(self) -> MeasuredWindow:
        up: list[bool] = []
        self.window.show()
        self.alarm.start()
        self._bridge.start(done=self.window.start)
        self._bridge.call(lambda core: core.chats(), done=lambda _: up.append(True))
        self.busy.turn_until(lambda: bool(up))
        self.settle()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        closed: list[bool] = []
        self._bridge.close(lambda: closed.append(True))
        self.busy.turn_until(lambda: bool(closed))
        self.alarm.stop()

    @property
    def scroll_bar(self) -> QScrollBar:
        return self.window.conversation.transcript.scroll_bar

    def settle(self) -> None:
        """Until what was put off is done."""
        self.busy.turn_for(1.0)

    def memory_mb(self) -> float:
        """What this process has in RAM, without what its allocator only keeps."""
        return float(psutil.Process().memory_info().rss) / 1e6

    def open_chat(self, chat_id: str) -> float:
        """Seconds until the chat is painted."""
        painted: list[float] = []
        conversation = self.window.conversation
        started = time.perf_counter()
        self.busy.forget()
        changed = conversation.chat_changed.connect(
            lambda _: when_painted(conversation.transcript.page_viewport, lambda: painted.append(time.perf_counter()))
        )
        self.busy.do(lambda: self.window.open_chat(chat_id))
        self.busy.turn_until(lambda: bool(painted) and conversation.chat_id == chat_id)
        conversation.chat_changed.disconnect(changed)
        return painted[-1] - started

    def find(self, text: str) -> float:
        """Seconds from the key of its last letter to the painted list of what was found in all chats."""
        palette = self.window.palette_box
        painted: list[float] = []

        def shown(what: str) -> None:
            if what == text:
                when_painted(palette.list.viewport(), lambda: painted.append(time.perf_counter()))

        found = palette.found.connect(shown)
        started = time.perf_counter()
        self.busy.do(lambda: press(palette.line, text[-1]))
        self.busy.turn_until(lambda: bool(painted))
        palette.found.disconnect(found)
        return painted[-1] - started

    def until_found(self) -> None:
        """Until what stands in the line has been searched for, and painted."""
        self.busy.turn_until(lambda: self.window.palette_box.is_settled)
        self.busy.turn_until_idle()

    def drop(self, files: QMimeData) -> None:
        button, key, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
        enter = QDragEnterEvent(QPoint(300, 300), copy, files, button, key)
        let_go = QDropEvent(QPointF(300, 300), copy, files, button, key)
        self.busy.do(lambda: QApplication.sendEvent(self.window, enter))
        self.busy.turn()
        self.busy.do(lambda: QApplication.sendEvent(self.window, let_go))
        self.busy.turn()

    def stream(self, chat_id: str, tokens: Sequence[str]) -> list[float]:
        """The CPU seconds of this thread for each thousand tokens, or twentieth where they are few."""
        reply = MessageView(
            id="streamed",
            chat_id=chat_id,
            role=Role.ASSISTANT,
            text="",
            state=MessageState.WRITING,
            created_seconds=time.time(),
        )
        ended: list[bool] = []
        self._bridge.call(lambda core: self._feed(reply, tokens), done=lambda _: ended.append(True))
        transcript, costs, letters = self.window.conversation.transcript, [], 0
        counted, step = 0.0, min(COUNTED_TOKENS, max(1, len(tokens) // 20))
        for begin in range(0, len(tokens), step):
            letters += sum(map(len, tokens[begin : begin + step]))
            wanted = letters
            self.busy.turn_until(
                lambda: transcript.n_shown_of("streamed") >= wanted or bool(ended),  # noqa: B023
                nap_seconds=_STREAM_NAP_SECONDS,
            )
            costs.append(self.busy.cpu_seconds - counted)
            counted = self.busy.cpu_seconds
        self.busy.turn_until(lambda: bool(ended))
        self.settle()
        return costs

    async def _feed(self, reply: MessageView, tokens: Sequence[str]) -> None:
        """As the engine would, from the core thread."""
        started = time.monotonic()
        self._publish(MessageAdded(message=reply))
        for n, token in enumerate(tokens, 1):
            self._publish(ReplyGrew(chat_id=reply.chat_id, message_id=reply.id, text=token))
            await asyncio.sleep(started + n / TOKENS_PER_SECOND - time.monotonic())
        whole = MessageView(
            id=reply.id,
            chat_id=reply.chat_id,
            role=Role.ASSISTANT,
            text="".join(tokens),
            state=MessageState.COMPLETE,
            created_seconds=reply.created_seconds,
        )
        self._publish(ReplyEnded(message=whole))

    def _publish(self, event: Event) -> None:
        assert self._sink is not None
        self._sink(event)
