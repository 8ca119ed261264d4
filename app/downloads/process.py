"""The download process: one model from its source into a folder, then it ends.

Started by `download.py` through `children.Child`. At the end of its input it ends at once, and pip with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import traceback
from pathlib import Path
from typing import BinaryIO

from app import wire
from app.children import claim_pipes
from app.downloads import models_folder, sources
from app.downloads.catalogue import Entry
from app.downloads.checked_file import CheckedFile, TooLong
from app.downloads.fetched_files import fetch_files
from app.downloads.messages import DownloadFailed, DownloadWaited, FetchFiles, FetchModel, ModelPlaced
from app.downloads.progress import Progress
from app.errors import ErrorKind, KnownError, from_os_error


def main(arguments: list[str]) -> int:
    """Carry out the one command that comes over the pipe. Every outcome is a message; returns the exit code."""
    incoming, outgoing = claim_pipes()
    line = incoming.readline()
    if not line:
        return 0
    command = wire.Decoder[FetchModel | FetchFiles](FetchModel | FetchFiles).decode(line)
    name = command.entry.name if isinstance(command, FetchModel) else command.group.name
    lock = threading.Lock()

    def send(message: wire.Message) -> None:
        with lock:
            outgoing.write(wire.encode(message))

    threading.Thread(target=_end_with_input, args=(incoming,), daemon=True).start()
    try:
        if isinstance(command, FetchModel):
            file = place(command.entry, Path(os.fsdecode(command.folder)), Progress(send))
        else:
            file = fetch_files(command, Progress(send), lambda sentence: send(DownloadWaited(sentence=sentence)))
    except KnownError as error:
        send(DownloadFailed(kind=error.kind, sentence=error.sentence))
        return 1
    except Exception as error:
        traceback.print_exc()
        sentence = f"Fetching {name} failed in a way that was not foreseen ({error!r}). Please report this."
        send(DownloadFailed(kind=ErrorKind.BUG, sentence=sentence))
        return 1
    send(ModelPlaced(path=os.fsencode(file)))
    return 0


def place(entry: Entry, folder: Path, progress: Progress) -> Path:
    """Fetch, check, and put in place; on any failure nothing is left. Raises KnownError."""
    try:
        scratch = models_folder.make_part_folder(entry, folder)
        try:
            part, file = scratch / entry.file_name, folder / entry.file_name
            with CheckedFile(part, size_bytes=entry.size_bytes, written=progress.reached) as checked:
                sources.fetch(entry, checked, scratch, progress)
                facts = checked.sync()
            if facts != (entry.size_bytes, entry.sha256):
                raise _wrong_checksum(entry)
            models_folder.put_in_place(part, file, entry.sha256)
            return file
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except TooLong:
        raise _wrong_checksum(entry) from None
    except OSError as error:
        raise from_os_error(error, f"store {entry.name}") from error


def _wrong_checksum(entry: Entry) -> KnownError:
    sentence = f"What came for {entry.name} has a wrong size or checksum, so it was thrown away. Try again later."
    return KnownError(ErrorKind.DOWNLOAD_FAILED, sentence)


def _end_with_input(incoming: BinaryIO) -> None:
    """Runs in a thread of its own: nobody waits for this download any more."""
    while os.read(incoming.fileno(), 4096):  # not incoming.read: its lock would hold up the end of this process by 1 s
        pass
    if os.name == "posix" and os.getpgrp() == os.getpid():  # its own group, with pip in it
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
