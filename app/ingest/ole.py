"""The files of Office before 2007, and newer ones under a password, which lie in the same container."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEARCHED_BYTES = 4 * 1024 * 1024


class OleKind(Enum):
    """What is in one. The values are what streams in it are called; a document comes before what is embedded in it."""

    ENCRYPTED = "EncryptedPackage"
    TEXT = "WordDocument"
    PRESENTATION = "PowerPoint Document"
    MESSAGE = "__substg1.0_"
    WORKBOOK = "Workbook"
    OLD_WORKBOOK = "Book"
    OTHER = ""


_OF_SUFFIX = {".doc": OleKind.TEXT, ".ppt": OleKind.PRESENTATION, ".xls": OleKind.WORKBOOK, ".msg": OleKind.MESSAGE}


def ole_kind(path: Path) -> OleKind:
    """Names of streams are UTF-16; their directory may lie anywhere, mostly near the beginning or in a short file."""
    with path.open("rb") as file:
        content = file.read(_SEARCHED_BYTES)
    found = next(kind for kind in OleKind if kind.value.encode("utf-16-le") in content)
    return _OF_SUFFIX.get(path.suffix.lower(), found) if found is OleKind.OTHER else found
