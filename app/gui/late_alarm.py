"""An alarm for a window that does not answer: whenever the GUI thread is late, its stack goes to the log.

A timer of the GUI thread beats; a thread of its own watches the beats and looks into the GUI thread while it is late.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from itertools import dropwhile

from PySide6.QtCore import QObject, Qt, QTimer

from app.logs import topic

LATE_SECONDS = 0.2
_BEAT_SECONDS = 0.05


class LateAlarm(QObject):
    """Made and started on the GUI thread; `stop` ends its thread. What took until the first beat is not counted."""

    def __init__(self, parent: QObject | None = None, *, late_seconds: float = LATE_SECONDS) -> None:
        super().__init__(parent)
        self._late_seconds = late_seconds
        self.n_late = 0
        self.longest_seconds = 0.0  # of all that were late
        self._gui_thread = threading.get_ident()
        self._last_beat = 0.0
        self._ended = threading.Event()
        self._timer = QTimer(self, interval=int(_BEAT_SECONDS * 1000), timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """From the first beat on."""
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        self._ended.set()

    def _beat(self) -> None:
        is_first, self._last_beat = not self._last_beat, time.monotonic()
        if is_first:
            threading.Thread(target=self._watch, name="late alarm", daemon=True).start()

    def _watch(self) -> None:
        while True:
            beat = self._last_beat
            if self._ended.wait(max(0.0, beat + _BEAT_SECONDS + self._late_seconds - time.monotonic())):
                return
            if self._last_beat == beat and not self._see_late(beat):
                return

    def _see_late(self, beat: float) -> bool:
        """Log where the thread is, wait for its next beat and log how long that took; False at the end."""
        due = beat + _BEAT_SECONDS
        noticed = time.monotonic() - due
        self.n_late += 1
        topic("window").warning(
            "the window does not answer, late by %.2f s%s\n%s",
            noticed,
            ""
            if noticed < self._late_seconds + 0.1
            else " (this was noticed late too: other threads or programs are busy)",
            self._stack(),
        )
        while self._last_beat == beat:
            if self._ended.wait(_BEAT_SECONDS):
                return False
        took = self._last_beat - due
        self.longest_seconds = max(self.longest_seconds, took)
        topic("window").warning("the window answers again, it was late by %.2f s", took)
        return True

    def _stack(self) -> str:
        """Where the GUI thread is now: code, never what it works on."""
        frame = sys._current_frames().get(self._gui_thread)
        if frame is None:
            return "  (no Python code)"
        steps = traceback.extract_stack(frame)
        inner = list(dropwhile(lambda step: step.name != "run", steps)) or list(steps)
        return "".join([*traceback.format_list(inner), *self._others()]).rstrip()

    def _others(self) -> list[str]:
        """Where the other threads are, a line each: one of them may be what the GUI thread waits for."""
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        return [
            f"  {names[ident]}: {frame.f_code.co_filename}, line {frame.f_lineno}, in {frame.f_code.co_name}\n"
            for ident, frame in sys._current_frames().items()
            if ident in names and ident not in (self._gui_thread, threading.get_ident())
        ]
