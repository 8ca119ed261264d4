"""A reply that is computed in uneven steps is told at an even pace. Pure; the clock is an argument.

Where bulk takes turns with a chat (Balanced), the engine says with each text how long after the one before it should
come. What is there sooner is held back for a moment, and makes up for bulk's turns. What is held back when bulk ends is
told faster, but not at once; what is held back when the person stops the reply is not told.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from app.engine.messages import RequestEvent, RequestFinished, TextProduced

CATCH_UP = 3.0  # times as fast as the pace was


@dataclass
class Pace:
    """Of one reply. Seconds are by any one clock that never goes back."""

    is_stopped: bool = False
    _first_told: float = 0.0
    _told: float = 0.0  # when the text before was told; 0: none was
    _pace_seconds: float = 0.0  # that it was told at, as long as something is held back
    _was_held_back: bool = False
    _n_tokens: int = 0

    def due(self, event: RequestEvent, now: float) -> float | None:
        """When to tell it; None: not at all. Only texts with a pace are held back, what else comes is told at once."""
        if not isinstance(event, TextProduced):
            return now
        n_new, self._n_tokens = event.n_tokens - self._n_tokens, event.n_tokens
        pace = event.pace_seconds or self._pace_seconds / CATCH_UP
        due = max(now, self._told + pace * max(1, n_new)) if self._told and pace else now
        self._was_held_back = self._was_held_back or due > now
        if self.is_stopped and self._was_held_back:
            return None  # those that follow neither: no text may be missing in the middle
        self._pace_seconds = event.pace_seconds or (self._pace_seconds if due > now else 0.0)
        self._first_told, self._told = self._first_told or due, due
        return due

    def as_told(self, event: RequestEvent, now: float) -> RequestEvent:
        """The last word of a reply that was held back: it took as long as the person saw."""
        if not isinstance(event, RequestFinished) or not self._was_held_back:
            return event
        seconds = event.timings.ttft_seconds + now - self._first_told
        return replace(event, timings=replace(event.timings, total_seconds=max(seconds, event.timings.total_seconds)))
