"""Names of files, which need not be text on POSIX."""

from __future__ import annotations

from pathlib import Path

from app.errors import ErrorKind, KnownError


def check_name(path: Path) -> None:
    """The database, which finds the file again later, holds text. Raises KnownError."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        sentence = f"The name of {path} is not valid UTF-8: rename it, and try again."
        raise KnownError(ErrorKind.BAD_REQUEST, sentence) from None
