"""The contents of a zip archive, which a file from anywhere may only pretend to be."""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Iterable
from pathlib import Path

from app.ingest.readers.interface import unreadable

ZIP_SIGNATURE = b"PK\x03\x04"
ZIP_SIGNATURES = (ZIP_SIGNATURE, b"PK\x05\x06")  # the second, of an empty one
_UNPACKED_LIMIT_BYTES = 500 * 1000 * 1000
_PARSED_LIMIT_BYTES = 150 * 1000 * 1000  # a tree takes several times the memory
_PARSED = (".xml", ".rels", ".opf", ".html", ".htm", ".xhtml")


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


def checked_parts(path: Path, what: str, advice: str) -> list[zipfile.ZipInfo]:
    """What is in a document that is an archive. `what` it should be: "a Word document"; `advice`: what to do if not.

    Raises KnownError for what is no archive, and for one that unpacks to far more than any real document.
    """
    parts = parts_of_archive(path)
    if parts is None:
        raise unreadable(path, f"is not {what}, or it is damaged. {advice}")
    refuse_bomb(path, parts, _UNPACKED_LIMIT_BYTES)
    refuse_bomb(path, [part for part in parts if part.filename.lower().endswith(_PARSED)], _PARSED_LIMIT_BYTES)
    return parts


def refuse_bomb(path: Path, parts: Iterable[zipfile.ZipInfo], limit_bytes: int) -> None:
    """Raise KnownError where these parts unpack to more than any real document. Nothing is unpacked for it.

    Their announced sizes can't lie: zipfile gives no more of a part.
    """
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limit_bytes:
        raise unreadable(
            path,
            f"unpacks to {unpacked / 1e6:,.0f} MB, more than a document may. Save its text as a new file and add that.",
        )
