"""The bare process from the program's side: bare speeds of a model on this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from app.children import Child
from app.engine.bare_messages import (
    BareAnswer,
    BareOpened,
    OpenBare,
    TimeDecode,
    TimePeerReplies,
    TimePeerTurn,
    TimePrefill,
    TimeTaken,
    TimeVerify,
)
from app.engine.messages import Turn
from app.errors import ErrorKind, KnownError


class BareModel:
    """Use as an async context manager. All results are seconds."""

    def __init__(
        self,
        path: Path,
        logs: Path,
        *,
        n_threads: int,
        n_sequences: int,
        context_tokens: int,
        kv: str = "F16",
        flash_attention: bool = False,
    ) -> None:
        self._logs = logs
        self._open = OpenBare(
            path=os.fsencode(path),
            n_threads=n_threads,
            n_sequences=n_sequences,
            context_tokens=context_tokens,
            kv=kv,
            flash_attention=flash_attention,
        )
        self._child: Child[BareAnswer] | None = None
        self.settings = ""

    async def __aenter__(self) -> BareModel:
        self._child = await Child.start("bare", received=BareAnswer, log_file=self._logs / "bare-native.log")
        self._answers = self._child.messages()
        self._child.send(self._open)
        try:
            answer = await self._answer()
        except BaseException:
            self._child.kill()
            await self._child.close()
            raise
        assert isinstance(answer, BareOpened)
        self.settings = answer.settings
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._child is not None
        if any(isinstance(one, asyncio.CancelledError) for one in error):
            self._child.kill()  # in the middle of what it computes: somebody wants the machine now
        await self._child.close()

    async def prefill(self, n_tokens: int, depth: int = 0, piece: int = 512) -> float:
        """To read so many tokens behind `depth` others."""
        return await self._time(TimePrefill(n_tokens=n_tokens, depth=depth, piece=piece))

    async def decode_step(self, width: int, depth: int, n_steps: int = 16) -> float:
        """One step of a token for each of `width` sequences: the mean of `n_steps`, as llama-batched-bench has it."""
        return await self._time(TimeDecode(width=width, depth=depth, n_steps=n_steps))

    async def verify_step(self, n_tokens: int, depth: int) -> float:
        """One step of so many tokens of one sequence, with logits for each."""
        return await self._time(TimeVerify(n_tokens=n_tokens, depth=depth))

    async def peer_ttft(self, n_cached: int, n_new: int) -> float:
        """First token by llama-cpp-python's own Llama class, its prefix cached."""
        return await self._time(TimePeerTurn(n_cached=n_cached, n_new=n_new))

    async def peer_replies(self, conversations: Sequence[tuple[Turn, ...]], max_tokens: int) -> float:
        """Chat completions by the Llama class, one by one."""
        return await self._time(TimePeerReplies(conversations=tuple(conversations), max_tokens=max_tokens))

    async def _time(self, command: TimePrefill | TimeDecode | TimeVerify | TimePeerTurn | TimePeerReplies) -> float:
        assert self._child is not None
        self._child.send(command)
        answer = await self._answer()
        assert isinstance(answer, TimeTaken)
        return answer.seconds

    async def _answer(self) -> BareAnswer:
        async for answer in self._answers:
            return answer
        raise KnownError(
            ErrorKind.MODEL_UNREADABLE,
            f"{os.fsdecode(self._open.path)} could not be measured: llama.cpp ended. There may be too little "
            "memory, or the file is damaged. See bare-native.log.",
        )
