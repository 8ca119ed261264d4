"""DOCX (Word): headings, paragraphs, lists, tables and footnotes in the order of the text. It has no pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.ingest.archives import ZIP_SIGNATURE, checked_parts, parts_of_archive
from app.ingest.damage import damage_as_sentence
from app.ingest.document import Block, BlockKind
from app.ingest.readers.docx_text import Body
from app.ingest.readers.interface import Piece, Reader
from app.ingest.readers.lists import join_list_items

_MAIN_PART = "word/document.xml"
_SAVE_AGAIN = "Open it in Word or LibreOffice and save it again as .docx."


def recognises(head: bytes, path: Path) -> bool:
    """A zip archive with Word's main part in it."""
    parts = parts_of_archive(path) if head.startswith(ZIP_SIGNATURE) else None
    return parts is not None and any(part.filename == _MAIN_PART for part in parts)


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its blocks in the order of the text, footnotes last."""
    checked_parts(path, "a Word document", _SAVE_AGAIN)
    import docx

    with damage_as_sentence(path, _SAVE_AGAIN):
        with path.open("rb") as file:
            package = docx.Document(file)
        body = Body(package)
        notes = [block for part in ("footnotes", "endnotes") for block in _footnotes(package, part)]
    yield from join_list_items(body.blocks())
    if notes:
        yield Block(text="Footnotes", kind=BlockKind.HEADING)
        yield from notes


def _footnotes(package: Any, name: str) -> Iterator[Block]:
    """Footnotes or endnotes, which python-docx knows nothing of: the part is parsed as the main one is."""
    from docx.oxml.parser import parse_xml

    for relation in package.part.rels.values():
        if relation.reltype.endswith(f"/{name}") and not relation.is_external:
            yield from Body(package, root=parse_xml(relation.target_part.blob)).blocks()


READER = Reader(name="Word (DOCX)", suffixes=(".docx",), recognises=recognises, read=read)
