"""Balanced: how many threads bulk gets beside a chat, from step times measured while running. Pure.

On a CPU a bulk token in the chat's own step makes that step nearly twice as long, and a bulk step between two of the
chat's tokens stands there as a whole. But a chat loses much less when it gives a core away: so in Balanced the cores
are divided, and bulk is computed at the same time, on as many as keep the chat within the share the person allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LEARN_STEPS = 3  # a reply's first steps go alone: they say what a step costs
ROOM_FOR_MORE = 0.9  # of the share: below it one more thread is tried
SMOOTHING = 0.2


@dataclass
class Balance:
    """`slowdown`: a chat's step with bulk beside it may take so many times its own."""

    slowdown: float = 1.5
    _alone: float = 0.0
    _beside: dict[int, float] = field(default_factory=dict)  # seconds of a chat's step, by bulk's threads
    _steps: int = 0
    _debt: float = 0.0  # seconds over what the slowdown allows, on the mean
    _threads: int = 1

    def begin(self) -> None:
        """Another reply begins."""
        self._steps, self._debt = 0, 0.0

    def threads(self, n_total: int) -> int:
        """For bulk, of so many in all; 0: the chat goes alone."""
        if n_total < 2 or self._steps < LEARN_STEPS or self._debt > 0:
            return 0
        limit = self.slowdown * self._alone
        self._threads = min(self._threads, n_total - 1)
        while self._threads > 1 and self._beside.get(self._threads, 0.0) > limit:
            self._threads -= 1
        more = self._threads + 1
        has_room = self._threads in self._beside and self._beside[self._threads] <= limit * ROOM_FOR_MORE
        if has_room and more < n_total and self._beside.get(more, 0.0) <= limit:
            self._threads = more
        return self._threads

    def took(self, n_beside: int, seconds: float) -> None:
        """A step of the chat, while bulk had so many threads."""
        self._steps += 1
        if n_beside == 0:
            self._alone = _smooth(self._alone, seconds)
        else:
            self._beside[n_beside] = _smooth(self._beside.get(n_beside, 0.0), seconds)
        if self._steps > LEARN_STEPS:
            self._debt = max(0.0, self._debt + seconds - self.slowdown * self._alone)


def _smooth(before: float, now: float) -> float:
    return now if before == 0 else before + SMOOTHING * (now - before)
