"""The contents of a zip archive, which a file from anywhere may only pretend to be."""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Iterable
from pathlib import Path

from app.ingest.readers.interface import unreadable

ZIP_SIGNATURE = b"PK\x03\x04"


def parts_of_archive(path: Path) -> list[zipfile.ZipInfo] | None:
    """What is in a zip archive; None where it is none, or a damaged one. Unpacks nothing."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):  # damage, an unknown version, names in no encoding
        return None
    except OSError as error:
        if error.errno == errno.EINVAL:  # it names a place before the file's beginning
            return None
        raise


def refuse_bomb(path: Path, parts: Iterable[zipfile.ZipInfo], limit_bytes: int) -> None:
    """Raise KnownError where these parts unpack to more than any real document. Nothing is unpacked for it.

    They can't lie: zipfile gives no more of a part than its announced size.
    """
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limit_bytes:
        raise unreadable(
            path,
            f"unpacks to {unpacked / 1e6:,.0f} MB, more than a document may. Save its text as a new file and add that.",
        )
