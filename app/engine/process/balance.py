"""Balanced: how many bulk tokens go into each of a chat's steps, from step times measured while running. Pure.

On a CPU a second context's step would stand between two tokens of the chat as a whole; a bulk token in the chat's own
batch costs about half a step. So in Balanced one bulk sequence, the guest, lies in a free slot of the chats, and as
many of its tokens join each step as keep it within the share that the person allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # tokens of the guest in one step
LEARN_STEPS = 3  # a chat's first steps of a reply go alone: they say what a step costs
ALONE_EVERY = 24  # and now and then one later on, since a chat's context grows
SMOOTHING = 0.25


@dataclass
class Balance:
    """`slowdown`: a chat's step with the guest in it may take so many times its own."""

    slowdown: float = 1.5
    _alone: float = 0.0
    _beside: dict[int, float] = field(default_factory=dict)
    _steps: int = 0
    _debt: float = 0.0  # seconds over what the slowdown allows, on the mean
    _rung: int = 0

    def begin(self) -> None:
        """Another reply begins."""
        self._steps, self._debt = 0, 0.0

    def width(self) -> int:
        """Tokens of the guest in the next step; 0: the chat goes alone."""
        if self._steps < LEARN_STEPS or self._steps % ALONE_EVERY == 0 or not self._alone:
            return 0
        if self._debt > 0:
            return 0
        while self._rung and self._expected(self._rung) > self.slowdown * self._alone:
            self._rung -= 1
        higher = self._rung + 1
        is_measured = WIDTHS[self._rung] in self._beside
        if is_measured and higher < len(WIDTHS) and self._expected(higher) <= self.slowdown * self._alone:
            self._rung = higher
        return WIDTHS[self._rung]

    def took(self, width: int, seconds: float) -> None:
        """A step of the chat with so many tokens of the guest in it."""
        self._steps += 1
        if width == 0:
            self._alone = _smooth(self._alone, seconds)
        else:
            self._beside[width] = _smooth(self._beside.get(width, 0.0), seconds)
        if self._steps > LEARN_STEPS:
            self._debt = max(0.0, self._debt + seconds - self.slowdown * self._alone)

    def _expected(self, rung: int) -> float:
        """Seconds: measured, or from the rung below."""
        width = WIDTHS[rung]
        if width in self._beside:
            return self._beside[width]
        if rung == 0:
            return 0.0  # tried
        below = WIDTHS[rung - 1]
        extra = self._expected(rung - 1) - self._alone
        return self._alone + extra * width / below


def _smooth(before: float, now: float) -> float:
    return now if before == 0 else before + SMOOTHING * (now - before)
