"""The program's side of one task process: messages go to it, events come back, whatever ends it early is a sentence."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from app.children import Child
from app.errors import KnownError
from app.ingest import failures
from app.ingest.messages import Event, ReadingFailed
from app.logs import topic
from app.wire import Message, WireError

log = topic("documents")


@dataclass(frozen=True, kw_only=True)
class ReadLimits:
    """How much one file may take. Over a limit it is refused with a sentence, never cut."""

    seconds: float = 120.0  # for a document in all; elsewhere, for what comes next
    memory_bytes: int = 2 * 1024**3  # of the task process; on Linux only
    max_characters: int = 30_000_000  # of a document: the rows of a table are not held


class ReadingTask:
    """One running task process. `path` is what its failures name."""

    def __init__(self, path: Path, child: Child[Event], seconds: float) -> None:
        self._path = path
        self._child = child
        self._events = child.messages()
        self._seconds = seconds

    def send(self, message: Message) -> None:
        self._child.send(message)

    async def next_event(self) -> Event:
        """What it says next. Raises KnownError where that is a failure, comes too late, or does not come at all."""
        try:
            async with asyncio.timeout(self._seconds):
                event = await anext(self._events)
        except TimeoutError:
            self._child.kill()
            raise failures.timed_out(self._path, self._seconds) from None
        except StopAsyncIteration:
            raise failures.ended_early(self._path, await self._child.wait()) from None
        except WireError as error:
            raise self._nonsense(str(error)) from error
        if isinstance(event, ReadingFailed):
            raise KnownError(event.kind, event.sentence)
        return event

    def unexpected(self, event: Event) -> KnownError:
        """The error for an event that can't come now."""
        return self._nonsense(f"{type(event).__name__} out of turn")

    def _nonsense(self, what: str) -> KnownError:
        log.error("the reading process broke the protocol: %s", what)
        return failures.crashed(self._path, "what it sent made no sense")


@contextlib.asynccontextmanager
async def reading_task(path: Path, command: Message, limits: ReadLimits, log_file: Path) -> AsyncIterator[ReadingTask]:
    """Start a process with a command. Leaving the block ends it; being cancelled in it kills it."""
    child: Child[Event] = await Child.start("read", str(limits.memory_bytes), received=Event, log_file=log_file)
    try:
        child.send(command)
        yield ReadingTask(path, child, limits.seconds)
    except asyncio.CancelledError:
        child.kill()
        raise
    finally:
        await child.close()
