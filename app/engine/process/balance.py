"""Balanced: bulk takes a turn between two tokens of a chat, as often as the reply can spare it. Pure.

A turn is a step of bulk on the whole machine, and takes as long as several tokens of the chat. But the reply is told
more slowly than it is computed: a text comes no sooner than `pace_seconds` after the one before (engine/pace.py). What
each token leaves is put by, and once it covers a turn, bulk takes one. So the reply comes evenly, slower by as much as
the person allows, and bulk gets all the time that this leaves.

Seconds are from token to token, with what the engine does between two steps: that is what a person sees.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import fmean

from app.engine.process.presets import NOTHING, STEP_TOKENS, BulkBudget
from app.engine.process.step_size import StepSize

LONGEST_SECONDS, LONGEST_STEPS = 0.4, 4.0  # of a turn, in seconds and in chat's steps: the longer of the two
USED = 0.82  # of the slowdown that is allowed: a machine's own speed drifts while a reply is told
ALONE_STEPS = 31  # the mean of the last ones says what a step costs, but for the slowest tenth: they must not move it
AFTER_TURN = 3  # chat's steps are slower: caches are cold
SMOOTHING = 0.2
LEAST_MARGIN, SPREADS = 0.35, 3.0  # over what a turn is expected to take; the second in mean deviations of one


@dataclass
class Balance:
    """`slowdown`: a reply may take so many times what it takes alone."""

    slowdown: float = 1.5
    alone_seconds: float = 0.0  # of a chat's step; 0: none was seen
    _alone: deque[float] = field(default_factory=lambda: deque(maxlen=ALONE_STEPS))
    _size: StepSize = field(default_factory=StepSize)
    _spread: float = 0.0  # mean deviation of a turn from what was expected, over that
    _ahead: float = 0.0  # seconds that the reply is ahead of its pace
    _n_since_turn: int = 0  # chat's steps

    def begin(self) -> None:
        """Nothing is put by: another reply begins, or one goes on with no bulk there."""
        self._ahead = 0.0

    @property
    def pace_seconds(self) -> float:
        """Between a text and the next while bulk takes turns."""
        return (1 + USED * (self.slowdown - 1)) * self.alone_seconds

    def turn(self, n_sequences: int) -> BulkBudget:
        """What fits a turn, of so many sequences."""
        if not self._alone:
            return NOTHING
        return self._size.within(BulkBudget(read_tokens=STEP_TOKENS, write_sequences=n_sequences))

    def covers(self, n_read: int, n_written: int) -> bool:
        """Is enough put by for a turn of so many tokens? What it may well take counts."""
        return self._ahead >= self._size.seconds(n_read, n_written) * (1 + max(LEAST_MARGIN, SPREADS * self._spread))

    def took(self, seconds: float, *, is_told: bool) -> None:
        """A step of a chat. `is_told`: its token is told at the pace; in another preset only its cost is learned."""
        self._n_since_turn += 1
        if self._n_since_turn > AFTER_TURN or not self._alone:
            self._alone.append(seconds)
            n_slow = (len(self._alone) + 8) // 10
            self.alone_seconds = fmean(sorted(self._alone)[: len(self._alone) - n_slow])
            self._size.longest_seconds = max(LONGEST_SECONDS, LONGEST_STEPS * self.alone_seconds)
            self._size.supposed_seconds = self.alone_seconds  # one of many takes less
        if is_told:
            self._ahead += self.pace_seconds - seconds

    def took_bulk(self, n_read: int, n_written: int, computed_seconds: float, seconds: float) -> None:
        """A step of bulk: so many tokens read, or written by as many sequences. `seconds`: from the end of the step
        before, so that no time is left out.
        """
        self._n_since_turn = 0
        self._ahead -= seconds
        if expected := self._size.seconds(n_read, n_written):
            self._spread += SMOOTHING * (abs(computed_seconds / expected - 1) - self._spread)
        self._size.took(n_read, n_written, computed_seconds)
