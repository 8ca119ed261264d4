"""The program that has the profile runs the command lines of later starts."""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from app import wire
from app.core import local_socket
from app.core.guest_messages import LIMIT_BYTES, CommandEnded, OutputWritten, RunCommand, from_bytes
from app.core.instance import Console
from app.logs import topic
from app.paths import Paths

log = topic("instance")

Execute = Callable[[Sequence[str], Path, Console], Coroutine[Any, Any, int]]
"""(command line, folder that it was given in, console) -> exit code."""


class Host:
    """Of one profile, whose lock this program has."""

    def __init__(self, paths: Paths, execute: Execute) -> None:
        self._paths, self._execute = paths, execute
        self._server: asyncio.Server | None = None
        self._guests: set[asyncio.Task[None]] = set()
        self._secret = secrets.token_hex(16)

    async def serve(self) -> None:
        """Run the commands of later starts from now on."""

        async def guest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._guests.add(task)
            try:
                await self._serve_guest(reader, writer)
            except (ConnectionError, ValueError, wire.WireError) as error:  # ValueError: a line over the limit
                log.info("a guest went away: %s", error)
            except asyncio.CancelledError:  # by `stop_serving`; asyncio's streams would report it as a fault
                log.info("a guest's command was ended")
            finally:
                self._guests.discard(task)
                writer.close()

        if os.name == "posix":
            listener = local_socket.listen(self._paths)
            own_end: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
            self._server = await asyncio.start_unix_server(guest, sock=listener, limit=LIMIT_BYTES, **own_end)
        else:
            self._server = await asyncio.start_server(guest, "127.0.0.1", 0, limit=LIMIT_BYTES)
            port = self._server.sockets[0].getsockname()[1]
            self._paths.socket.write_text(f"{port} {self._secret}")

    async def _serve_guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = wire.Decoder[RunCommand](RunCommand).decode(await reader.readline())
        if os.name != "posix" and not hmac.compare_digest(command.secret, self._secret):
            return
        console = _RemoteConsole(writer)
        arguments = [from_bytes(argument) for argument in command.arguments]
        running = asyncio.ensure_future(self._execute(arguments, Path(from_bytes(command.folder)), console))
        gone = asyncio.ensure_future(reader.read())  # ends when the guest does: Ctrl-C there, or a closed terminal
        try:
            await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:  # also where this program is being closed
            gone.cancel()
            if not running.done():
                running.cancel()
                await asyncio.wait({running})
        if not running.cancelled():
            writer.write(wire.encode(CommandEnded(code=running.result())))
            await writer.drain()

    async def wait_for_guests(self) -> None:
        """Until their commands have ended."""
        while self._guests:
            await asyncio.wait(set(self._guests))

    async def stop_serving(self) -> None:
        """End the commands of others."""
        if self._server is not None:
            self._server.close()
            for guest in list(self._guests):
                guest.cancel()
            await self.wait_for_guests()
            local_socket.remove(self._paths)


class _RemoteConsole:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def out(self, text: str) -> None:
        self._write(text, is_error=False)

    def err(self, text: str) -> None:
        self._write(text, is_error=True)

    def _write(self, text: str, *, is_error: bool) -> None:
        sendable = text.encode("utf-8", "backslashreplace").decode()  # the name of a file may be in it
        self._writer.write(wire.encode(OutputWritten(text=sendable, is_error=is_error)))
