"""Prompts that are read before they are sent. Runs on the engine process's step thread.

While somebody types, what will stay is read whatever comes next. Once the typing pauses all of it is, as it would be
sent now; that end is cut off again where the typing goes on. It costs a few tokens, too many for each key.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable

from app.engine.messages import GenerateRequest, Priority, ReadAhead
from app.engine.process.prompts import Prompts
from app.engine.process.scheduler import Scheduler
from app.engine.process.sequence import Sequence
from app.errors import KnownError
from app.logs import topic

log = topic("engine")

NEAR_SECONDS = 4.0  # after a key, or the opening of a chat, a turn is near
PAUSE_SECONDS = 0.4  # who has not gone on typing for so long may send it as it stands


class ReadingAhead:
    """`begin` at each key or so, `go_on` before each step, `end` when the turn itself comes or its chat goes."""

    def __init__(self, scheduler: Scheduler, prompts: Prompts, clock: Callable[[], float]) -> None:
        self._scheduler, self._prompts, self._clock = scheduler, prompts, clock
        self._near_until = self._pause_until = 0.0
        self._typed: ReadAhead | None = None  # to be read to its end

    @property
    def is_turn_near(self) -> bool:
        return self._clock() < self._near_until

    @property
    def pause_left_seconds(self) -> float | None:
        """Until what was typed is read to its end. None: there is nothing such."""
        return None if self._typed is None else max(0.0, self._pause_until - self._clock())

    def begin(self, command: ReadAhead) -> None:
        """A chat was opened, or something typed. Nothing while its chat is answered."""
        now, request = self._clock(), command.request
        self._near_until, self._pause_until = now + NEAR_SECONDS, now + PAUSE_SECONDS
        self.end(request.cache_key)
        self._typed = None  # what stood in another chat is not what is typed now
        if self._scheduler.has_chat(request.cache_key):
            return
        self._read(command, self._prompts.beginning_of)
        if self._scheduler.placement.can_cut and any(turn.content.strip() for turn in request.turns[-1:]):
            self._typed = command

    def go_on(self) -> None:
        """Where the typing has paused."""
        if self._typed is not None and self.pause_left_seconds == 0:
            typed = self._typed
            self.end(typed.request.cache_key)
            self._read(typed, self._prompts.typed_of)

    def end(self, cache_key: str) -> None:
        """What is read stays in memory."""
        self._scheduler.end_read_ahead(cache_key)
        if self._typed is not None and self._typed.request.cache_key == cache_key:
            self._typed = None

    def _read(self, command: ReadAhead, tokens_of: Callable[[GenerateRequest], list[int]]) -> None:
        try:
            tokens = tokens_of(command.request)
            sequence = Sequence(
                id=command.id,
                priority=Priority.INTERACTIVE,
                tokens=tokens,
                max_tokens=0,
                cache_key=command.request.cache_key,
                is_temporary=True,  # what is typed may never be sent: it is not written to the disk
            )
            if len(tokens) > 1 and self._scheduler.placement.wants(sequence):
                self._scheduler.add(sequence)
        except KnownError:
            pass  # the request itself will say so
        except Exception:
            log.error("a prompt could not be read ahead\n%s", traceback.format_exc())
