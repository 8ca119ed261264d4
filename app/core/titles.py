"""A chat's own title: asked at the end of the chat's own sequence when nothing else wants the engine. Core thread.

Nothing is read again for it, and it is cut off again (`is_aside`, see engine/process/running_model.py); a turn or bulk
work that comes meanwhile cancels it, and it is tried again later. A title that a person gave is never touched.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from app.core import thoughts
from app.engine.interface import Engine
from app.engine.messages import (
    EngineReported,
    FinishReason,
    GenerateRequest,
    LastWord,
    RequestFinished,
    Sampling,
    TextProduced,
    Turn,
)
from app.errors import KnownError
from app.logs import topic

log = topic("chat")

QUESTION = "Give this conversation a title of two to six words, in its own language. Answer with the title alone."
BEGUN = "Title:"  # so that a model that thinks answers at once
QUIET_SECONDS = 2.0  # after a reply: the next turn may be on its way
MOST_TOKENS = 32
LONGEST_TITLE = 60
_QUOTES = "\"'“”„‘’«»`*_#. \t"
_NAME = re.compile(r"\A(title|titel|titre|título|titolo)\s*[:：]\s*", re.IGNORECASE)


@dataclass(kw_only=True)
class Titles:
    """`request` is what the next turn of a chat would be without its last turn; None where it wants no title.

    `take` is called with a title, or with "" where the model gave none.
    """

    engine: Engine
    request: Callable[[str], GenerateRequest | None]
    take: Callable[[str, str], None]
    quiet_seconds: float = QUIET_SECONDS
    _waiting: list[str] = field(default_factory=list)  # chats
    _task: asyncio.Task[None] | None = None
    _timer: asyncio.TimerHandle | None = None
    _moved: asyncio.Event = field(default_factory=asyncio.Event)  # since `_later`, the asking has begun

    def want(self, chat_id: str) -> None:
        """A reply has ended well."""
        if chat_id not in self._waiting:
            self._waiting.append(chat_id)
        self._later()

    def engine_reported(self, report: EngineReported) -> None:
        """It may have nothing to do now."""
        if self._waiting and not (report.interactive_running or report.bulk_running or report.bulk_waiting):
            self._later()

    async def settled(self) -> None:
        """Until nothing is asked any more, or the engine is wanted by somebody else."""
        while self._timer is not None or self._task is not None:
            await (self._moved.wait() if self._task is None else asyncio.wait({self._task}))

    async def begun(self) -> None:
        """Until something is asked."""
        while self._task is None:
            await self._moved.wait()

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _later(self) -> None:
        if self._timer is None and self._task is None:
            self._timer = asyncio.get_running_loop().call_later(self.quiet_seconds, self._begin)
            self._moved.clear()

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._ask_all(), name="titles")
        self._moved.set()

    async def _ask_all(self) -> None:
        """Until the engine is wanted by somebody else."""
        try:
            while self._waiting:
                chat_id = self._waiting[-1]  # the newest is in a slot
                if not await self._ask(chat_id):
                    return  # the engine tells when it is idle again
                self._waiting.remove(chat_id)
        except Exception:
            log.exception("a title could not be asked for")
            self._waiting.clear()
        finally:
            self._task = None

    async def _ask(self, chat_id: str) -> bool:
        """False: something else wanted the engine."""
        request = self.request(chat_id)
        if request is None:
            return True
        turns = (*request.turns, Turn("user", QUESTION))
        asked = msgspec.structs.replace(
            request,
            turns=turns,
            is_aside=True,
            begun_reply=BEGUN,
            max_tokens=MOST_TOKENS,
            stop=("\n",),
            sampling=Sampling(temperature=0.0),
            keeps_all_turns=True,
        )
        text, last = "", None
        try:
            async for event in self.engine.generate(f"title-{chat_id}", asked):
                if isinstance(event, TextProduced) and not event.is_thinking:
                    text += event.text
                elif isinstance(event, LastWord):
                    last = event
        except KnownError:
            return True
        if isinstance(last, RequestFinished) and last.reason is FinishReason.CANCELLED:
            return False
        if isinstance(last, RequestFinished) and self.request(chat_id) is not None:
            is_whole = last.reason is not FinishReason.LENGTH
            self.take(chat_id, cleaned(text) if is_whole else "")
        return True


def cleaned(text: str) -> str:
    """A title of what a model said: one line without its quotes. Empty: that is none."""
    line = next((line for line in thoughts.answer_of(text).splitlines() if line.strip()), "")
    line = " ".join(line.split()).strip(_QUOTES)
    line = _NAME.sub("", line).strip(_QUOTES)
    is_one = len(line) <= LONGEST_TITLE and any(character.isalnum() for character in line)
    return line if is_one and not line.startswith(("<", "[[", "{")) else ""
