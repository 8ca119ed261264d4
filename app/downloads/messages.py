"""Every message between the program and a download process. Commands are imperative, events past tense."""

from __future__ import annotations

from enum import Enum

from app.downloads.catalogue import Entry
from app.errors import ErrorKind
from app.wire import Message

# Commands: program -> download process


class FetchModel(Message, frozen=True, kw_only=True):
    """Put this model's file into this folder. The only command: the process does one thing and ends.

    `folder` is in the system's own bytes: names of folders need not be text.
    """

    entry: Entry
    folder: bytes


# Events: download process -> program


class Stage(Enum):
    DOWNLOADING = "downloading"
    WRITING = "writing"  # into the models folder, checking it on the way


class DownloadProgressed(Message, frozen=True, kw_only=True):
    """About a hundred times a stage, at most."""

    stage: Stage
    done_bytes: int
    total_bytes: int


class ModelPlaced(Message, frozen=True, kw_only=True):
    """The last word: the file is whole, checked, and on the disk. `path` is in the system's own bytes."""

    path: bytes


class DownloadFailed(Message, frozen=True, kw_only=True):
    """The last word: nothing was put in place."""

    kind: ErrorKind
    sentence: str


Event = DownloadProgressed | ModelPlaced | DownloadFailed
