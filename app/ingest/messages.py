"""Every message between the program and the task process that reads one document."""

from __future__ import annotations

import os
from pathlib import Path

from app.errors import ErrorKind
from app.ingest.document import Block
from app.wire import Message

# Command: program -> reader


class ReadDocument(Message, frozen=True, kw_only=True):
    """Read this file. `path` is in the system's own bytes: names of files need not be text."""

    path: bytes
    max_characters: int

    @property
    def file(self) -> Path:
        return Path(os.fsdecode(self.path))


# Events: reader -> program. The last one is DocumentRead or DocumentFailed.


class ReadProgressed(Message, frozen=True, kw_only=True):
    n_pages_done: int
    n_pages: int | None


class BlocksRead(Message, frozen=True, kw_only=True):
    """The next blocks, in reading order. None is longer than `BLOCK_LIMIT_CHARACTERS` of process.py."""

    blocks: tuple[Block, ...]


class DocumentRead(Message, frozen=True, kw_only=True):
    """All blocks have been sent."""

    name: str
    n_pages: int | None
    notes: tuple[str, ...]
    unread_pages: tuple[int, ...] = ()


class DocumentFailed(Message, frozen=True, kw_only=True):
    kind: ErrorKind
    sentence: str


Event = ReadProgressed | BlocksRead | DocumentRead | DocumentFailed
