"""Copies of what was added to chats, by what is in them; what is not needed is overwritten. Blocks.

A copy lies in a folder that is named by its hash, under its own name, for readers and people go by that.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Collection
from io import BufferedReader
from pathlib import Path

from app.errors import ErrorKind, KnownError, from_os_error
from app.ingest import failures
from app.ingest.formats import is_supported

MOST_FILES = 50  # that are added to a chat at once
MOST_BYTES = 200 * 1024**2
_BLOCK = 1024**2


class AttachmentFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, source: str) -> Path:
        """Of a copy, from what `keep` returned."""
        return self._folder / source

    def keep(self, path: Path) -> str:
        """Copy a file; returns where it is, below the folder. Raises KnownError."""
        check_size(path)
        part = self._part()
        digest = hashlib.sha256()
        try:
            file = path.open("rb")
        except OSError as error:
            raise failures.from_os_error(error, path) from error
        with file:
            try:
                with part.open("wb") as copy:
                    while block := _read(file, path):
                        digest.update(block)
                        copy.write(block)
                    copy.flush()
                    os.fsync(copy.fileno())
                return self._settle(part, digest.hexdigest(), path.name)
            except OSError as error:
                part.unlink(missing_ok=True)
                raise from_os_error(error, f"keep a copy of “{path.name}”") from error
            except KnownError:
                part.unlink(missing_ok=True)
                raise

    def keep_text(self, name: str, text: str) -> str:
        """A text as a file. Raises KnownError."""
        content = text.encode("utf-8", "replace")
        try:
            part = self._part()
            part.write_bytes(content)
            return self._settle(part, hashlib.sha256(content).hexdigest(), f"{name}.txt")
        except OSError as error:
            raise from_os_error(error, f"keep “{name}”") from error

    def sweep(self, kept: Collection[str]) -> None:
        """Overwrite and remove everything but these."""
        if not self._folder.is_dir():
            return
        wanted = {self._folder / source for source in kept}
        for file in sorted(self._folder.rglob("*")):
            if file not in wanted and not file.is_dir():
                _overwrite(file)
                file.unlink(missing_ok=True)
        for folder in self._folder.iterdir():
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _part(self) -> Path:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, "keep documents of chats") from error
        return self._folder / f"{uuid.uuid4().hex}.part"

    def _settle(self, part: Path, digest: str, name: str) -> str:
        folder = self._folder / digest[:32]
        folder.mkdir(exist_ok=True)
        part.replace(folder / name)
        return f"{folder.name}/{name}"


def check_size(path: Path) -> None:
    """Raises KnownError for a file that is too large for a chat, or not there."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise failures.from_os_error(error, path) from error
    if size > MOST_BYTES:
        raise KnownError(
            ErrorKind.DOCUMENT_UNREADABLE,
            f"“{path.name}” is larger than {MOST_BYTES // 1024**2} MB, the most that a chat takes. Split it into "
            "smaller files and add those.",
        )


def files_in(paths: Collection[Path]) -> list[Path]:
    """These files, and the documents in these folders. Raises KnownError where there are too many, or none."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        before = len(found)
        for folder, names, files in os.walk(path):
            names[:] = sorted(name for name in names if not name.startswith("."))
            here = [Path(folder, name) for name in sorted(files) if not name.startswith(".")]
            found += [file for file in here if is_supported(file)]
            if len(found) > MOST_FILES:
                break
        if len(found) == before:
            raise KnownError(ErrorKind.BAD_REQUEST, f"There is no document in {path.name}.")
    if len(found) > MOST_FILES:
        raise KnownError(
            ErrorKind.BAD_REQUEST,
            f"A chat takes {MOST_FILES} documents at once, and these are more. Add fewer, or make a job of them.",
        )
    return list(dict.fromkeys(found))


def _read(file: BufferedReader, path: Path) -> bytes:
    try:
        return file.read(_BLOCK)
    except OSError as error:
        raise failures.from_os_error(error, path) from error


def _overwrite(file: Path) -> None:
    """With nothing, as far as the file system writes in place."""
    try:
        left = file.stat().st_size
        with file.open("r+b") as opened:
            while left > 0:
                left -= opened.write(bytes(min(_BLOCK, left)))
            opened.flush()
            os.fsync(opened.fileno())
    except OSError:
        pass  # it is removed all the same
