"""The task process: reads one file, or looks for files, says what it found, and ends. Nothing in a file can hurt the
program.

It runs under a memory limit of its own, is killed by the program when it takes too long, and ends by itself when its
standard input ends. Its last word is DocumentRead, TableRead, FilesGathered or ReadingFailed; a crash
leaves it without one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import BinaryIO

from app.children import claim_pipes
from app.errors import KnownError
from app.ingest import failures
from app.ingest.document_events import document_events
from app.ingest.gathering_events import gathering_events
from app.ingest.messages import (
    Command,
    Event,
    GatherFiles,
    OpenTable,
    ReadDocument,
    ReadingFailed,
    RowsRead,
    TableOpened,
)
from app.ingest.table_events import table_events
from app.wire import Decoder, encode


def main(arguments: list[str]) -> int:
    """Do what the first message asks for. The argument is the memory limit in bytes."""
    commands, output = claim_pipes()
    _limit_memory(int(arguments[0]))
    faulthandler.enable(sys.stderr)
    line = commands.readline()
    if not line:
        return 0
    command = Decoder[Command](Command).decode(line)
    wanted = threading.Semaphore(0)
    threading.Thread(target=_count_requests, args=(commands, wanted), daemon=True).start()
    with contextlib.suppress(BrokenPipeError):  # the program is gone
        send_events(read_events(command), output, wanted.acquire)
    sys.stderr.flush()
    os._exit(0)  # at once: tidying up needs memory that there may not be


def send_events(events: Iterator[Event], output: BinaryIO, wait_until_wanted: Callable[[], object]) -> None:
    """All events as they come, but rows only when they are wanted: the program may be slower than the file."""
    for event in events:
        output.write(encode(event))
        if isinstance(event, TableOpened | RowsRead):
            wait_until_wanted()


def read_events(command: Command) -> Iterator[Event]:
    """All events of one command; the last one is that it was read or ReadingFailed, whatever happens."""
    try:
        yield from _events(command)
        return
    except KnownError as known:
        error = known
    except MemoryError:
        error = failures.out_of_memory(command.file)
    except OSError as system_error:
        error = failures.from_os_error(system_error, command.file)
    except Exception:
        traceback.print_exc()
        error = failures.bug(command.file)
    yield ReadingFailed(kind=error.kind, sentence=error.sentence)


def _events(command: Command) -> Iterator[Event]:
    match command:
        case ReadDocument():
            yield from document_events(command.file, command.max_characters)
        case OpenTable():
            yield from table_events(command.file, command.sheet)
        case GatherFiles():
            yield from gathering_events(command)


def _limit_memory(limit_bytes: int) -> None:
    """Address space at most `limit_bytes`, where the system can do that; and no dump of a document after a crash."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def _count_requests(commands: BinaryIO, wanted: threading.Semaphore) -> None:
    """Every line that comes now is a SendRows. The program is gone when its pipe ends: so is this process.

    Reads past Python's buffer, which has a lock.
    """
    while piece := os.read(commands.fileno(), 4096):
        for _ in range(piece.count(b"\n")):
            wanted.release()
    os._exit(0)
