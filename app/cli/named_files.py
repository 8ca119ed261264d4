"""Files that a person named on the command line, looked at before anything is queued."""

from __future__ import annotations

import argparse
import os
import stat
from pathlib import Path

from app.errors import ErrorKind, KnownError

MOST_BYTES = 10_000_000


def files_to_open(options: argparse.Namespace, folder: Path) -> list[Path]:
    """What `rubato open FILE...`, given in `folder`, names. Raises KnownError for what can't be read."""
    files = [folder / file.expanduser() for file in options.files] if options.command == "open" else []
    for file in files:
        check_document(file)
    return files


def check_document(file: Path) -> None:
    """Raises KnownError for what is neither a file nor a folder that can be read."""
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(file).close()
            return
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


def read_text(file: Path) -> str:
    """A small file that says something of a job: labels, a schema, a template. Raises KnownError."""
    file = file.expanduser()
    check_document(file)
    if file.is_dir():
        raise _refusal(f"{file} is a folder: name a file")
    try:
        if file.stat().st_size > MOST_BYTES:
            raise _refusal(f"{file} is too large for what it is to say: name another file")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _refusal(f"{file} is not UTF-8: save it as UTF-8") from None
    except OSError as error:
        raise _refusal(f"{file} could not be read ({error.strerror}): check the disk or network folder") from None


def _refusal(what: str) -> KnownError:
    return KnownError(ErrorKind.BAD_REQUEST, f"{what}, and try again.")
