"""Balanced: when bulk goes on beside a chat, and on how many threads, from step times measured while running. Pure.

On a CPU a bulk token in the chat's own step makes that step nearly twice as long, and a bulk step between two of the
chat's tokens stands there as a whole. But a chat loses much less when it gives a core away: so in Balanced the cores
are divided, and bulk is computed at the same time, on as many as keep the chat within the share the person allows.

Where even one thread costs more than the share, bulk stands still during some of the chat's steps. What those leave is
put by: a text is told no sooner than `pace_seconds` after the one before (engine/pace.py), and bulk goes on only where
what was put by covers what that is expected to cost. So the reply comes evenly, and not in leaps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LEARN_STEPS = 3  # a reply's first steps go alone: they say what a step costs
ROOM_FOR_MORE = 0.9  # of the share: below it one more thread is tried
SMOOTHING = 0.2
PACE = 0.96  # of the slowest pace that is allowed: clocks and pipes are not exact
MOST_AHEAD = 1.5  # times the pace: so far a token that is there is held back at most
SPREADS = 2.0  # mean deviations over its mean a step may well take


@dataclass
class _Cost:
    """Seconds of a chat's step: smoothed mean, and mean deviation from it."""

    mean: float
    spread: float = 0.0

    def took(self, seconds: float) -> None:
        self.spread += SMOOTHING * (abs(seconds - self.mean) - self.spread)
        self.mean += SMOOTHING * (seconds - self.mean)


@dataclass
class Balance:
    """`slowdown`: a chat's step with bulk beside it may take so many times its own."""

    slowdown: float = 1.5
    _alone: float = 0.0
    _beside: dict[int, _Cost] = field(default_factory=dict)  # by bulk's threads
    _steps: int = 0
    _ahead: float = 0.0  # seconds that the reply is ahead of its pace
    _threads: int = 1

    def begin(self) -> None:
        """Another reply begins."""
        self._steps, self._ahead = 0, 0.0

    @property
    def pace_seconds(self) -> float:
        """Between a text and the next while bulk is beside."""
        return PACE * self.slowdown * self._alone

    def threads(self, n_total: int) -> int:
        """For bulk beside the next step, of so many in all; 0: the chat goes alone."""
        if n_total < 2 or self._steps < LEARN_STEPS:
            return 0
        self._threads = min(self._threads, n_total - 1)
        while self._threads > 1 and self._mean(self._threads) > self.pace_seconds:
            self._threads -= 1
        more = self._threads + 1
        has_room = 0.0 < self._mean(self._threads) <= self.pace_seconds * ROOM_FOR_MORE
        if has_room and more < n_total and self._mean(more) <= self.pace_seconds:
            self._threads = more
        return self._threads if self._ahead >= self._needed() else 0

    def _mean(self, n_threads: int) -> float:
        return self._beside[n_threads].mean if n_threads in self._beside else 0.0

    def _needed(self) -> float:
        """How far ahead the reply has to be: what a step beside bulk may well cost over its pace."""
        cost = self._beside.get(self._threads) or _Cost(2 * self._alone)
        if cost.mean <= self.pace_seconds:
            return 0.0
        return min(cost.mean + SPREADS * cost.spread - self.pace_seconds, MOST_AHEAD * self.pace_seconds)

    def took(self, n_beside: int, seconds: float) -> None:
        """A step of the chat, while bulk had so many threads."""
        self._steps += 1
        if n_beside == 0:
            self._alone += (SMOOTHING if self._alone else 1.0) * (seconds - self._alone)
        elif n_beside in self._beside:
            self._beside[n_beside].took(seconds)
        else:
            self._beside[n_beside] = _Cost(seconds)
        self._ahead = min(self._ahead + self.pace_seconds - seconds, MOST_AHEAD * self.pace_seconds)
