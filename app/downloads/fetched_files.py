"""Files of the hub come into the models folder: fetched, checked, put in place. Runs in the download process."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from app.diagnostics import free_disk_bytes
from app.downloads import models_folder
from app.downloads.messages import FetchFiles, RepositoryFile, Stage
from app.downloads.part_file import PartFile, done_bytes, remove_unfinished
from app.downloads.progress import Progress
from app.errors import ErrorKind, KnownError, from_os_error

_MAGIC = b"GGUF"


def fetch_files(command: FetchFiles, progress: Progress, waits: Callable[[str], None]) -> Path:
    """The first of the files. What was fetched is kept where this fails, for the next time. Raises KnownError."""
    from app.downloads import hub_library  # half a second; before anything else of the hub's
    from app.downloads.transfer import Remote, Transfer

    group, folder = command.group, Path(os.fsdecode(command.folder))
    client = hub_library.start(command.patience.stall_seconds)
    headers = hub_library.headers(command.token_name)
    before = 0
    for file in group.files:
        place = folder / file.path
        what = place.name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if not _is_there(place, file):
                progress.begin(Stage.DOWNLOADING, group.size_bytes, before)
                identity = identity_of(file, group.revision)
                with (
                    _kept_for_the_next_time(place, file.size_bytes, identity),
                    PartFile(place, file.size_bytes, identity, progress.reached) as part,
                ):
                    _check_space(part.missing_bytes, place.parent)
                    url = hub_library.file_url(group.repository, file.path, group.revision)
                    remote = Remote(url=url, headers=headers, what=what, has_token="authorization" in headers)
                    Transfer(client, remote, part, command.patience, waits).run()
                    progress.begin(Stage.CHECKING, group.size_bytes, before)
                    _check(part, file, place, what, progress)
                models_folder.finish(place, file.sha256)
        except OSError as error:
            raise from_os_error(error, f"store {place.name}") from error
        before += file.size_bytes
    return folder / group.files[0].path


@contextlib.contextmanager
def _kept_for_the_next_time(place: Path, size: int, identity: str) -> Iterator[None]:
    """What came, where it fails; where nothing did, nothing is left."""
    try:
        yield
    except (KnownError, OSError):
        with contextlib.suppress(OSError):
            if not done_bytes(place, size, identity):
                remove_unfinished(place)
        raise


def identity_of(file: RepositoryFile, revision: str) -> str:
    """What makes it this file. With a checksum it is the same in every commit."""
    return file.sha256 or f"{revision}/{file.path}"


def _is_there(place: Path, file: RepositoryFile) -> bool:
    return bool(file.sha256) and models_folder.is_whole(place, file.size_bytes, file.sha256)


def _check_space(n_bytes: int, folder: Path) -> None:
    if free_disk_bytes(folder) < n_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _check(part: PartFile, file: RepositoryFile, place: Path, what: str, progress: Progress) -> None:
    is_model = part.first_bytes(len(_MAGIC)) == _MAGIC
    found = part.sha256(progress.reached)
    if is_model and found == (file.sha256 or found):
        return
    remove_unfinished(place)
    if is_model:
        sentence = (
            f"What came for {what} has another checksum than the hub says, so it was thrown away. Try again, or "
            "another network."
        )
    else:
        sentence = f"What came for {what} is no model file, so it was thrown away. Try again, or another network."
    raise KnownError(ErrorKind.DOWNLOAD_FAILED, sentence)
