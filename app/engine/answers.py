"""Commands that have one answer, counting and embedding, and who waits for it. Runs on the asyncio thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from app.engine.messages import Event, RequestFailed, TextsEmbedded, TokensCounted
from app.errors import KnownError


class Answers:
    """By the id of the command."""

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[Any]] = {}

    def __contains__(self, id: str) -> bool:
        return id in self.waiting

    def expect(self, id: str) -> asyncio.Future[Any]:
        """What the command of this id is answered with: token counts, or vectors."""
        future = self.waiting[id] = asyncio.get_running_loop().create_future()
        return future

    def drop(self, id: str) -> bool:
        """Nobody waits any more. False: it was answered before."""
        return self.waiting.pop(id, None) is not None

    def take(self, event: Event) -> None:
        """An event with the id of a command that is waited for."""
        future = self.waiting.pop(event.id)
        if future.done():
            return
        if isinstance(event, TokensCounted):
            future.set_result(event.counts)
        elif isinstance(event, TextsEmbedded):
            future.set_result(event.vectors)
        elif isinstance(event, RequestFailed):
            future.set_exception(KnownError(event.kind, event.sentence))

    def fail(self, error: KnownError) -> None:
        """The engine is gone."""
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(error)
        self.waiting.clear()


def pieces_of(texts: Sequence[str], limit: int) -> list[list[str]]:
    """Neighbours together up to about `limit` characters."""
    pieces: list[list[str]] = []
    size = 0
    for text in texts:
        if not pieces or size + len(text) > limit:
            pieces.append([])
            size = 0
        pieces[-1].append(text)
        size += len(text)
    return pieces
