"""Tokens a second over the last few seconds. Pure: times are arguments."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 3.0


class Throughput:
    """A sliding window over (time, tokens)."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque()
        self._tokens = 0

    def add(self, now_seconds: float, n_tokens: int) -> None:
        self._steps.append((now_seconds, n_tokens))
        self._tokens += n_tokens

    def rate(self, now_seconds: float) -> float:
        """Tokens per second of the window that ends now."""
        while self._steps and self._steps[0][0] < now_seconds - WINDOW_SECONDS:
            self._tokens -= self._steps.popleft()[1]
        return self._tokens / WINDOW_SECONDS
