"""The contents of a zip archive, which a file from anywhere may only pretend to be."""

from __future__ import annotations

import errno
import zipfile
from pathlib import Path


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
