"""Damaged files as sentences: whatever a library raises for a file that is not as it should be."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from app.errors import KnownError
from app.ingest.readers.interface import unreadable

_XML_NO_MEMORY = 2  # libxml2's number


@contextlib.contextmanager
def damage_as_sentence(path: Path, advice: str) -> Iterator[None]:
    """Nearly every exception that a parser raises is damage. Put nothing of ours into the block."""
    try:
        yield
    except (KnownError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # EINVAL: a place before the file's beginning
            raise
        if getattr(error, "code", None) == _XML_NO_MEMORY:
            raise MemoryError from error
        raise unreadable(path, f"is damaged or of a kind of its own. {advice}") from error
