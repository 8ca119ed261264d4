"""One program a profile: who holds the lock serves a local socket, and later starts hand their command to it.

So a model is never loaded twice. What travels is a command line and what it prints. POSIX: a Unix socket that only the
user can open. Windows: a loopback port with a secret in a file that only the user can read (not run yet).
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import msgspec

from app import wire
from app.core import local_socket
from app.errors import ErrorKind, KnownError, from_os_error
from app.logs import topic
from app.paths import Paths

log = topic("instance")

CONNECT_SECONDS = 10.0  # a program that has the lock opens its socket within this time, or is stuck
_LIMIT_BYTES = wire.LINE_LIMIT_BYTES


class Console(Protocol):
    """Where a command writes: answers to `out`, everything else to `err`."""

    def out(self, text: str) -> None: ...
    def err(self, text: str) -> None: ...


Execute = Callable[[Sequence[str], Path, Console], Coroutine[Any, Any, int]]
"""(command line, folder that it was given in, console) -> exit code."""


class HostGone(Exception):
    """The program that had the profile has ended: claim it again."""


class RunCommand(wire.Message, frozen=True, kw_only=True):
    """`arguments` and `folder` as bytes: names of files need not be text."""

    arguments: tuple[bytes, ...]
    folder: bytes
    secret: str = ""


class OutputWritten(wire.Message, frozen=True, kw_only=True):
    text: str
    is_error: bool = False


class CommandEnded(wire.Message, frozen=True, kw_only=True):
    code: int


class Instance:
    """The right to use a profile, for as long as this object is open. Made by `claim`."""

    def __init__(self, paths: Paths, lock: IO[bytes]) -> None:
        self._paths = paths
        self._lock = lock
        self._server: asyncio.Server | None = None
        self._guests: set[asyncio.Task[None]] = set()
        self._secret = secrets.token_hex(16)

    @classmethod
    def claim(cls, paths: Paths) -> Instance | None:
        """None where another program has the profile. Raises KnownError for a folder that can't be written."""
        paths.make_folders()
        try:
            lock = paths.lock.open("ab")
        except OSError as error:
            raise from_os_error(error, "use its data folder") from error
        if _try_lock(lock):
            return cls(paths, lock)
        lock.close()
        return None

    async def serve(self, execute: Execute) -> None:
        """Run the commands of later starts from now on."""

        async def guest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._guests.add(task)
            try:
                await self._serve_guest(execute, reader, writer)
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
            self._server = await asyncio.start_unix_server(guest, sock=listener, limit=_LIMIT_BYTES, **own_end)
        else:
            self._server = await asyncio.start_server(guest, "127.0.0.1", 0, limit=_LIMIT_BYTES)
            port = self._server.sockets[0].getsockname()[1]
            self._paths.socket.write_text(f"{port} {self._secret}")

    async def _serve_guest(self, execute: Execute, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = wire.Decoder[RunCommand](RunCommand).decode(await reader.readline())
        if os.name != "posix" and not hmac.compare_digest(command.secret, self._secret):
            return
        console = _RemoteConsole(writer)
        arguments = [_from_bytes(argument) for argument in command.arguments]
        running = asyncio.ensure_future(execute(arguments, Path(_from_bytes(command.folder)), console))
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
        """Until every command that came from another start has ended."""
        while self._guests:
            await asyncio.wait(set(self._guests))

    async def stop_serving(self) -> None:
        """End the commands of others; the profile is still held."""
        if self._server is not None:
            self._server.close()
            for guest in list(self._guests):
                guest.cancel()
            await self.wait_for_guests()
            local_socket.remove(self._paths)

    def release(self) -> None:
        """Give the profile to the next start."""
        self._lock.close()


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


def _to_bytes(argument: str) -> bytes:
    """UTF-8, with the bytes that Python could not read as text as they came. The same in every locale."""
    return argument.encode("utf-8", "surrogateescape")


def _from_bytes(argument: bytes) -> str:
    return argument.decode("utf-8", "surrogateescape")


async def forward(paths: Paths, arguments: Sequence[str], folder: Path, console: Console) -> int:
    """Have the running program execute a command line, and print here what it prints there."""
    reader, writer, secret = await _connect(paths)
    try:
        command = RunCommand(
            arguments=tuple(_to_bytes(argument) for argument in arguments),
            folder=_to_bytes(str(folder)),
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
                return *await local_socket.connect(paths, _LIMIT_BYTES), ""
            port, secret = paths.socket.read_text().split()
            return *await asyncio.open_connection("127.0.0.1", int(port), limit=_LIMIT_BYTES), secret
        except (OSError, ValueError) as error:
            if _is_free(paths):
                raise HostGone from error
            if asyncio.get_running_loop().time() > deadline:
                raise KnownError(
                    ErrorKind.PROFILE_IN_USE,
                    "Another Rubato uses this profile and does not answer. Close it, or choose another folder with "
                    "--profile.",
                ) from error
            await asyncio.sleep(0.05)  # it may be starting


def _is_free(paths: Paths) -> bool:
    with paths.lock.open("ab") as lock:
        return _try_lock(lock)


def _try_lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
