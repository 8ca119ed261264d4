"""A file that is hashed while it is written. Runs in the download process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType


class TooLong(Exception):
    """There are more bytes than the model has."""


class CheckedFile:
    """What a source writes a model into. It can be started over (a server that ignores a range makes that happen).

    It takes no more than the `size_bytes` that the model has: whatever a server sends cannot fill the disk.
    """

    def __init__(self, path: Path, *, size_bytes: int, written: Callable[[int], None]) -> None:
        """`written` is told how many bytes there are, after each write."""
        self.size_bytes = size_bytes
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self._written = written

    def __enter__(self) -> CheckedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        """Raises TooLong for bytes past the size."""
        if self._file.tell() + len(data) > self.size_bytes:
            raise TooLong
        count = self._file.write(data)
        self._digest.update(data)
        self._written(self._file.tell())
        return count

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, position: int) -> int:
        """Back to the start, which is the only place to go."""
        if position != 0:
            raise ValueError("a checked file can only be started over")
        return self._file.seek(0)

    def truncate(self) -> int:
        """Forget what was written."""
        self._digest = hashlib.sha256()
        return self._file.truncate(0)

    def sync(self) -> tuple[int, str]:
        """Everything onto the disk; returns the size and the sha256 of what is there."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell(), self._digest.hexdigest()


def sha256_of(path: Path) -> str:
    """The sha256 of a file that is there already."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
