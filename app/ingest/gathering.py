"""What somebody added becomes a list of files: folders are looked through, ZIPs are unpacked, in a killable process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.ingest.found import natural_key
from app.ingest.messages import FilesFound, FilesGathered, FoundFile, GatherFiles
from app.ingest.task import ReadLimits, reading_task

_LIMITS = ReadLimits()


@dataclass(frozen=True, kw_only=True)
class GatheredFile:
    """A file that can be read. `name` is what a person should see: "reports/2024/a.pdf", "archive.zip/x/a.pdf"."""

    path: Path
    name: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A file, a folder or an archive that can't be read, and why."""

    name: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Everything that was found, sorted by name as people sort. `notes` count what was left out, by its reason."""

    files: tuple[GatheredFile, ...]
    refused: tuple[Refused, ...]
    notes: tuple[str, ...]


async def gather(paths: Sequence[Path], *, unpack_into: Path, log_file: Path, limits: ReadLimits = _LIMITS) -> Gathered:
    """Look for documents in files, folders and ZIPs. Raises KnownError where there are too many, or the disk is full.

    `unpack_into` is a folder that is empty or not there yet; it is the caller's to remove, after failures too.
    """
    if not paths:
        return Gathered(files=(), refused=(), notes=())
    command = GatherFiles(
        paths=tuple(os.fsencode(path.absolute()) for path in paths), unpack_into=os.fsencode(unpack_into.absolute())
    )
    found: list[FoundFile] = []
    async with reading_task(paths[0].absolute(), command, limits, log_file) as task:
        while True:
            match await task.next_event():
                case FilesFound() as event:
                    found += event.files
                case FilesGathered() as event:
                    return _gathered(found, event.notes)
                case event:
                    raise task.unexpected(event)


def _gathered(found: list[FoundFile], notes: tuple[str, ...]) -> Gathered:
    found.sort(key=lambda file: natural_key(file.name))
    return Gathered(
        files=tuple(
            GatheredFile(path=Path(os.fsdecode(file.path)), name=file.name) for file in found if not file.sentence
        ),
        refused=tuple(Refused(name=file.name, sentence=file.sentence) for file in found if file.sentence),
        notes=notes,
    )
