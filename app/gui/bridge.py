"""The only meeting point of threads: Core on the thread that the bridge starts (`core_loop.py`), widgets on Qt's.

Calls go down (`bridge.call(lambda core: core.send(...), done=..., failed=...)`), events and results come up
in the order in which they happened: into a locked list, with a doorbell that carries nothing. They are merged
and delivered at most about 30 times a second; the first text of a reply and results of calls go at once.
The GUI thread never waits: closing too is a callback.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from app.core.events import Event
from app.errors import KnownError
from app.gui.garbage import Garbage
from app.gui.merging import Urgency, merged
from app.logs import topic

if TYPE_CHECKING:
    from app.core.core import Core, EventSink
    from app.gui.core_loop import CoreLoop

DELIVERY_MS = 33
CLOSE_LIMIT_MS = 8_000

T = TypeVar("T")
Failed = Callable[[KnownError], None]
_Arrival = Event | Callable[[], None]  # an event, or what a call left to be done on the GUI thread


class Bridge(QObject):
    """Calls down, events up. `happened` is emitted on the GUI thread, once an event."""

    happened = Signal(object)
    call_failed = Signal(object)  # KnownError of a call that named no `failed`
    _rang = Signal()

    def __init__(
        self, make_core: Callable[[EventSink], Core], parent: QObject | None = None, *, delivery_ms: int = DELIVERY_MS
    ) -> None:
        """`make_core` is called on the core thread with the sink for Core's events.

        `delivery_ms`: from one delivery to the next, at least, where nothing is urgent.
        """
        super().__init__(parent)
        self._delivery_ms = delivery_ms
        self._make_core = make_core
        self._lock = threading.Lock()
        self._arrivals: list[_Arrival] = []
        self._has_rung = False
        self._is_urgent = False
        self._urgency = Urgency()
        self._core_loop: CoreLoop | None = None
        self._posts: list[Callable[[CoreLoop], None]] = []  # what came before there was one
        self._is_closing = False
        self._garbage: Garbage | None = None
        self._closed: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run_core, name="core", daemon=True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._deliver)
        self._since_delivery = QElapsedTimer()
        self._rang.connect(self._answer_door, Qt.ConnectionType.QueuedConnection)

    # GUI thread

    def start(self, *, done: Callable[[], None] | None = None, failed: Failed | None = None) -> None:
        """Start the core thread and Core itself. Calls made before it is up wait for it there, not here."""
        self._garbage = Garbage(self)
        self._thread.start()
        self.call(lambda core: None, done=lambda _: done() if done else None, failed=failed)

    @property
    def has_started(self) -> bool:
        return self._garbage is not None

    @overload
    def call(
        self,
        work: Callable[[Core], Coroutine[Any, Any, T]],
        *,
        done: Callable[[T], None] | None = None,
        failed: Failed | None = None,
    ) -> None: ...
    @overload
    def call(
        self, work: Callable[[Core], T], *, done: Callable[[T], None] | None = None, failed: Failed | None = None
    ) -> None: ...
    def call(
        self,
        work: Callable[[Core], Any],
        *,
        done: Callable[[Any], None] | None = None,
        failed: Failed | None = None,
    ) -> None:
        """Run `work` on the core thread; one of `done` and `failed` is then called on the GUI thread."""
        if self._is_closing:
            return
        fail = failed or self.call_failed.emit
        self._post(lambda loop: loop.post(work, done, fail))

    def _post(self, post: Callable[[CoreLoop], None]) -> None:
        with self._lock:
            if self._core_loop is None:
                self._posts.append(post)
            else:
                post(self._core_loop)

    def close(self, done: Callable[[], None], limit_ms: int = CLOSE_LIMIT_MS) -> None:
        """Close Core and end its thread; `done` is called once, when that is so or the limit has passed."""
        once = _Once(lambda: self._ended(done))
        if self._is_closing or not self._thread.is_alive():
            once()
            return
        self._is_closing = True
        self._closed = once
        self._post(lambda loop: loop.close())
        QTimer.singleShot(limit_ms, self, once)

    def _ended(self, done: Callable[[], None]) -> None:
        if self._garbage is not None:
            self._garbage.end()
        done()

    def _answer_door(self) -> None:
        with self._lock:
            is_urgent = self._is_urgent
        waited = self._since_delivery.elapsed() if self._since_delivery.isValid() else self._delivery_ms
        if is_urgent or waited >= self._delivery_ms:
            self._deliver()
        elif not self._timer.isActive():
            self._timer.start(self._delivery_ms - int(waited))

    def _deliver(self) -> None:
        self._timer.stop()
        with self._lock:
            arrivals, self._arrivals = self._arrivals, []
            self._has_rung = self._is_urgent = False
        self._since_delivery.start()
        events: list[Event] = []
        for arrival in arrivals:
            if callable(arrival):
                self._emit(events)
                events = []
                _contained(arrival)
            else:
                events.append(arrival)
        self._emit(events)

    def _emit(self, events: list[Event]) -> None:
        for event in merged(events):
            _contained(partial(self.happened.emit, event))

    # core thread

    def _arrive(self, arrival: _Arrival, *, is_urgent: bool) -> None:
        with self._lock:
            self._arrivals.append(arrival)
            ring = not self._has_rung or (is_urgent and not self._is_urgent)
            self._has_rung = True
            self._is_urgent = self._is_urgent or is_urgent
        if ring:
            self._rang.emit()

    def _sink(self, event: Event) -> None:
        self._arrive(event, is_urgent=self._urgency.is_urgent(event))

    def _run_core(self) -> None:
        from app.gui.core_loop import CoreLoop  # and asyncio: the window has been drawn by now

        loop = CoreLoop(self._make_core, self._sink, lambda step: self._arrive(step, is_urgent=True))
        with self._lock:
            self._core_loop = loop
            for post in self._posts:
                post(loop)
            self._posts.clear()
        try:
            loop.run()
        finally:
            if self._closed is not None:
                self._arrive(self._closed, is_urgent=True)


class _Once:
    """A callback that is called at most once, whoever comes first."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def __call__(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call()


def _contained(step: Callable[[], None]) -> None:
    """A fault while one thing is shown must not take what arrived behind it."""
    try:
        step()
    except Exception:
        topic("window").exception("something that arrived could not be shown")
