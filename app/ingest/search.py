"""The way through what somebody added: folders, archives and the files in them. Runs in the task process."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.errors import KnownError, from_os_error
from app.ingest import failures
from app.ingest.archives import ZIP_SIGNATURES
from app.ingest.formats import choose_reader
from app.ingest.found import LeftOut, is_hidden
from app.ingest.messages import FoundFile
from app.ingest.readers.interface import plain_name, unreadable
from app.ingest.unpacking import unpack


@dataclass
class Search:
    """A file is found once, under its first name. What can't be read is found too, with a sentence."""

    unpack_into: Path
    left_out: LeftOut = field(default_factory=LeftOut)
    _seen: set[tuple[int, int]] = field(default_factory=set)  # device and number of files and folders
    _n_archives: int = 0

    def look_at(self, path: Path) -> Iterator[FoundFile]:
        """What somebody named: it is looked at even where it is hidden or empty."""
        name = plain_name(path)
        try:
            status = path.stat()
        except OSError as error:
            yield _refused(path, name, failures.from_os_error(error, path))
            return
        if not self._is_new(status):
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._or_nothing(self._in_folder(path, name), path, name)
        else:
            yield from self._file(path, name)

    def _in_folder(self, root: Path, root_name: str) -> Iterator[FoundFile]:
        """Everything below a folder. Links are followed, but to no folder twice."""
        folders = [(root, root_name)]
        while folders:
            folder, name = folders.pop()
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                yield _refused(folder, name, failures.from_os_error(error, folder))
                continue
            for entry in entries:
                path = Path(entry.path)
                entry_name = f"{name}/{plain_name(path)}"
                if is_hidden(entry.name) or _is_hidden_on_windows(entry):
                    self.left_out.hidden += 1
                    continue
                try:
                    status = path.stat()
                except OSError as error:
                    if entry.is_symlink():
                        self.left_out.links += 1
                    else:
                        yield _refused(path, entry_name, failures.from_os_error(error, path))
                    continue
                if not self._is_new(status):
                    continue
                if stat.S_ISDIR(status.st_mode):
                    folders.append((path, entry_name))
                elif stat.S_ISREG(status.st_mode) and status.st_size == 0:
                    self.left_out.empty.append(entry_name)
                else:
                    yield from self._file(path, entry_name)

    def _file(self, path: Path, name: str) -> Iterator[FoundFile]:
        try:
            choose_reader(path)
            yield FoundFile(path=os.fsencode(path), name=name)
        except KnownError as error:
            if _is_zip(path):
                yield from self._or_nothing(self._in_archive(path, name), path, name)
            else:
                yield _refused(path, name, error)
        except OSError as error:
            yield _refused(path, name, failures.from_os_error(error, path))

    def _in_archive(self, path: Path, name: str) -> Iterator[FoundFile]:
        self._n_archives += 1
        try:
            for file in unpack(path, self.unpack_into / str(self._n_archives), self.left_out):
                yield _unpacked(file.path, f"{name}/{file.name}", file.problem)
        except KnownError as error:
            yield _refused(path, name, error)
        except OSError as error:
            raise from_os_error(error, f"unpack {plain_name(path)}") from error

    def _or_nothing(self, found: Iterator[FoundFile], path: Path, name: str) -> Iterator[FoundFile]:
        """What was found; where nothing was, and nothing was left out, that."""
        left_out_before = replace(self.left_out)
        n_found = 0
        for file in found:
            n_found += 1
            yield file
        if n_found == 0 and self.left_out == left_out_before:
            yield _refused(path, name, unreadable(path, "has no files in it. Check whether it is the right one."))

    def _is_new(self, status: os.stat_result) -> bool:
        place = (status.st_dev, status.st_ino)
        if place in self._seen and status.st_ino:  # some file systems have no numbers
            self.left_out.twice += 1
            return False
        self._seen.add(place)
        return True


def _unpacked(path: Path, name: str, problem: str) -> FoundFile:
    """A file of an archive; one that can't be read does not stay on the disk."""
    if problem:
        return _refused(path, name, unreadable(path, problem))
    try:
        choose_reader(path)
    except KnownError as error:
        path.unlink()
        return _refused(path, name, error)
    return FoundFile(path=os.fsencode(path), name=name)


def _refused(path: Path, name: str, error: KnownError) -> FoundFile:
    return FoundFile(path=os.fsencode(path), name=name, sentence=error.sentence)


def _is_zip(path: Path) -> bool:
    """Whether it is an archive of files, and not of the parts of a document that is not read."""
    if path.suffix.lower() != ".zip" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) in ZIP_SIGNATURES


def _is_hidden_on_windows(entry: os.DirEntry[str]) -> bool:
    if os.name != "nt":
        return False
    attributes: int = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)
