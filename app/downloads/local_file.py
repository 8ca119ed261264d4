"""The source kind "file": a copy of a file on this machine. Runs in the download process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.downloads.catalogue import FileSource
from app.downloads.checked_file import CheckedFile
from app.downloads.messages import Stage
from app.downloads.progress import Progress
from app.errors import ErrorKind, KnownError


def fetch(source: FileSource, file: CheckedFile, scratch: Path, progress: Progress) -> None:
    """Copy it. Raises KnownError where it can't be read."""
    progress.begin(Stage.WRITING, file.size_bytes)
    progress.reached(0)
    for piece in _pieces(source):
        file.write(piece)


def _pieces(source: FileSource) -> Iterator[bytes]:
    try:
        with Path(source.path).open("rb") as original:
            while piece := original.read(1 << 20):
                yield piece
    except OSError as error:
        sentence = f"{source.path} could not be read ({error.strerror}). Check that the file is there, and try again."
        raise KnownError(ErrorKind.DOWNLOAD_FAILED, sentence) from error
