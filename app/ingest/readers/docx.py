"""DOCX (Word): headings, paragraphs, lists, tables and footnotes in the order of the text. It has no pages."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.ingest.document import Block, BlockKind
from app.ingest.readers.docx_text import Body
from app.ingest.readers.interface import Piece, Reader, unreadable
from app.ingest.readers.lists import join_list_items

_MAIN_PART = "word/document.xml"
_BAD_ZIP = (zipfile.BadZipFile, NotImplementedError, RuntimeError)  # damaged, of an unknown version, under a password
_XML_NO_MEMORY = 2  # libxml2's number
_UNPACKED_LIMIT_BYTES = 500 * 1000 * 1000
_XML_LIMIT_BYTES = 150 * 1000 * 1000


def recognises(head: bytes, path: Path) -> bool:
    """A zip archive with Word's main part in it."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return _MAIN_PART in archive.namelist()
    except _BAD_ZIP:
        return False


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its blocks in the order of the text, footnotes last."""
    _refuse_bombs(path)
    import docx

    with _damage_as_sentence(path):
        with path.open("rb") as file:
            package = docx.Document(file)
        notes = [block for part in ("footnotes", "endnotes") for block in _footnotes(package, part)]
    yield from join_list_items(Body(package).blocks())
    if notes:
        yield Block(text="Footnotes", kind=BlockKind.HEADING)
        yield from notes


def _refuse_bombs(path: Path) -> None:
    """Archives that unpack to far more than any real document are refused before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except _BAD_ZIP as error:
        raise unreadable(
            path, "is not a Word document, or it is damaged. Open it in Word or LibreOffice and save it again as .docx."
        ) from error
    unpacked = sum(part.file_size for part in parts)
    xml = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    if unpacked > _UNPACKED_LIMIT_BYTES or xml > _XML_LIMIT_BYTES:
        raise unreadable(
            path,
            f"unpacks to {unpacked / 1e6:,.0f} MB, more than a document may. Save its text as a new file and add that.",
        )


@contextlib.contextmanager
def _damage_as_sentence(path: Path) -> Iterator[None]:
    """What python-docx and lxml raise for a broken file, as the error for people."""
    from docx.opc.exceptions import OpcError

    try:
        yield
    except (
        OpcError,
        SyntaxError,
        KeyError,
        ValueError,
        EOFError,
        zlib.error,
        *_BAD_ZIP,
    ) as error:  # SyntaxError: of XML
        if getattr(error, "code", None) == _XML_NO_MEMORY:
            raise MemoryError from error
        raise unreadable(
            path, "is damaged or of a kind of its own. Open it in Word or LibreOffice and save it again as .docx."
        ) from error


def _footnotes(package: Any, name: str) -> Iterator[Block]:
    """Footnotes or endnotes, which python-docx knows nothing of: the part is parsed as the main one is."""
    from docx.oxml.parser import parse_xml

    for relation in package.part.rels.values():
        if relation.reltype.endswith(f"/{name}") and not relation.is_external:
            yield from Body(package, root=parse_xml(relation.target_part.blob)).blocks()


READER = Reader(name="Word (DOCX)", suffixes=(".docx",), recognises=recognises, read=read)
