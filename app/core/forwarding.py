"""A later start of the program hands its command line to the one that has the profile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app import wire
from app.core import local_socket
from app.core.guest_messages import LIMIT_BYTES, CommandEnded, OutputWritten, RunCommand, to_bytes
from app.core.instance import Console, HostGone, is_free
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.paths import Paths

log = topic("instance")

CONNECT_SECONDS = 10.0  # a program that has the lock opens its socket within this time, or is stuck


async def forward(paths: Paths, arguments: Sequence[str], folder: Path, console: Console) -> int:
    """Have the running program execute a command line, and print here what it prints there."""
    reader, writer, secret = await _connect(paths)
    try:
        command = RunCommand(
            arguments=tuple(to_bytes(argument) for argument in arguments),
            folder=to_bytes(str(folder)),
            secret=secret,
        )
        writer.write(wire.encode(command))
        decoder: wire.Decoder[OutputWritten | CommandEnded] = wire.Decoder(OutputWritten | CommandEnded)
        while line := await reader.readline():
            message = decoder.decode(line)
            if isinstance(message, CommandEnded):
                return message.code
            (console.err if message.is_error else console.out)(message.text)
    except (ConnectionError, wire.WireError, msgspec.MsgspecError) as error:
        log.warning("the running program went away: %s", error)
    finally:
        writer.close()
    raise KnownError(ErrorKind.PROFILE_IN_USE, "The running Rubato was closed before this was done. Start it again.")


async def _connect(paths: Paths) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, str]:
    deadline = asyncio.get_running_loop().time() + CONNECT_SECONDS
    while True:
        try:
            if os.name == "posix":
                return *await local_socket.connect(paths, LIMIT_BYTES), ""
            port, secret = paths.socket.read_text().split()
            return *await asyncio.open_connection("127.0.0.1", int(port), limit=LIMIT_BYTES), secret
        except (OSError, ValueError) as error:
            if is_free(paths):
                raise HostGone from error
            if asyncio.get_running_loop().time() > deadline:
                raise KnownError(
                    ErrorKind.PROFILE_IN_USE,
                    "Another Rubato uses this profile and does not answer. Close it, or choose another folder with "
                    "--profile.",
                ) from error
            await asyncio.sleep(0.05)  # it may be starting
