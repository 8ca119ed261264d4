"""A reply that is computed in uneven steps is told at an even pace. Pure; the clock is an argument.

Where bulk takes turns with a chat (Balanced), the engine says with each text how long after the one before it should
come. What is there sooner is held back for a moment, and makes up for bulk's turns. What is held back when bulk ends is
told faster, but not at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.messages import RequestEvent, TextProduced

CATCH_UP = 3.0  # times as fast as the pace was


@dataclass
class Pace:
    """Of one reply. Seconds are by any one clock that never goes back."""

    _told: float = 0.0  # when the text before was told; 0: none was
    _pace_seconds: float = 0.0  # that it was told at, as long as something is held back
    _n_tokens: int = 0

    def due(self, event: RequestEvent, now: float) -> float:
        """When to tell it. Only texts with a pace are held back: what else comes is told at once."""
        if not isinstance(event, TextProduced):
            return now
        n_new, self._n_tokens = event.n_tokens - self._n_tokens, event.n_tokens
        pace = event.pace_seconds or self._pace_seconds / CATCH_UP
        due = max(now, self._told + pace * max(1, n_new)) if self._told and pace else now
        self._pace_seconds = event.pace_seconds or (self._pace_seconds if due > now else 0.0)
        self._told = due
        return due
