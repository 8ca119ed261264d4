"""One program a profile: who holds the lock serves a local socket, and later starts hand their command to it.

So a model is never loaded twice. What travels is a command line and what it prints: see host.py and forwarding.py.
POSIX: a Unix socket that only the user can open. Windows: a loopback port with a secret in a file that only the user
can read (not run yet).
"""

from __future__ import annotations

import sys
from typing import IO, Protocol

from app.errors import from_os_error
from app.paths import Paths


class Console(Protocol):
    """Where a command writes: answers to `out`, everything else to `err`."""

    def out(self, text: str) -> None: ...
    def err(self, text: str) -> None: ...


class HostGone(Exception):
    """The program that had the profile has ended: claim it again."""


class Instance:
    """The right to use a profile, for as long as this object is open. Made by `claim`."""

    def __init__(self, paths: Paths, lock: IO[bytes]) -> None:
        self.paths = paths
        self._lock = lock

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

    def release(self) -> None:
        """Give the profile to the next start."""
        self._lock.close()


def is_free(paths: Paths) -> bool:
    """Does no program have this profile?"""
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
