"""The task process: reads one document, says what it found, and ends. Nothing a file holds can hurt the program.

It runs under a memory limit of its own, is killed by the program when it takes too long, and ends by itself when its
standard input ends. Its last word is DocumentRead or DocumentFailed; a crash leaves it without one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.children import claim_pipes
from app.errors import KnownError
from app.ingest import failures
from app.ingest.chunking import split_large_blocks
from app.ingest.document import Block
from app.ingest.formats import choose_reader
from app.ingest.messages import BlocksRead, DocumentFailed, DocumentRead, Event, ReadDocument, ReadProgressed
from app.ingest.readers.interface import Note, PagesDone, plain_name, too_long
from app.wire import Decoder, encode

BLOCK_LIMIT_CHARACTERS = 20_000
_BATCH_CHARACTERS = 50_000


def main(arguments: list[str]) -> int:
    """Read the document that the first message names. The argument is the memory limit in bytes."""
    commands, output = claim_pipes()
    _limit_memory(int(arguments[0]))
    faulthandler.enable(sys.stderr)
    line = commands.readline()
    if not line:
        return 0
    command = Decoder[ReadDocument](ReadDocument).decode(line)
    threading.Thread(target=_end_with_input, args=(commands,), daemon=True).start()
    with contextlib.suppress(BrokenPipeError):  # the program is gone
        for event in read_events(command.file, command.max_characters):
            output.write(encode(event))
    sys.stderr.flush()
    os._exit(0)  # at once: tidying up needs memory that there may not be


def read_events(path: Path, max_characters: int) -> Iterator[Event]:
    """All events of one document; the last one is DocumentRead or DocumentFailed, whatever happens."""
    try:
        yield from _document_events(path, max_characters)
        return
    except KnownError as known:
        error = known
    except MemoryError:
        error = failures.out_of_memory(path)
    except OSError as system_error:
        error = failures.from_os_error(system_error, path)
    except Exception:
        traceback.print_exc()
        error = failures.bug(path)
    yield DocumentFailed(kind=error.kind, sentence=error.sentence)


def _document_events(path: Path, max_characters: int) -> Iterator[Event]:
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


def _limit_memory(limit_bytes: int) -> None:
    """Address space at most `limit_bytes`, where the system can do that; and no dump of a document after a crash."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def _end_with_input(commands: BinaryIO) -> None:
    """The program is gone when its pipe ends: so is this process. Reads past Python's buffer, which has a lock."""
    while os.read(commands.fileno(), 4096):
        pass
    os._exit(0)
