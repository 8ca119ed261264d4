"""What can go wrong with any file, as one sentence that says what to do. Used on both sides of the pipe."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

from app.children import describe_exit
from app.errors import ErrorKind, KnownError
from app.ingest.readers.interface import shown_name, unreadable


def from_os_error(error: OSError, path: Path) -> KnownError:
    """The error for a file that the system does not give."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE):
        return unreadable(path, "is not there any more. If it was moved, add it again from its new place.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return unreadable(path, "may not be read by you. Change its permissions, or add a copy that you own.")
    if error.errno == errno.ENOMEM:
        return out_of_memory(path)
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    return unreadable(path, f"could not be read ({reason}). Check the disk or network folder, and add it again.")


def out_of_memory(path: Path) -> KnownError:
    return unreadable(path, "needs more memory than a document may take. Split it into smaller files and add those.")


def no_text(path: Path) -> KnownError:
    return unreadable(path, "has no text in it. Check whether it is the right file.")


def timed_out(path: Path, seconds: float) -> KnownError:
    return unreadable(
        path,
        f"took longer than {seconds:,.3g} seconds to read and was given up. Split it into smaller files and add those.",
    )


def ended_early(path: Path, exit_code: int) -> KnownError:
    """The process ended without a last word. Native libraries abort where they get no memory."""
    if exit_code == -signal.SIGABRT:
        return unreadable(
            path,
            "is damaged, or needs more memory than a document may take. Save it again in the program that made it, "
            "or split it into smaller files and add those.",
        )
    return crashed(path, describe_exit(exit_code))


def crashed(path: Path, how: str) -> KnownError:
    """The process ended without a last word. `how` as in `describe_exit`."""
    return KnownError(
        ErrorKind.READER_CRASHED,
        f"{shown_name(path)} could not be read: the process that read it ended early ({how}). Add it again; "
        "if that does not help, the file is damaged: print it to a new PDF and add that.",
    )


def bug(path: Path) -> KnownError:
    return KnownError(
        ErrorKind.BUG,
        f"Reading {shown_name(path)} failed because of a mistake in Rubato. "
        "The details are in the log; save the document in another format and add that.",
    )
