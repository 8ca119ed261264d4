"""Files that a person named on the command line, looked at before anything is queued."""

from __future__ import annotations

import stat
from pathlib import Path

from app.errors import ErrorKind, KnownError


def check_document(file: Path) -> None:
    """Raises KnownError for what is not a file that can be read."""
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _refusal(f"{file} is a folder: name the files in it")
        if not stat.S_ISREG(mode):  # opening a pipe would wait for who writes into it
            raise _refusal(f"{file} is not an ordinary file: save what it has into one, and name that")
        with file.open("rb"):
            pass
    except (FileNotFoundError, NotADirectoryError):
        raise _refusal(f"There is no file {file}: check its name") from None
    except PermissionError:
        raise _refusal(f"{file} may not be read by you: change its permissions, or name a copy that you own") from None
    except OSError as error:
        raise _refusal(f"{file} could not be read ({error.strerror}): check the disk or network folder") from None


def _refusal(what: str) -> KnownError:
    return KnownError(ErrorKind.BAD_REQUEST, f"{what}, and try again.")
