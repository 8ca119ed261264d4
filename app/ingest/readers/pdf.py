"""PDF: the text that is in it, page by page. PDFium reads the file; the pdf_ modules beside this make text of it.

All pages are read before the first block is given, because what repeats on every page is known only then.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.ingest.readers.interface import Note, PagesDone, Piece, Reader, too_long, unreadable
from app.ingest.readers.lists import join_list_items
from app.ingest.readers.pages import listed, without_text

_SIGNATURE = b"%PDF-"
_END_MARK = b"%%EOF"
_PICTURE_CHARACTERS = 20  # a page with a picture and less text than this is a picture of a page


def recognises(head: bytes, path: Path) -> bool:
    """A PDF by its first bytes; one with something before them (mail headers, for example) by its name too."""
    return head.lstrip().startswith(_SIGNATURE) or (path.suffix.lower() == ".pdf" and _SIGNATURE in head[:1024])


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Progress page by page, then the blocks with their pages, then notes about pages without text."""
    import pypdfium2

    from app.ingest.readers.pdf_layout import blocks
    from app.ingest.readers.pdf_margins import without_running_lines

    pages = []
    empty: list[int] = []
    broken: list[int] = []
    n_pictures = n_characters = 0
    with path.open("rb") as file:
        has_end = _has_end_mark(file)
        document = _open(path, file)
        n_pages = len(document)
        for number in range(1, n_pages + 1):
            try:
                lines, has_picture = _page(document, number)
            except pypdfium2.PdfiumError:
                broken.append(number)
                lines, has_picture = [], False
            length = sum(len(line.text) for line in lines)
            n_characters += length
            if n_characters > max_characters:
                raise too_long(path, max_characters)
            if length == 0 and number not in broken:
                empty.append(number)
            n_pictures += has_picture and length < _PICTURE_CHARACTERS
            pages.append(lines)
            yield PagesDone(number, n_pages)
        document.close()
    _refuse_without_text(path, n_pages, n_characters, n_pictures, len(broken))
    yield from join_list_items(blocks(without_running_lines(pages)))
    if empty:
        yield without_text(empty)
    if broken:
        named = listed(broken)
        one, many = f"{named} is damaged and could not be read.", f"{named} are damaged and could not be read."
        yield Note(one if len(broken) == 1 else many, tuple(broken))
    if not has_end:
        yield Note("The end of the file is missing; pages may be missing too.")


def _open(path: Path, file: Any) -> Any:
    """The document. Raises KnownError with what to do for one that is encrypted or damaged."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise unreadable(path, "is protected by a password. Save a copy without one and add that.") from error
        raise unreadable(
            path, "is not a PDF, or it is damaged. Get the file again, or print it to a new PDF."
        ) from error
    if len(document) == 0:
        raise unreadable(path, "has no pages that can be read. Get the file again, or print it to a new PDF.")
    return document


def _page(document: Any, number: int) -> tuple[list[Any], bool]:
    """The lines of a page, and whether there is a picture on it."""
    import pypdfium2.raw as pdfium

    from app.ingest.readers.pdf_lines import lines_of_page

    page = document[number - 1]
    try:
        text_page = page.get_textpage()
        width, height = page.get_size()
        lines = lines_of_page(text_page, number, page.get_rotation(), width, height)
        is_sparse = sum(len(line.text) for line in lines) < _PICTURE_CHARACTERS
        has_picture = is_sparse and any(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3))
        text_page.close()
    finally:
        page.close()
    return lines, has_picture


def _refuse_without_text(path: Path, n_pages: int, n_characters: int, n_pictures: int, n_broken: int) -> None:
    is_scan = n_pictures * 2 > n_pages and n_characters < _PICTURE_CHARACTERS * n_pages
    if is_scan:
        raise unreadable(path, "has pictures of pages and no text. Run OCR (for example `ocrmypdf`) and add it again.")
    if n_characters == 0 and n_broken:
        raise unreadable(path, "is damaged: none of its pages can be read. Get the file again.")
    if n_characters == 0:
        raise unreadable(
            path, "has no text. If its pages show some, run OCR (for example `ocrmypdf`) and add it again."
        )


def _has_end_mark(file: Any) -> bool:
    file.seek(0, 2)
    file.seek(max(0, file.tell() - 4096))
    found = _END_MARK in file.read()
    file.seek(0)
    return found


READER = Reader(name="PDF", suffixes=(".pdf",), recognises=recognises, read=read)
