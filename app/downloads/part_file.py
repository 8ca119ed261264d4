"""A file that is being fetched in pieces, and what of it is there. Runs in the download process; any thread.

NAME.part has each byte in its place. NAME.part.state says which are missing, twice: as of the last time that everything
was on the disk itself, and as of now. A killed process loses nothing, since what it wrote is the system's; after a
power cut only the first is believed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import msgspec
import psutil

from app.downloads.segments import Segments, Span, are_sound

SYNC_SECONDS = 10.0
_SLOT_BYTES = 4096  # one page: it is written whole or not at all
_SYNCED, _NOW = 0, 1
_SAME_BOOT_SECONDS = 10.0  # the time of the start moves a little when the clock is set
_READ_BYTES = 1 << 20


class _State(msgspec.Struct, frozen=True):
    identity: str
    boot_seconds: float
    missing: tuple[tuple[int, int], ...]


def part_of(file: Path) -> Path:
    """Where an unfinished file lies."""
    return file.with_name(f"{file.name}.part")


def state_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.part.state")


def remove_unfinished(file: Path) -> None:
    """Raises OSError."""
    for path in (part_of(file), state_of(file)):
        path.unlink(missing_ok=True)


def done_bytes(file: Path, size: int, identity: str) -> int:
    """How much of an unfinished file is there."""
    try:
        state = state_of(file).read_bytes()
        there = part_of(file).exists()
    except OSError:
        return 0
    return Segments(size, _missing_in(state, size, identity)).done if there else 0


class PartFile:
    """`identity`: what makes it this file and no other; what was fetched under another one is thrown away."""

    def __init__(self, file: Path, size: int, identity: str, written: Callable[[int], None]) -> None:
        """`written` is told how many bytes are there, after each write. Raises OSError."""
        self.size = size
        self._identity = identity
        self._written = written
        self._lock = threading.Lock()
        self._boot = psutil.boot_time()
        part, state = part_of(file), state_of(file)
        missing = _missing_in(state.read_bytes(), size, identity) if part.exists() and state.exists() else None
        self._segments = Segments(size, missing)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | (os.O_TRUNC if missing is None else 0)
        self._file = os.fdopen(os.open(part, flags, 0o644), "r+b", buffering=0)
        try:
            self._state = os.fdopen(os.open(state, flags, 0o644), "r+b", buffering=0)
        except OSError:
            self._file.close()
            raise
        self.checkpoint()
        written(self._segments.done)

    def __enter__(self) -> PartFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._file.close()
            self._state.close()

    @property
    def missing_bytes(self) -> int:
        with self._lock:
            return self.size - self._segments.done

    def take(self) -> Span | None:
        """See Segments."""
        with self._lock:
            return self._segments.take()

    def write(self, span: Span, data: bytes) -> bool:
        """The next bytes of the span; what goes past its end is left out. False: the span is full. Raises OSError."""
        with self._lock:
            piece = memoryview(data)[: span.missing]
            while piece:
                self._file.seek(span.position)
                n_bytes = self._file.write(piece)
                piece = piece[n_bytes:]
                self._segments.advance(span, n_bytes)
            self._save(_NOW)
            done = self._segments.done
            if time.monotonic() - self._synced > SYNC_SECONDS:
                self._sync()
            is_full = not span.missing
        self._written(done)
        return not is_full

    def checkpoint(self) -> None:
        """Everything onto the disk. Raises OSError."""
        with self._lock:
            self._sync()

    def sha256(self, read: Callable[[int], None]) -> str:
        """Of what is there; `read` is told how far it is."""
        digest, n_bytes = hashlib.sha256(), 0
        self._file.seek(0)
        while piece := self._file.read(_READ_BYTES):
            digest.update(piece)
            n_bytes += len(piece)
            read(n_bytes)
        return digest.hexdigest()

    def first_bytes(self, n_bytes: int) -> bytes:
        self._file.seek(0)
        return self._file.read(n_bytes)

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._save(_SYNCED)
        self._save(_NOW)
        os.fsync(self._state.fileno())
        self._synced = time.monotonic()

    def _save(self, slot: int) -> None:
        state = _State(self._identity, self._boot, tuple(self._segments.spans()))
        text = msgspec.json.encode(state)
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        self._state.seek(slot * _SLOT_BYTES)
        self._state.write(line.ljust(_SLOT_BYTES))


def _missing_in(data: bytes, size: int, identity: str) -> tuple[tuple[int, int], ...] | None:
    """The missing bytes by the newest state that can be believed; None: all."""
    for slot in (_NOW, _SYNCED):
        checksum, _, text = data[slot * _SLOT_BYTES : (slot + 1) * _SLOT_BYTES].partition(b" ")
        text = text.rstrip()
        if checksum != b"%08x" % zlib.crc32(text):
            continue
        with contextlib.suppress(msgspec.MsgspecError):
            state = msgspec.json.decode(text, type=_State)
            is_same_boot = abs(state.boot_seconds - psutil.boot_time()) < _SAME_BOOT_SECONDS
            if state.identity == identity and are_sound(state.missing, size) and (slot == _SYNCED or is_same_boot):
                return state.missing
    return None
