"""How many threads a step gets on a machine that other programs use too. Pure, but for the reading of the clocks.

llama.cpp's threads meet at a barrier after every operation: one that has lost its core to another program holds up all
of them, so that two threads on a busy two-core machine are several times slower than one. Bulk takes one thread less
than a chat, and where no core is left it rests as long as it works.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from app.engine.messages import Priority

EVERY_SECONDS = 0.25
STALE_SECONDS = 2.0  # an older reading says nothing of now
MORE_LOOKS, LOOK_SECONDS = 3, 0.000_4  # at who wants to run, where somebody does
LEAST_FREE_CORE = 0.6  # of a core must be free for a thread that is to have it to itself


@dataclass(frozen=True)
class Reading:
    """Seconds by the clocks: of the wall, of all cores' work, of this process's own."""

    wall: float
    busy: float
    own: float


@dataclass
class ThreadPolicy:
    """`threads` is asked before each step. `others`: threads of other programs that want to run just now; None where
    the system does not tell.
    """

    n_most: int
    n_cores: int = field(default_factory=lambda: psutil.cpu_count() or 1)
    read: Callable[[], Reading] = field(default_factory=lambda: read_clocks)
    others: Callable[[], int | None] = field(default_factory=lambda: wanting_threads)
    clock: Callable[[], float] = time.monotonic
    _last: Reading | None = None
    _others: float = 0.0

    def threads(self, priority: Priority) -> int:
        """For the next step. At least one."""
        self._look()
        free = self.n_cores - self._others
        n = min(self.n_most, int(free + 1 - LEAST_FREE_CORE))
        if priority is Priority.BULK and self._others >= LEAST_FREE_CORE:
            n -= 1
        return max(1, n)

    @property
    def is_crowded(self) -> bool:
        """Other programs use every core."""
        return self._others > self.n_cores - 1 + LEAST_FREE_CORE / 2

    def _look(self) -> None:
        if self._last is not None and self.clock() - self._last.wall < EVERY_SECONDS:
            return
        last, now = self._last, self.read()
        self._last = now
        if last is None or now.wall - last.wall > STALE_SECONDS:
            self._others = float(self.others() or 0)
            return
        used = max(0.0, (now.busy - now.own - last.busy + last.own) / (now.wall - last.wall))
        if used > 1 - LEAST_FREE_CORE and (wanting := self.others()) is not None:
            used = min(used, float(wanting))  # what has just ended is no reason any more
        self._others = used


def read_clocks() -> Reading:
    """Takes about 0.05 ms."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    guest = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # counted in user already
    return Reading(time.monotonic(), sum(times) - idle - guest, time.process_time())


def wanting_threads() -> int | None:
    """Of other programs: the least of some looks, since who wants to run for a moment only takes no core.

    Takes 0.02 ms, and 2 ms where there are any.
    """
    least = _wanting_now()
    for _ in range(MORE_LOOKS):
        if not least:
            break
        time.sleep(LOOK_SECONDS)
        least = min(least, _wanting_now() or 0)
    return least


def _wanting_now() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        running, _, _ = Path("/proc/loadavg").read_text().split()[3].partition("/")
        # this one, and the program that has just asked for something; between two steps it is OpenMP's other thread
        return max(0, int(running) - 2)
    return None
