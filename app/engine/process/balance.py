"""Balanced: when bulk goes on beside a chat, and on how many threads, from step times measured while running. Pure.

On a CPU a bulk token in the chat's own step makes that step nearly twice as long, and a bulk step between two of the
chat's tokens stands there as a whole. But a chat loses much less when it gives a core away: so in Balanced the cores
are divided, and bulk is computed at the same time, on as many as keep the chat within the share the person allows.

A step's time varies, and often even one thread costs more than the share: so bulk stands still during some of the
chat's steps. What those leave is put by: a text is told no sooner than `pace_seconds` after the one before
(engine/pace.py), and bulk goes on only where what was put by covers what that is expected to cost. So the reply comes
evenly, and not in leaps.

Seconds are from token to token, with what the engine does between two steps: that is what a person sees.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

LEARN_STEPS = 3  # a reply's first steps go alone: they say what a step costs
ROOM_FOR_MORE = 0.9  # of the share: below it one more thread is tried
SMOOTHING = 0.2
ALONE_STEPS = 9  # the median of the last ones says what a step costs: a few slow ones must not move it
LOOK_EVERY_STEPS = 24  # then bulk stands still for two steps, to see what they cost alone: a machine's speed drifts
USED = 0.7  # of the slowdown that is allowed: a machine's own speed drifts while a reply is told
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
    _alone: deque[float] = field(default_factory=lambda: deque(maxlen=ALONE_STEPS))
    _beside: dict[int, _Cost] = field(default_factory=dict)  # by bulk's threads
    _steps: int = 0
    _n_alone: int = 0  # steps in succession
    _n_since: int = 0  # steps since one was alone that tells what it costs
    _ahead: float = 0.0  # seconds that the reply is ahead of its pace
    _threads: int = 1

    def begin(self) -> None:
        """Another reply begins."""
        self._steps, self._ahead = 0, 0.0

    @property
    def pace_seconds(self) -> float:
        """Between a text and the next while bulk is beside."""
        return (1 + USED * (self.slowdown - 1)) * self.alone_seconds

    @property
    def alone_seconds(self) -> float:
        """Of a step without bulk; 0 where none was seen."""
        return median(self._alone) if self._alone else 0.0

    def threads(self, n_total: int) -> int:
        """For bulk beside the next step, of so many in all; 0: the chat goes alone."""
        if n_total < 2 or self._steps < LEARN_STEPS or self._n_since >= LOOK_EVERY_STEPS:
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
        cost = self._beside.get(self._threads) or _Cost(2 * self.alone_seconds)
        return min(cost.mean + SPREADS * cost.spread - self.pace_seconds, MOST_AHEAD * self.pace_seconds)

    def saw(self, seconds: float) -> None:
        """A step of a chat in another preset: when Balanced is chosen, it is known what one costs alone."""
        self._alone.append(seconds)

    def took(self, n_beside: int, seconds: float) -> None:
        """A step of the chat, while bulk had so many threads."""
        self._steps += 1
        self._n_since += 1
        self._n_alone = self._n_alone + 1 if n_beside == 0 else 0
        if n_beside == 0:
            if self._n_alone > 1 or not self._alone:  # just after bulk it is slower: caches are cold
                self._alone.append(seconds)
                self._n_since = 0
        elif n_beside in self._beside:
            self._beside[n_beside].took(seconds)
        else:
            self._beside[n_beside] = _Cost(seconds)
        pace = self.pace_seconds
        self._ahead = min(self._ahead + pace - seconds, MOST_AHEAD * pace)
