"""A child process's output, heard line by line in the turn of the event loop in which it was read.

Asyncio's own streams take two more turns for it, and each token of a chat comes this way, on a core that the engine
wants.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import SubprocessStreamProtocol
from collections.abc import Callable

from app import wire
from app.logs import topic

log = topic("wire")


class HeardOutput(SubprocessStreamProtocol):
    """Of a subprocess whose standard output goes to `take`, without the ends of its lines; its input is a stream.

    What `take` raises is logged, and ends the process.
    """

    def __init__(self, take: Callable[[bytes], None], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(wire.LINE_LIMIT_BYTES, loop)
        self._lines = _Lines(take)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._lines.take_over(transport)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        """What was read before the pipe was taken over."""
        assert isinstance(data, bytes)
        self._lines.data_received(data)

    async def ended(self) -> None:
        """Until there is no more to come."""
        await self._lines.has_ended.wait()


class _Lines(asyncio.Protocol):
    """Of a pipe whose end the protocol that had it before has to hear of too."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._begun: list[bytes] = []  # of a line that has not ended yet
        self._n_begun = 0
        self.has_ended = asyncio.Event()

    def take_over(self, process: asyncio.SubprocessTransport) -> None:
        pipe = process.get_pipe_transport(1)
        assert pipe is not None
        self._process, self._before = process, pipe.get_protocol()
        pipe.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        *ended, begun = data.split(b"\n")
        for line in ended:
            self._end(line)
        if begun:
            self._begun.append(begun)
            self._n_begun += len(begun)
        if self._n_begun > wire.LINE_LIMIT_BYTES:
            self._end(b"")  # whoever takes it refuses it

    def _end(self, rest: bytes) -> None:
        line, self._begun, self._n_begun = b"".join((*self._begun, rest)), [], 0
        try:
            self._take(line)
        except Exception:
            log.exception("what a process said could not be taken; it is ended")
            self._take = _ignore
            self._process.kill()

    def connection_lost(self, exc: Exception | None) -> None:
        self._before.connection_lost(exc)
        self.has_ended.set()


def _ignore(line: bytes) -> None:
    """It is being ended."""
