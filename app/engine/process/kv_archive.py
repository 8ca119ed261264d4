"""KV that is in no slot: chats that others displaced, and common beginnings. In RAM first, then in files.

The least recently used goes first: from RAM to the disk where it may, and from the disk for good. A file is named by
what it depends on (model, library, KV settings) and by its chat, so one that fits nothing is never read; one that is
damaged is dropped. Runs on the step thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import zlib
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from app.engine.process.kv_cache import common_prefix
from app.logs import topic

log = topic("engine")

SUFFIX = ".kv"
MOST_CHECKPOINTS = 2  # of a chat: the last two prompts, so that an edit of the last turn is read from there on
_MAGIC = b"RUBATOKV1"
_HEADER = struct.Struct("<9sIIQ")  # magic, checksum of what follows, number of tokens, bytes of KV


@dataclass(frozen=True)
class Kept:
    """The KV of `tokens`, as the backend saved it."""

    cache_key: str
    tokens: list[int]
    data: bytes
    is_temporary: bool = False
    is_checkpoint: bool = False  # an earlier place of a chat whose memory can't be cut; only in RAM

    @property
    def name(self) -> str:
        """A chat has one; a common beginning and a checkpoint have as many as they have lengths."""
        if self.cache_key and not self.is_checkpoint:
            return self.cache_key
        return f"{self.cache_key} tokens {hash(tuple(self.tokens))}"


class KvArchive:
    """`fingerprint`: everything but the tokens that a saved KV depends on. Without a folder nothing is written."""

    def __init__(
        self, *, ram_bytes: int, folder: Path | None = None, disk_bytes: int = 0, fingerprint: str = ""
    ) -> None:
        self._ram: OrderedDict[str, Kept] = OrderedDict()
        self._ram_bytes = ram_bytes
        self._folder = folder if disk_bytes > 0 else None
        self._disk_bytes = disk_bytes
        self._fingerprint = fingerprint
        if self._folder is not None:
            for part in self._folder.glob("*.part"):  # a kill in the middle of a write
                part.unlink(missing_ok=True)

    def put(self, kept: Kept) -> None:
        """Under the chat's key, or for a common beginning under the tokens themselves."""
        self._ram.pop(kept.name, None)
        self._ram[kept.name] = kept
        if kept.is_checkpoint:
            same = [name for name, old in self._ram.items() if old.is_checkpoint and old.cache_key == kept.cache_key]
            for name in same[:-MOST_CHECKPOINTS]:
                del self._ram[name]
        while sum(len(entry.data) for entry in self._ram.values()) > self._ram_bytes:
            _, oldest = self._ram.popitem(last=False)
            self._write(oldest)

    def best(
        self, cache_key: str, prompt: list[int], *, n_have: int = 0, only_whole: bool = False
    ) -> tuple[Kept, int] | None:
        """What shares most with a prompt, and how much: the chat's own, or a common beginning.

        `n_have`: what is in memory already; a file is read where it has more. `only_whole`: for memory that can't be
        cut, only what is a beginning of the prompt as a whole.
        """
        best: tuple[Kept, int] | None = None
        for kept in self._ram.values():
            if kept.cache_key not in ("", cache_key):
                continue
            shared = min(common_prefix(kept.tokens, prompt), len(prompt) - 1)
            if shared > (best[1] if best else 0) and not (only_whole and shared < len(kept.tokens)):
                best = kept, shared
        if cache_key and cache_key not in self._ram:
            tokens = self._tokens_on_disk(cache_key)
            shared = min(common_prefix(tokens, prompt), len(prompt) - 1)
            if shared > max(n_have, best[1] if best else 0) and not (only_whole and shared < len(tokens)):
                read = self._read(cache_key)
                best = best if read is None else (read, shared)
        if best is not None and best[0].name in self._ram:
            self._ram.move_to_end(best[0].name)
        return best

    def most_shared(self, cache_key: str, prompt: list[int]) -> int:
        """How much of a prompt any KV of its chat has, be it of use or not."""
        held = [kept.tokens for kept in self._ram.values() if kept.cache_key == cache_key]
        if cache_key not in self._ram:
            held.append(self._tokens_on_disk(cache_key))
        return min(max((common_prefix(tokens, prompt) for tokens in held), default=0), len(prompt) - 1)

    def count_checkpoints(self, cache_key: str) -> int:
        return sum(kept.is_checkpoint and kept.cache_key == cache_key for kept in self._ram.values())

    def forget(self, cache_key: str) -> None:
        """A chat was deleted."""
        for name in [name for name, kept in self._ram.items() if cache_key and kept.cache_key == cache_key]:
            del self._ram[name]
        if self._folder is not None:
            for file in self._folder.glob(f"*-{_name(cache_key)}{SUFFIX}"):  # of every model
                file.unlink(missing_ok=True)

    def save(self, kept: Kept) -> None:
        """A chat that stays in its slot, for the next start of the program."""
        self._write(kept)

    def close(self) -> None:
        """Everything that may go to the disk goes there."""
        for kept in self._ram.values():
            self._write(kept)
        self._ram.clear()

    # files

    def _file(self, cache_key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{_name(self._fingerprint)}-{_name(cache_key)}{SUFFIX}"

    def _write(self, kept: Kept) -> None:
        if self._folder is None or kept.is_temporary or kept.is_checkpoint or not kept.cache_key:
            return
        if len(kept.data) > self._disk_bytes:
            return
        file = self._file(kept.cache_key)
        tokens = array("i", kept.tokens).tobytes()
        header = _HEADER.pack(_MAGIC, zlib.crc32(kept.data, zlib.crc32(tokens)), len(kept.tokens), len(kept.data))
        part = file.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(kept.data), file)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.writelines((header, tokens, kept.data))
            part.replace(file)
        except OSError as error:  # it is a cache: the prompt is read again
            log.warning("the KV of a chat was not kept: %s", error)
            with contextlib.suppress(OSError):
                part.unlink()

    def _make_room(self, n_bytes: int, replaced: Path) -> None:
        assert self._folder is not None
        facts = [(file, file.stat()) for file in self._folder.glob(f"*{SUFFIX}") if file != replaced]
        facts.sort(key=lambda fact: fact[1].st_mtime)
        total = sum(fact.st_size for _, fact in facts)
        for file, fact in facts:
            if total + n_bytes <= self._disk_bytes:
                return
            file.unlink(missing_ok=True)
            total -= fact.st_size

    def _tokens_on_disk(self, cache_key: str) -> list[int]:
        if self._folder is None:
            return []
        try:
            with self._file(cache_key).open("rb") as file:
                magic, _, n_tokens, _ = _HEADER.unpack(file.read(_HEADER.size))
                tokens = array("i")
                if magic == _MAGIC:
                    tokens.frombytes(file.read(n_tokens * tokens.itemsize))
                return tokens.tolist()
        except (OSError, struct.error, ValueError, MemoryError):
            return []

    def _read(self, cache_key: str) -> Kept | None:
        file = self._file(cache_key)
        try:
            content = file.read_bytes()
            os.utime(file)
        except OSError:
            return None
        kept = _decode(cache_key, content)
        if kept is None:
            log.warning("a file of saved KV is damaged and was dropped")
            file.unlink(missing_ok=True)
        return kept


def _decode(cache_key: str, content: bytes) -> Kept | None:
    if len(content) < _HEADER.size:
        return None
    magic, checksum, n_tokens, n_bytes = _HEADER.unpack_from(content)
    tokens = array("i")
    end = _HEADER.size + n_tokens * tokens.itemsize
    if magic != _MAGIC or len(content) != end + n_bytes or zlib.crc32(memoryview(content)[_HEADER.size :]) != checksum:
        return None
    tokens.frombytes(content[_HEADER.size : end])
    return Kept(cache_key, tokens.tolist(), content[end:])


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
