"""EPUB (e-books): chapters in reading order, each as the HTML that it is. It has no pages."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from app.ingest.archives import ZIP_SIGNATURE, checked_parts, parts_of_archive
from app.ingest.cleaning import one_line
from app.ingest.damage import damage_as_sentence
from app.ingest.document import Block, BlockKind
from app.ingest.encoding import decode_xml
from app.ingest.readers.html import html_blocks
from app.ingest.readers.interface import Note, Piece, Reader, unreadable
from app.ingest.xml_trees import parse_xml

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_GET_AGAIN = "Get the book again, or save its text as a new file and add that."
_SIGNATURE = b"mimetypeapplication/epub+zip"


def recognises(head: bytes, path: Path) -> bool:
    """An archive that says so in its first part, or by its parts."""
    if not head.startswith(ZIP_SIGNATURE):
        return False
    return _SIGNATURE in head[:200] or any(part.filename == _CONTAINER for part in parts_of_archive(path) or [])


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """The title and the authors, then chapter by chapter. Contents and other navigation are left out."""
    checked_parts(path, "an e-book", _GET_AGAIN)
    with damage_as_sentence(path, _GET_AGAIN):
        archive = zipfile.ZipFile(path)
        book = _Book(archive)
    with archive:
        if book.about:
            yield Block(text=book.about, kind=BlockKind.HEADING)
        if book.chapters and book.encrypted.issuperset(book.chapters):
            raise unreadable(path, "is protected against copying. Add a copy without that protection.")
        for name in book.chapters:
            try:
                content = archive.read(name)
            except (KeyError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
                yield Note(f"The part “{one_line(name)}” is missing or damaged and was not read.")
                continue
            if name in book.encrypted:
                yield Note(f"The part “{one_line(name)}” is protected against copying and was not read.")
                continue
            yield from html_blocks(decode_xml(content), with_title=False)


class _Book:
    """What the package document says: title and authors, the names of the chapters in order, which are encrypted."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        container = parse_xml(archive.read(_CONTAINER))
        root_file = next(container.iter("{*}rootfile")).get("full-path")
        package = parse_xml(archive.read(root_file))
        folder = posixpath.dirname(root_file)
        items = {item.get("id"): item for item in package.iter("{*}item")}
        spine = [items.get(reference.get("idref")) for reference in package.iter("{*}itemref")]
        self.chapters = [
            _place(folder, item) for item in spine if item is not None and "html" in item.get("media-type", "")
        ]
        self.about = " – ".join(part for part in (_joined(package, "title"), _joined(package, "creator")) if part)
        self.encrypted: set[str] = set()
        if _ENCRYPTION in archive.namelist():
            references = parse_xml(archive.read(_ENCRYPTION)).iter("{*}CipherReference")
            self.encrypted = {unquote(reference.get("URI", "")) for reference in references}


def _place(folder: str, item: Any) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))


def _joined(package: Any, name: str) -> str:
    found = [
        one_line("".join(element.itertext())) for element in package.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}")
    ]
    return ", ".join(dict.fromkeys(text for text in found if text))


READER = Reader(name="e-book (EPUB)", suffixes=(".epub",), recognises=recognises, read=read)
