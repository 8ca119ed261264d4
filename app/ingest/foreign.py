"""Formats that are known and not read: a sentence each that says what to do, instead of "not text"."""

from __future__ import annotations

from pathlib import Path

from app.ingest.archives import ZIP_SIGNATURE, parts_of_archive
from app.ingest.ole import OLE_SIGNATURE, OleKind, ole_kind
from app.ingest.readers.interface import unreadable

_AS_DOCX = "Open it in Word or LibreOffice and save it as .docx."
_AS_PDF = "Save or print it as PDF and add that."
_PICTURE = "is a picture. Make a PDF of it, run OCR (for example `ocrmypdf`) and add that."
_SENTENCES = {
    b"%!PS": f"is PostScript, which is not read. {_AS_PDF}",
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"II*\0": _PICTURE,
    b"MM\0*": _PICTURE,
    b"\x1f\x8b": "is compressed. Unpack it and add what is in it.",
    b"BZh": "is compressed. Unpack it and add what is in it.",
    b"\xfd7zXZ": "is compressed. Unpack it and add what is in it.",
    b"7z\xbc\xaf": "is compressed. Unpack it and add what is in it.",
    b"Rar!": "is compressed. Unpack it and add what is in it.",
    b"\x28\xb5\x2f\xfd": "is compressed. Unpack it and add what is in it.",
}
_IN_ZIP = {
    "word/": "is a Word document of an unknown kind, or it is damaged. Open it in Word and save it again as .docx.",
    "ppt/": "is a presentation of an unknown kind, or it is damaged. Open it in PowerPoint and save it again as .pptx.",
    "xl/": "is a workbook of an unknown kind, or it is damaged. Open it in Excel and save it again as .xlsx.",
    "content.xml": f"is an OpenDocument file of a kind that is not read. {_AS_PDF}",
    "Index/Document.iwa": f"is in the format of Pages, Numbers or Keynote, which is not read. {_AS_PDF}",
}


def refuse_foreign(path: Path, head: bytes) -> None:
    """Raise KnownError where `head` begins like a format that is not read; return for everything else."""
    for signature, rest in _SENTENCES.items():
        if head.startswith(signature):
            raise unreadable(path, rest)
    if head.startswith(OLE_SIGNATURE):
        raise unreadable(path, _about_ole(path))
    if head.startswith(ZIP_SIGNATURE):
        raise unreadable(path, _about_zip(path))


def _about_ole(path: Path) -> str:
    match ole_kind(path):
        case OleKind.ENCRYPTED:
            return "is protected by a password. Save a copy without one and add that."
        case OleKind.TEXT:
            return f"is in Word's format from before 2007, which is not read. {_AS_DOCX}"
        case OleKind.PRESENTATION:
            return "is in PowerPoint's format from before 2007, which is not read. Save it as .pptx and add that."
        case OleKind.MESSAGE:
            return "is a message in Outlook's own format, which is not read. Save it as .eml or PDF and add that."
        case _:
            return f"is in an old Office format, which is not read. {_AS_PDF}"


def _about_zip(path: Path) -> str:
    parts = parts_of_archive(path)
    if parts is None:
        return "is an archive or an office document, and damaged. Get the file again."
    for start, sentence in _IN_ZIP.items():
        if any(part.filename.startswith(start) for part in parts):
            return sentence
    return "is an archive. Unpack it and add the documents in it."
