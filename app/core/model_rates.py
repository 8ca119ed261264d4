"""How many tokens a second each model wrote in a chat on this machine: the middle of its latest replies. Pure."""

from __future__ import annotations

from collections import deque
from statistics import median

LEAST_TOKENS = 16  # a shorter reply says little
_LATEST = 9


class ModelRates:
    """By the bytes of a model that are read for each token, which is what a rate depends on most."""

    def __init__(self) -> None:
        self._rates: dict[int, deque[float]] = {}

    def took(self, read_bytes: int, tokens_per_second: float, output_tokens: int) -> None:
        """A reply has ended; tell them in the order in which they were written."""
        if read_bytes > 0 and tokens_per_second > 0 and output_tokens >= LEAST_TOKENS:
            self._rates.setdefault(read_bytes, deque(maxlen=_LATEST)).append(tokens_per_second)

    def by_read_bytes(self) -> dict[int, float]:
        return {size: median(rates) for size, rates in list(self._rates.items())}
