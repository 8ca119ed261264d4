"""Child processes of this program: the engine, and one short-lived task process a document or download.

A child is `sys.executable` with an argument, spoken to in JSON lines over its standard input and output (see wire.py).
Used from the asyncio thread on the parent's side; `claim_pipes` is the child's side. End of file on its standard
input ends a child, so that none outlives the program.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from asyncio.subprocess import SubprocessStreamProtocol
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO, Generic

from app import wire
from app.child_command import child_command
from app.child_output import HeardOutput
from app.logs import topic
from app.wire import M

log = topic("wire")

# Asyncio reads up to 256 KiB at a time, for which the C library maps memory and unmaps it again, with each message: a
# third of what a token costs the program, on a core that the engine wants.
READ_BYTES = 64 << 10


class Child(Generic[M]):
    """One running child process. `received` is the union of messages that it sends."""

    def __init__(
        self, process: asyncio.subprocess.Process, decoder: wire.Decoder[M], role: str, heard: HeardOutput | None
    ) -> None:
        self._process = process
        self._decoder = decoder
        self._heard = heard
        self.role = role

    @classmethod
    async def start(
        cls, role: str, *arguments: str, received: Any, log_file: Path, hear: Callable[[M], None] | None = None
    ) -> Child[M]:
        """Start it; what it prints outside the protocol, C libraries included, goes to `log_file`.

        `hear` gets its messages instead of `messages`, each in the turn of the loop in which it was read. A line that
        is none, and whatever `hear` raises, ends the child.
        """
        command = child_command(role, *arguments)
        decoder: wire.Decoder[M] = wire.Decoder(received)

        def output() -> SubprocessStreamProtocol:
            if hear is None:
                return SubprocessStreamProtocol(wire.LINE_LIMIT_BYTES, loop)
            return HeardOutput(lambda line: hear(decoder.decode(line)), loop)

        with log_file.open("ab") as errors:
            loop = asyncio.get_running_loop()
            transport, protocol = await loop.subprocess_exec(
                output,
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows: no console of its own is shown
                start_new_session=os.name == "posix",  # Ctrl-C on the terminal is for the program, not its children
            )
        pipe = transport.get_pipe_transport(1)
        if pipe is not None and hasattr(pipe, "max_size"):  # asyncio's transports of POSIX have it
            pipe.max_size = READ_BYTES
        process = asyncio.subprocess.Process(transport, protocol, loop)
        log.debug("%s started, pid %d", role, process.pid)
        return cls(process, decoder, role, protocol if isinstance(protocol, HeardOutput) else None)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, *messages: wire.Message) -> None:
        """Queue messages for the child. One that is dead takes nothing: its end is told by `messages`."""
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(wire.encode(*messages))

    async def messages(self) -> AsyncIterator[M]:
        """What the child says, until its output ends. Raises WireError for a line that is not a message."""
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError as error:
                raise wire.WireError(f"{self.role} sent a line over the limit") from error
            if not line.endswith(b"\n"):  # end of file, or a line torn by a kill
                return
            yield self._decoder.decode(line)

    async def wait(self) -> int:
        """Until it has ended and all that it said was heard; its exit code, negative for a signal as asyncio has it."""
        if self._heard is not None:
            await self._heard.ended()
        return await self._process.wait()

    def kill(self) -> None:
        """End it now. Harmless where it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def close(self, patience_seconds: float = 2.0) -> int:
        """End of input, then a kill for one that does not go by itself."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            return await asyncio.wait_for(self.wait(), patience_seconds)
        except TimeoutError:
            self.kill()
            return await self.wait()


def describe_exit(code: int) -> str:
    """An exit code in words: "exit code 1", "killed by SIGKILL"."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """In a child, before any native library is imported: (input, output) of the protocol.

    Descriptor 1 then points at standard error, so that prints from C cannot corrupt the protocol.
    """
    output = os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return sys.stdin.buffer, output
