"""What the task process says of a file that it reads as a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.ingest import failures
from app.ingest.chunking import split_large_blocks
from app.ingest.document import Block
from app.ingest.formats import choose_reader
from app.ingest.messages import BlocksRead, DocumentEvent, DocumentRead, ReadProgressed
from app.ingest.readers.interface import Note, PagesDone, plain_name, too_long

BLOCK_LIMIT_CHARACTERS = 20_000
_BATCH_CHARACTERS = 50_000


def document_events(path: Path, max_characters: int) -> Iterator[DocumentEvent]:
    """Its blocks in batches, then DocumentRead."""
    reader = choose_reader(path)
    n_pages: int | None = None
    notes: list[str] = []
    unread: set[int] = set()
    batch: list[Block] = []
    n_batch = n_characters = 0
    for piece in reader.read(path, max_characters):
        if isinstance(piece, PagesDone):
            n_pages = piece.n_pages
            yield ReadProgressed(n_pages_done=piece.n_done, n_pages=n_pages)
        elif isinstance(piece, Note):
            notes.append(piece.sentence)
            unread.update(piece.pages)
        else:
            n_characters += len(piece.text)
            if n_characters > max_characters:
                raise too_long(path, max_characters)
            for part in split_large_blocks([piece], BLOCK_LIMIT_CHARACTERS):
                batch.append(part)
                n_batch += len(part.text)
                if n_batch >= _BATCH_CHARACTERS:
                    yield BlocksRead(blocks=tuple(batch))
                    batch, n_batch = [], 0
    if n_characters == 0:
        raise failures.no_text(path)
    if batch:
        yield BlocksRead(blocks=tuple(batch))
    yield DocumentRead(name=plain_name(path), n_pages=n_pages, notes=tuple(notes), unread_pages=tuple(sorted(unread)))
