"""Which reader reads a file. Its content decides first, then the suffix; anything else is tried as text."""

from __future__ import annotations

import stat
from pathlib import Path

from app.ingest.archives import ZIP_SIGNATURE, parts_of_archive
from app.ingest.encoding import is_binary
from app.ingest.foreign import refuse_foreign
from app.ingest.readers import (
    code,
    delimited,
    docx,
    eml,
    epub,
    html,
    json_lines,
    markdown,
    opendocument,
    pdf,
    pptx,
    rtf,
    text,
    workbook,
)
from app.ingest.readers.interface import Reader, unreadable

HEAD_BYTES = 8192

# in the order in which they are asked about a file
READERS: tuple[Reader, ...] = (
    pdf.READER,
    docx.READER,
    pptx.READER,
    workbook.READER,
    opendocument.READER,
    epub.READER,
    rtf.READER,
    html.READER,
    markdown.READER,
    delimited.READER,
    json_lines.READER,
    eml.READER,
    code.READER,
    text.READER,
)
_PLAIN_TEXT = text.READER  # also for what has an unknown suffix and turns out to be text

SUPPORTED_SUFFIXES: tuple[str, ...] = tuple(suffix for reader in READERS for suffix in reader.suffixes)


def is_supported(path: Path) -> bool:
    """Whether the name is that of a document. Others are read too where they turn out to be text."""
    return path.suffix.lower() in SUPPORTED_SUFFIXES


def choose_reader(path: Path) -> Reader:
    """The reader for a file. Raises KnownError for what is no document, OSError where the file can't be opened."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise unreadable(path, "is a folder. Add the files in it instead.")
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for its other end
        raise unreadable(path, "is a device or a pipe. Copy what is in it to a file and add that.")
    if status.st_size == 0:
        raise unreadable(path, "is empty. Check whether it was saved or downloaded completely, and add it again.")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for reader in READERS:
        if reader.recognises(head, path):
            return reader
    suffix = path.suffix.lower()
    by_name = next((reader for reader in READERS if suffix in reader.suffixes), None)
    is_damaged_archive = head.startswith(ZIP_SIGNATURE) and parts_of_archive(path) is None
    if by_name is None or not is_damaged_archive:  # of a damaged one, only its name says what it was
        refuse_foreign(path, head)
    if by_name is None and is_binary(head):
        raise unreadable(path, "is of a kind that is not read. Save it as PDF or text and add that.")
    return by_name or _PLAIN_TEXT
