"""How long a download waits for a hub that does not answer, and how often it asks again. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. Pauses double from the first to the longest; what the hub itself asks for goes before them."""

    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    longest_asked_seconds: float = 600.0
    stall_seconds: float = 30.0  # without a byte: the connection is given up, and made anew
    attempts: int = 8  # in a row that bring nothing

    def pause(self, attempt: int, asked: float | None = None, chance: Callable[[], float] = random.random) -> float:
        """Before the next attempt, the first being 1. A little by chance, so that many don't come back at once."""
        if asked is not None:
            return min(asked, self.longest_asked_seconds) + chance() * self.first_seconds
        pause = min(self.longest_seconds, self.first_seconds * 2.0 ** (attempt - 1))
        return pause * (0.5 + chance() / 2)


def asked_seconds(retry_after: str | None) -> float | None:
    """What the header Retry-After says, where it is a number of seconds."""
    text = (retry_after or "").strip()
    return float(text) if text.isdecimal() and len(text) < 8 else None
