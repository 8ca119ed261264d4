"""DOCX (Word): headings, paragraphs, lists, tables and footnotes in the order of the text. It has no pages."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.ingest.archives import ZIP_SIGNATURE, parts_of_archive, refuse_bomb
from app.ingest.document import Block, BlockKind
from app.ingest.readers.docx_text import Body
from app.ingest.readers.interface import Piece, Reader, unreadable
from app.ingest.readers.lists import join_list_items

_MAIN_PART = "word/document.xml"
_XML_NO_MEMORY = 2  # libxml2's number
_UNPACKED_LIMIT_BYTES = 500 * 1000 * 1000
_XML_LIMIT_BYTES = 150 * 1000 * 1000


def recognises(head: bytes, path: Path) -> bool:
    """A zip archive with Word's main part in it."""
    parts = parts_of_archive(path) if head.startswith(ZIP_SIGNATURE) else None
    return parts is not None and any(part.filename == _MAIN_PART for part in parts)


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its blocks in the order of the text, footnotes last."""
    _refuse_bombs(path)
    import docx

    with _damage_as_sentence(path):
        with path.open("rb") as file:
            package = docx.Document(file)
        body = Body(package)
        notes = [block for part in ("footnotes", "endnotes") for block in _footnotes(package, part)]
    yield from join_list_items(body.blocks())
    if notes:
        yield Block(text="Footnotes", kind=BlockKind.HEADING)
        yield from notes


def _refuse_bombs(path: Path) -> None:
    """Archives that unpack to far more than any real document are refused before anything is unpacked."""
    parts = parts_of_archive(path)
    if parts is None:
        raise unreadable(
            path, "is not a Word document, or it is damaged. Open it in Word or LibreOffice and save it again as .docx."
        )
    refuse_bomb(path, parts, _UNPACKED_LIMIT_BYTES)
    refuse_bomb(path, [part for part in parts if part.filename.endswith((".xml", ".rels"))], _XML_LIMIT_BYTES)


@contextlib.contextmanager
def _damage_as_sentence(path: Path) -> Iterator[None]:
    """Whatever python-docx raises for a file that is not as it should be, which is nearly everything, is damage."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # EINVAL: a place before the file's beginning
            raise
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
