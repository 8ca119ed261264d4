"""Which downloads were asked for and are not over: a small file each in the models folder, until one is done.

Written before anything is fetched, so that the next start of the program knows of it. Runs on the core thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from app.downloads.download import folder_of
from app.downloads.fetched_files import identity_of
from app.downloads.messages import FileGroup
from app.downloads.models_folder import remove
from app.downloads.part_file import done_bytes, remove_unfinished
from app.errors import from_os_error
from app.logs import topic
from app.paths import Paths

_FOLDER = ".downloads"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """`group`: of the hub; without it `entry_id` is of the catalogue and comes with pip. `is_paused`: it waits for
    the person."""

    id: str
    name: str
    created_seconds: float
    group: FileGroup | None = None
    entry_id: str = ""
    is_paused: bool = False


def load(paths: Paths) -> list[Record]:
    """Oldest first. What can't be read is left where it is."""
    records = []
    for file in (paths.models / _FOLDER).glob("*.json"):
        try:
            records.append(msgspec.json.decode(file.read_bytes(), type=Record))
        except (OSError, msgspec.MsgspecError) as error:
            topic("core").warning("the record of a download was not read: %s: %s", file, error)
    return sorted(records, key=lambda record: record.created_seconds)


def save(record: Record, paths: Paths) -> None:
    """Onto the disk, whole or not at all. Raises KnownError."""
    file = _file(record, paths)
    part = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as output:
            output.write(msgspec.json.encode(record))
            output.flush()
            os.fsync(output.fileno())
        part.replace(file)
    except OSError as error:
        raise from_os_error(error, f"store {record.name}") from error


def forget(record: Record, paths: Paths) -> None:
    """It is over. Raises KnownError."""
    try:
        _file(record, paths).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (paths.models / _FOLDER).rmdir()
    except OSError as error:
        raise from_os_error(error, f"forget {record.name}") from error


def discard(record: Record, paths: Paths) -> None:
    """Nothing of an unfinished one is left: no part, no folder that was made for it. Raises KnownError."""
    try:
        for file in files_of(record, paths):
            if file.exists() or file.parent.exists():
                remove_unfinished(file)
                remove(file)
                remove_empty(file.parent, paths)
    except OSError as error:
        raise from_os_error(error, f"remove {record.name}") from error
    forget(record, paths)


def files_of(record: Record, paths: Paths) -> list[Path]:
    """Where its files are, or will be."""
    if record.group is None:
        return []
    folder = folder_of(record.group.repository, paths)
    return [folder / file.path for file in record.group.files]


def fetched_bytes(record: Record, paths: Paths) -> int:
    """How much of it is on the disk."""
    if record.group is None:
        return 0
    n_bytes = 0
    for place, file in zip(files_of(record, paths), record.group.files, strict=True):
        with contextlib.suppress(OSError):
            if place.stat().st_size == file.size_bytes:
                n_bytes += file.size_bytes
                continue
        n_bytes += done_bytes(place, file.size_bytes, identity_of(file, record.group.revision))
    return n_bytes


def remove_empty(folder: Path, paths: Paths) -> None:
    """Folders below the models folder that have nothing in them any more."""
    with contextlib.suppress(OSError):
        while folder != paths.models and folder.is_relative_to(paths.models):
            folder.rmdir()
            folder = folder.parent


def _file(record: Record, paths: Paths) -> Path:
    return paths.models / _FOLDER / f"{hashlib.sha256(record.id.encode()).hexdigest()[:16]}.json"
