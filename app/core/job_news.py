"""How often a job is told of: its first news at once, then at most ten times a second, the last of them for certain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

SECONDS_BETWEEN = 0.1


class JobNews:
    """`tell` is given a job's id."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._quiet: dict[str, asyncio.TimerHandle] = {}  # jobs of which something was told just now ...
        self._waiting: set[str] = set()  # ... and which have moved on since

    def changed(self, job_id: str, *, is_urgent: bool) -> None:
        """A job has moved on; urgent news (it is over) do not wait."""
        if is_urgent:
            self._forget(job_id)
            self._tell(job_id)
        elif job_id in self._quiet:
            self._waiting.add(job_id)
        else:
            self._tell(job_id)
            loop = asyncio.get_running_loop()
            self._quiet[job_id] = loop.call_later(SECONDS_BETWEEN, self._quiet_is_over, job_id)

    def close(self) -> None:
        for job_id in list(self._quiet):
            self._forget(job_id)

    def _quiet_is_over(self, job_id: str) -> None:
        del self._quiet[job_id]
        if job_id in self._waiting:
            self._waiting.discard(job_id)
            self.changed(job_id, is_urgent=False)

    def _forget(self, job_id: str) -> None:
        self._waiting.discard(job_id)
        if job_id in self._quiet:
            self._quiet.pop(job_id).cancel()
