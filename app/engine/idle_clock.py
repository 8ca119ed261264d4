"""How long nothing has been asked of a model. On the asyncio thread."""

from __future__ import annotations

import asyncio
from collections.abc import Collection


class IdleClock:
    """`busy` is not empty while something is asked; `touch` where something was."""

    def __init__(self, *busy: Collection[object]) -> None:
        self._busy = busy
        self._touched_seconds = 0.0  # by the loop's clock

    def touch(self) -> None:
        self._touched_seconds = asyncio.get_running_loop().time()

    @property
    def is_busy(self) -> bool:
        return any(self._busy)

    @property
    def seconds(self) -> float:
        """Since the last touch; 0 while something is asked."""
        return 0.0 if self.is_busy else asyncio.get_running_loop().time() - self._touched_seconds
