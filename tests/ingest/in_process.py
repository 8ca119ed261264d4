"""What the task process says of a file, without a process: for tests of what is in the file."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import ErrorKind, KnownError
from app.ingest.document import Block, Document, TableHead
from app.ingest.messages import (
    BlocksRead,
    DocumentRead,
    Event,
    OpenTable,
    ReadDocument,
    ReadingFailed,
    RowsRead,
    TableOpened,
)
from app.ingest.process import read_events


def document_events(path: Path, max_characters: int) -> Iterator[Event]:
    return read_events(ReadDocument(path=os.fsencode(path), max_characters=max_characters))


def read(path: Path, max_characters: int = 1_000_000) -> Document:
    """The document, or the KnownError with which it is refused."""
    blocks: list[Block] = []
    for event in document_events(path, max_characters):
        match event:
            case BlocksRead():
                blocks += event.blocks
            case DocumentRead():
                return Document(
                    name=event.name,
                    blocks=tuple(blocks),
                    n_pages=event.n_pages,
                    notes=event.notes,
                    unread_pages=event.unread_pages,
                )
            case ReadingFailed():
                raise KnownError(event.kind, event.sentence)
    raise AssertionError("no last word")


def shown(path: Path) -> list[tuple[str, str]]:
    """The kinds and texts of a document's blocks."""
    return [(block.kind.value, block.text) for block in read(path).blocks]


def read_rows(path: Path, sheet: str = "") -> tuple[TableHead, list[tuple[str, ...]]]:
    """The table, or the KnownError with which it is refused, in the middle too."""
    head = TableHead(columns=())
    rows: list[tuple[str, ...]] = []
    for event in read_events(OpenTable(path=os.fsencode(path), sheet=sheet)):
        match event:
            case TableOpened():
                head = event.head
            case RowsRead():
                rows += event.rows
            case ReadingFailed():
                raise KnownError(event.kind, event.sentence)
    return head, rows


def refusal(path: Path) -> str:
    """The sentence with which a document is refused."""
    with pytest.raises(KnownError) as caught:
        read(path)
    return _checked(path, caught.value)


def table_refusal(path: Path, sheet: str = "") -> str:
    """The sentence with which a table is refused, at its opening or in the middle."""
    with pytest.raises(KnownError) as caught:
        read_rows(path, sheet)
    return _checked(path, caught.value)


def _checked(path: Path, error: KnownError) -> str:
    assert error.kind is ErrorKind.DOCUMENT_UNREADABLE, error.sentence
    assert error.sentence.startswith(f"“{path.name}” ")
    assert error.sentence.endswith(".")
    return error.sentence


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def archive(path: Path, parts: dict[str, str | bytes]) -> Path:
    """A zip archive. A part called mimetype is stored as it is, as in OpenDocument files and e-books."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in parts.items():
            file.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return path
