"""A reply that is computed in uneven steps is told at an even pace. Pure; the clock is an argument.

Where bulk is computed beside a chat (Balanced), the engine says with each text how long after the one before it should
come. What is there sooner is held back for a moment, and makes up for a step that takes longer.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.messages import RequestEvent, TextProduced


@dataclass
class Pace:
    """Of one reply. Seconds are by any one clock that never goes back."""

    _told: float = 0.0  # when the text before was told; 0: none was
    _n_tokens: int = 0

    def due(self, event: RequestEvent, now: float) -> float:
        """When to tell it. Only texts with a pace are held back: what else comes is told at once."""
        if not isinstance(event, TextProduced):
            return now
        n_new, self._n_tokens = event.n_tokens - self._n_tokens, event.n_tokens
        due = max(now, self._told + event.pace_seconds * max(1, n_new)) if self._told and event.pace_seconds else now
        self._told = due
        return due
