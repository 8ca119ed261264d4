"""PPTX (PowerPoint): slides as pages, with their titles as headings, their tables, diagrams and speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.ingest.archives import ZIP_SIGNATURE, checked_parts, parts_of_archive
from app.ingest.cleaning import clean
from app.ingest.damage import damage_as_sentence
from app.ingest.document import Block
from app.ingest.readers.interface import PagesDone, Piece, Reader
from app.ingest.readers.pages import headings_first, without_text
from app.ingest.readers.pptx_text import paragraphs, shape_blocks

_MAIN_PART = "ppt/presentation.xml"
_SAVE_AGAIN = "Open it in PowerPoint or LibreOffice and save it again as .pptx."


def recognises(head: bytes, path: Path) -> bool:
    """A zip archive with PowerPoint's main part in it."""
    parts = parts_of_archive(path) if head.startswith(ZIP_SIGNATURE) else None
    return parts is not None and any(part.filename == _MAIN_PART for part in parts)


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Slide by slide, in the order in which they are shown; the notes of a slide come after it."""
    checked_parts(path, "a presentation", _SAVE_AGAIN)
    import pptx

    with damage_as_sentence(path, _SAVE_AGAIN):
        with path.open("rb") as file:
            package = pptx.Presentation(file)
        n_slides = len(package.slides)
    empty = []
    for number in range(1, n_slides + 1):
        with damage_as_sentence(path, _SAVE_AGAIN):
            blocks = list(_slide_blocks(package.slides[number - 1], number))
        yield from blocks
        if not blocks:
            empty.append(number)
        yield PagesDone(number, n_slides)
    if empty:
        yield without_text(empty, "Slide")


def _slide_blocks(slide: Any, number: int) -> Iterator[Block]:
    blocks = [*shape_blocks(slide.shapes.element, number), *_diagrams(slide, number)]
    yield from headings_first(blocks)
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
        text = clean(frame.text).strip()
        if text:
            yield Block(text=f"Notes: {text}", page=number)


def _diagrams(slide: Any, number: int) -> Iterator[Block]:
    """The text of diagrams (SmartArt), which lies in parts of its own."""
    from pptx.oxml import parse_xml

    for relation in slide.part.rels.values():
        if relation.reltype.endswith("/diagramData") and not relation.is_external:
            lines = paragraphs(parse_xml(relation.target_part.blob))
            if lines:
                yield Block(text="\n".join(lines), page=number)


READER = Reader(name="presentation (PPTX)", suffixes=(".pptx",), recognises=recognises, read=read)
