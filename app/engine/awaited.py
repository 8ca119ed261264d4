"""How many requests a person waits for: tells of the first one and of the end of the last. On the asyncio thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.engine.interface import EngineObserver
from app.engine.messages import Priority


class Awaited:
    """The observer, where there is one, hears `chats_active`."""

    def __init__(self, observer: Callable[[], EngineObserver | None]) -> None:
        self._observer = observer
        self._n = 0

    @contextmanager
    def during(self, priority: Priority) -> Iterator[None]:
        """A request of this priority is on its way; bulk is not waited for."""
        if priority is not Priority.INTERACTIVE:
            yield
            return
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        before, self._n = self._n, self._n + change
        if bool(before) != bool(self._n) and (observer := self._observer()) is not None:
            observer.chats_active(bool(self._n))
