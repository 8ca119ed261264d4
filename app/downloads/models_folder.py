"""The folder of models: which file is whole, and what is unfinished. Runs on both sides of a download.

Beside each checked file NAME.gguf lies NAME.gguf.sha256, in the form that `sha256sum -c` reads, so that a file is read
through once and not at every start. Of the user's own model, checked while another profile is in use, the record is
NAME.gguf.shared.sha256 in that profile: nothing is written outside it. An unfinished download is a folder
NAME.gguf.PID.part: what a killed process left is removed by the next download of that model.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import psutil

from app.downloads.catalogue import Entry
from app.downloads.checked_file import sha256_of
from app.downloads.part_file import part_of, state_of
from app.paths import Paths


def find_model(entry: Entry, paths: Paths) -> Path | None:
    """The file of this model, whole and checked: the profile's, the user's or the one that came with the program.

    A file without a record is read through once, which takes a second for each 500 MB or so.
    """
    for folder in paths.model_folders:
        file = folder / entry.file_name
        records = [_record_of(file)]
        if folder != paths.models:
            records.append(paths.models / f"{entry.file_name}.shared.sha256")
        if _is_whole(file, entry.size_bytes, entry.sha256, records):
            return file
    return None


def is_whole(file: Path, size_bytes: int, sha256: str) -> bool:
    """Is the file of this checksum there? Without a record it is read through once."""
    return _is_whole(file, size_bytes, sha256, [_record_of(file)])


def finish(file: Path, sha256: str) -> None:
    """What was fetched for this file, and checked, gets its name; see part_file.py. Raises OSError."""
    put_in_place(part_of(file), file, sha256)
    state_of(file).unlink(missing_ok=True)


def remove(file: Path) -> None:
    """A model's file and its record. Raises OSError."""
    file.unlink(missing_ok=True)
    _record_of(file).unlink(missing_ok=True)


def put_in_place(part: Path, file: Path, sha256: str) -> None:
    """A checked file gets its name. Another file that had this name is kept as NAME.old. Raises OSError."""
    if file.exists():
        file.replace(file.with_name(f"{file.name}.old"))
    part.replace(file)
    if os.name == "posix":
        descriptor = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    if sha256:
        _record(_record_of(file), file, sha256)


def make_part_folder(entry: Entry, folder: Path) -> Path:
    """A folder for this process's unfinished download, beside the file that it will be. Raises OSError."""
    clean(entry, folder)
    part = folder / f"{entry.file_name}.{os.getpid()}.part"
    part.mkdir()
    return part


def clean(entry: Entry, folder: Path) -> None:
    """Remove the unfinished downloads of processes that are no more."""
    for part in folder.glob(f"{entry.file_name}.*.part"):
        pid = part.name.removesuffix(".part").rpartition(".")[2]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(part, ignore_errors=True)


def _is_whole(file: Path, size_bytes: int, expected: str, records: list[Path]) -> bool:
    """By the first record that is about this very file; where there is none, a new one becomes the last of them."""
    try:
        facts = file.stat()
        if facts.st_size != size_bytes:
            return False
        for record in records:
            if record.exists() and record.stat().st_mtime_ns >= facts.st_mtime_ns:
                sha256, _, name = record.read_bytes().strip().partition(b"  ")
                if name == _name_in(record, file):
                    return sha256 == expected.encode()
        if sha256_of(file) != expected:
            return False
    except OSError:
        return False
    with contextlib.suppress(OSError):  # a folder that is only read: checked again next time
        _record(records[-1], file, expected)
    return True


def _record_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def _name_in(record: Path, file: Path) -> bytes:
    """Of a file elsewhere the whole path: another one may have the same name."""
    return os.fsencode(file.name if record.parent == file.parent else file)


def _record(record: Path, file: Path, sha256: str) -> None:
    record.write_bytes(sha256.encode() + b"  " + _name_in(record, file) + b"\n")
