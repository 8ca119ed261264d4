"""What jobs were estimated to take and what they took: a small file, and what the next estimates learn from it.

A kind of job that takes 1.2 times as long as the speeds say (its items end unevenly, its replies are longer) is
estimated so the next time. What chats or other jobs slowed down is shown, and nothing is learned from it.
"""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import msgspec

from app.logs import topic

log = topic("jobs")

MOST_KEPT = 200
LAST = 5  # of a model and a kind, that count
LEAST_SECONDS = 10.0  # of a job that says something
LEAST, MOST = 1 / 3, 3.0


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """`by_speeds`: seconds that the speeds alone promised; `told`: with what had been learned until then."""

    job_id: str
    model: str
    kind: str
    by_speeds: float
    told: float
    took: float
    is_undisturbed: bool = True


class EstimateLog:
    """In `file`, or only in memory. Writing it never stops a job."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._ended: list[Ended] = []
        if file is not None:
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                self._ended = msgspec.json.decode(file.read_bytes(), type=list[Ended])

    def of(self, job_id: str) -> Ended | None:
        """What came of a job, if it was estimated."""
        return next((one for one in reversed(self._ended) if one.job_id == job_id), None)

    def factor(self, model: str, kind: str) -> float:
        """What jobs of this kind take with this model, over what the speeds say. 1: not known."""
        known = [one for one in self._ended if (one.model, one.kind) == (model, kind) and one.is_undisturbed]
        ratios = [math.log(one.took / one.by_speeds) for one in known[-LAST:]]
        return min(MOST, max(LEAST, math.exp(sum(ratios) / len(ratios)))) if ratios else 1.0

    def add(self, ended: Ended) -> None:
        """A job that was cut short, or was over at once, says nothing to the next ones."""
        if ended.took < LEAST_SECONDS or ended.by_speeds <= 0:
            ended = msgspec.structs.replace(ended, is_undisturbed=False)
        others = [one for one in self._ended if one.job_id != ended.job_id]
        self._ended = [*others, ended][-MOST_KEPT:]
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(".part")
            part.write_bytes(msgspec.json.format(msgspec.json.encode(self._ended)))
            part.replace(self._file)
        except (OSError, UnicodeEncodeError) as error:
            log.warning("the estimates were not saved: %s", error)
