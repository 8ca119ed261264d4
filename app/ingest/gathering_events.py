"""What the task process says of files, folders and archives in which it looks for documents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from app.ingest.messages import FilesFound, FilesGathered, FoundFile, GatherFiles, GatheringEvent
from app.ingest.readers.interface import unreadable
from app.ingest.search import Search

_FILE_LIMIT = 100_000
_BATCH_FILES = 200


def gathering_events(command: GatherFiles) -> Iterator[GatheringEvent]:
    """All files, those that can't be read with a sentence, then what was left out."""
    search = Search(unpack_into=Path(os.fsdecode(command.unpack_into)))
    batch: list[FoundFile] = []
    n_files = 0
    for path in command.paths:
        for file in search.look_at(Path(os.fsdecode(path))):
            batch.append(file)
            n_files += 1
            if n_files > _FILE_LIMIT:
                raise unreadable(command.file, f"is or has more than {_FILE_LIMIT:,} files. Add fewer at a time.")
            if len(batch) == _BATCH_FILES:
                yield FilesFound(files=tuple(batch))
                batch = []
    yield FilesFound(files=tuple(batch))
    yield FilesGathered(notes=search.left_out.sentences())
