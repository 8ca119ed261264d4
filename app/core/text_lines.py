"""Lines of a text file, some hundreds at a time, read in a thread."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

from app.errors import ErrorKind, KnownError

LINES = 500


async def text_lines(path: Path) -> AsyncIterator[list[str]]:
    """Those that are not blank, without their ends. Raises KnownError where the file can't be read as UTF-8."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            while batch := await asyncio.to_thread(lambda: list(itertools.islice(file, LINES))):
                yield [line.rstrip("\r\n") for line in batch if line.strip()]
    except UnicodeDecodeError as error:
        raise KnownError(ErrorKind.DOCUMENT_UNREADABLE, f"{path.name} is not UTF-8. Save it as UTF-8.") from error
    except OSError as error:
        raise KnownError(
            ErrorKind.DOCUMENT_UNREADABLE, f"{path.name} can't be read ({error.strerror}). Check that it is there."
        ) from error
