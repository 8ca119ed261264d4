"""How far a download is, told about a hundred times a stage. Runs in the download process."""

from __future__ import annotations

from collections.abc import Callable

from app.downloads.messages import DownloadProgressed, Stage


class Progress:
    """Turns "so many bytes are there" into few messages."""

    def __init__(self, report: Callable[[DownloadProgressed], None]) -> None:
        self._report = report
        self._stage = Stage.DOWNLOADING
        self._total_bytes = 0
        self._next_bytes = 0

    def begin(self, stage: Stage, total_bytes: int) -> None:
        """What follows is this stage, of this many bytes."""
        self._stage, self._total_bytes, self._next_bytes = stage, total_bytes, 0
        self.reached(0)

    def reached(self, done_bytes: int) -> None:
        """So many bytes of the stage are there. Told on where that is a hundredth more than last time, or all."""
        if done_bytes < self._next_bytes and done_bytes != self._total_bytes:
            return
        self._next_bytes = done_bytes + max(1, self._total_bytes // 100)
        self._report(DownloadProgressed(stage=self._stage, done_bytes=done_bytes, total_bytes=self._total_bytes))
