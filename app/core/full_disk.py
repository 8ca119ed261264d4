"""What to do with results while the disk is full: keep them, say so once, write them when there is room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.core.events import Event, NoticeShown
from app.errors import KnownError

AGAIN_SECONDS = 5.0


async def write_when_there_is_room(write: Callable[[], None], publish: Callable[[Event], None]) -> None:
    """Until `write` has gone well; the person is told the first time that it does not."""
    is_told = False
    while True:
        try:
            write()
            return
        except KnownError as error:
            if not is_told:
                publish(NoticeShown(sentence=error.sentence, is_error=True))
                is_told = True
            await asyncio.sleep(AGAIN_SECONDS)
