"""Every message between the program and the task process that reads one file, or looks for files."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from app.errors import ErrorKind
from app.ingest.document import Block, TableHead
from app.wire import Message

# Commands: program -> reader. One a process; SendRows comes after a TableOpened or RowsRead, and asks for more.


class ReadDocument(Message, frozen=True, kw_only=True):
    """Read this file. `path` is in the system's own bytes: names of files need not be text."""

    path: bytes
    max_characters: int

    @property
    def file(self) -> Path:
        return Path(os.fsdecode(self.path))


class OpenTable(Message, frozen=True, kw_only=True):
    """Read this file as rows. `sheet`: of a workbook; empty: its first one."""

    path: bytes
    sheet: str

    @property
    def file(self) -> Path:
        return Path(os.fsdecode(self.path))


class GatherFiles(Message, frozen=True, kw_only=True):
    """Look for documents in these files, folders and archives; what is in archives is unpacked into a folder."""

    paths: tuple[bytes, ...]
    unpack_into: bytes

    @property
    def file(self) -> Path:
        """What a failure names."""
        return Path(os.fsdecode(self.paths[0]))


class SendRows(Message, frozen=True, kw_only=True):
    """The next rows are wanted: they are not sent before."""


# Events: reader -> program. The last one is DocumentRead, TableRead, FilesGathered or ReadingFailed.


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


class TableOpened(Message, frozen=True, kw_only=True):
    head: TableHead


class RowsRead(Message, frozen=True, kw_only=True):
    """The next rows, each as long as the head's columns."""

    rows: tuple[tuple[str, ...], ...]


class TableRead(Message, frozen=True, kw_only=True):
    """All rows have been sent."""

    notes: tuple[str, ...]


class FoundFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file, and what it is called under what was added. `sentence`: why it can't be read, or nothing."""

    path: bytes
    name: str
    sentence: str = ""


class FilesFound(Message, frozen=True, kw_only=True):
    files: tuple[FoundFile, ...]


class FilesGathered(Message, frozen=True, kw_only=True):
    """All files have been sent."""

    notes: tuple[str, ...]


class ReadingFailed(Message, frozen=True, kw_only=True):
    kind: ErrorKind
    sentence: str


Command = ReadDocument | OpenTable | GatherFiles
DocumentEvent = ReadProgressed | BlocksRead | DocumentRead | ReadingFailed
TableEvent = TableOpened | RowsRead | TableRead | ReadingFailed
GatheringEvent = FilesFound | FilesGathered | ReadingFailed
Event = DocumentEvent | TableEvent | GatheringEvent
