"""ODT and ODP (OpenDocument): headings, paragraphs, lists, tables, footnotes; slides as pages, with their notes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.ingest.archives import ZIP_SIGNATURE, checked_parts, parts_of_archive
from app.ingest.damage import damage_as_sentence
from app.ingest.document import Block, BlockKind
from app.ingest.readers.interface import PagesDone, Piece, Reader, unreadable
from app.ingest.readers.lists import join_list_items
from app.ingest.readers.opendocument_text import DRAW, OFFICE, PRESENTATION, Walk
from app.ingest.readers.pages import headings_first, without_text
from app.ingest.xml_trees import parse_xml

_SAVE_AGAIN = "Open it in LibreOffice and save it again."
_KIND = re.compile(rb"mimetypeapplication/vnd\.oasis\.opendocument\.(?:text|presentation)")
_CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"


def recognises(head: bytes, path: Path) -> bool:
    """An archive that says so in its first part, or by its parts and its name."""
    if not head.startswith(ZIP_SIGNATURE):
        return False
    if _KIND.search(head[:200]):
        return True
    parts = parts_of_archive(path) if path.suffix.lower() in _SUFFIXES else None
    return parts is not None and any(part.filename == _CONTENT for part in parts)


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its blocks in the order of the text, footnotes last; slide by slide where there are slides."""
    names = {part.filename for part in checked_parts(path, "an OpenDocument file", _SAVE_AGAIN)}
    with damage_as_sentence(path, _SAVE_AGAIN), zipfile.ZipFile(path) as archive:
        if _MANIFEST in names and b"encryption-data" in archive.read(_MANIFEST):
            raise unreadable(path, "is protected by a password. Save a copy without one and add that.")
        body = parse_xml(archive.read(_CONTENT)).find(f"{OFFICE}body")
        content = body[0]
    slides = content.findall(f"{DRAW}page")
    if slides:
        yield from _slides(slides)
        return
    walk = Walk()
    yield from join_list_items(walk.blocks(content))
    if walk.footnotes:
        yield Block(text="Footnotes", kind=BlockKind.HEADING)
        yield from walk.footnotes


def _slides(slides: list[Any]) -> Iterator[Piece]:
    empty = []
    for number, slide in enumerate(slides, 1):
        walk = Walk(page=number)
        shapes = [shape for shape in slide if shape.tag != f"{PRESENTATION}notes"]
        blocks = [block for shape in shapes for block in _shape(walk, shape)]
        notes = "\n".join(block.text for part in slide.findall(f"{PRESENTATION}notes") for block in walk.blocks(part))
        if notes:
            blocks.append(Block(text=f"Notes: {notes}", page=number))
        yield from join_list_items(headings_first(blocks))
        if not blocks:
            empty.append(number)
        yield PagesDone(number, len(slides))
    if empty:
        yield without_text(empty, "Slide")


def _shape(walk: Walk, shape: Any) -> Iterator[Block]:
    is_title = shape.get(f"{PRESENTATION}class") == "title"
    for block in walk.blocks(shape):
        yield Block(text=" ".join(block.text.split()), page=block.page, kind=BlockKind.HEADING) if is_title else block


_SUFFIXES = (".odt", ".odp")
READER = Reader(name="OpenDocument (ODT, ODP)", suffixes=_SUFFIXES, recognises=recognises, read=read)
