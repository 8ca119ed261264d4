"""How far a download is, told at most some times a second. Runs in the download process; any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from app.downloads.messages import DownloadProgressed, Stage

LEAST_SECONDS = 0.2  # between two messages of a stage


class Progress:
    """Turns "so many bytes are there" into few messages."""

    def __init__(self, report: Callable[[DownloadProgressed], None], least_seconds: float = LEAST_SECONDS) -> None:
        self._report = report
        self._least_seconds = least_seconds
        self._lock = threading.Lock()
        self._stage = Stage.DOWNLOADING
        self._total_bytes = 0
        self._before_bytes = 0
        self._told_seconds = 0.0

    def begin(self, stage: Stage, total_bytes: int, before_bytes: int = 0) -> None:
        """What follows is this stage, of this many bytes, the first of which were there before."""
        with self._lock:
            self._stage, self._total_bytes, self._before_bytes = stage, total_bytes, before_bytes
            self._told_seconds = 0.0

    def reached(self, done_bytes: int) -> None:
        """So many bytes of the stage are there. Told on where there was no message just now, or all are there."""
        with self._lock:
            done, now = self._before_bytes + done_bytes, time.monotonic()
            if now - self._told_seconds < self._least_seconds and done != self._total_bytes:
                return
            self._told_seconds = now
            self._report(DownloadProgressed(stage=self._stage, done_bytes=done, total_bytes=self._total_bytes))
