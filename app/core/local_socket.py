"""Where the local socket of a running program lies: in its profile, however long the profile's name is.

The system takes about 100 bytes for the name of a socket. A longer one goes through the folder's descriptor, which is
short. Where that is not to be had (not Linux), or where the profile's disk takes no sockets, the socket lies in a
folder of its own below the system's temporary one, and a note in the profile says where: host and guest may have
different ideas of what is temporary.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.errors import from_os_error
from app.logs import topic
from app.paths import Paths

log = topic("instance")

LONGEST_NAME_BYTES = 100  # Linux takes 107, macOS 103
_DESCRIPTORS = Path("/proc/self/fd")
_PREFIX = "rubato-"


def listen(paths: Paths) -> socket.socket:
    """A socket that only this user can connect to. Call it with the lock held: what is left of others is removed.

    Raises KnownError where there is no place for one.
    """
    remove(paths)
    try:
        return _bind(paths.socket)
    except OSError as error:
        log.info("the profile takes no socket: %s", error)
    try:
        place = _temporary_folder() / "socket"
        listener = _bind(place)
        paths.socket_note.write_bytes(os.fsencode(place))
        return listener
    except OSError as error:
        raise from_os_error(error, "open its local socket") from error


async def connect(paths: Paths, limit_bytes: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the program that listens there. Raises OSError where none does."""
    try:
        place = Path(os.fsdecode(paths.socket_note.read_bytes()))
    except FileNotFoundError:
        place = paths.socket
    with _short_name(place) as name:
        return await asyncio.open_unix_connection(name, limit=limit_bytes)


def remove(paths: Paths) -> None:
    """The socket, where there is one: also that of a program that was killed."""
    with contextlib.suppress(OSError):
        paths.socket.unlink()
    with contextlib.suppress(OSError):
        folder = Path(os.fsdecode(paths.socket_note.read_bytes())).parent
        if folder.name.startswith(_PREFIX):  # and not whatever a damaged note names
            shutil.rmtree(folder, ignore_errors=True)
        paths.socket_note.unlink()


def _bind(place: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        old_mask = os.umask(0o177)
        try:
            with _short_name(place) as name:
                listener.bind(name)
        finally:
            os.umask(old_mask)
    except BaseException:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def _short_name(place: Path) -> Iterator[str]:
    """A name for the place that the system takes, as long as this is open. Raises OSError where there is none."""
    if len(os.fsencode(place)) <= LONGEST_NAME_BYTES or not _DESCRIPTORS.is_dir():
        yield str(place)
        return
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(_DESCRIPTORS / str(folder) / place.name)
    finally:
        os.close(folder)


def _temporary_folder() -> Path:
    """A new one that nobody else can enter, with a short name."""
    usual = tempfile.gettempdir()
    folder = usual if len(os.fsencode(usual)) < LONGEST_NAME_BYTES - 30 else "/tmp"
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
