"""Balanced: one bulk sequence is carried over into a free slot of the chats, and back when they are done.

Carrying over is done in stages, one a step, so that no two tokens of the chat stand far apart: what the slot held goes
to the archive, the guest's KV is saved, and then put in its new place.
"""

from __future__ import annotations

from typing import Protocol

from app.engine.messages import Priority
from app.engine.process.kv_archive import Kept, KvArchive
from app.engine.process.kv_cache import SlotCache
from app.engine.process.sequence import Sequence, Slot


class Carrier(Protocol):
    def hand_over(self, source: Slot, target: Slot) -> None: ...
    def truncate(self, slot: Slot, n_tokens: int) -> int: ...
    def save(self, slot: Slot) -> bytes: ...
    def restore(self, slot: Slot, data: bytes) -> int: ...


class Guest:
    """`sequence`: the one that is in a chat's slot now."""

    def __init__(self, caches: dict[Priority, SlotCache], memory: Carrier, archive: KvArchive) -> None:
        self._caches = caches
        self._memory = memory
        self._archive = archive
        self._packed: tuple[Sequence, int, bytes] | None = None  # who, with how many tokens, and its KV
        self.sequence: Sequence | None = None

    def come_nearer(self, sequence: Sequence) -> None:
        """One stage further; nothing where every slot of the chats is taken."""
        free = [entry for entry in self._caches[Priority.INTERACTIVE].entries if entry.sequence is None]
        if not free or sequence.slot is None:
            return
        entry = min(free, key=lambda candidate: (bool(candidate.cache_key), candidate.last_used))
        if entry.cache_key and entry.kept:
            data = self._memory.save(entry.slot)
            self._archive.put(Kept(entry.cache_key, entry.kept, data, entry.is_temporary))
            self._caches[Priority.INTERACTIVE].empty(entry)
        elif self._packed is None or self._packed[:2] != (sequence, sequence.n_kv):
            self._packed = sequence, sequence.n_kv, self._memory.save(sequence.slot)
        else:
            self._memory.restore(entry.slot, self._packed[2])
            self._caches[Priority.BULK].release(sequence.slot)
            self._move(sequence, entry.slot)
            self.sequence, self._packed = sequence, None

    def go_home(self) -> Sequence | None:
        """Back among bulk; returns the sequence where there is no place left for it there."""
        sequence, self.sequence, self._packed = self.sequence, None, None
        if sequence is None or sequence.slot is None:
            return None
        data = self._memory.save(sequence.slot)
        held = sequence.tokens[: sequence.n_kv]
        left = self._caches[Priority.INTERACTIVE].entries[sequence.slot.index]
        self._caches[Priority.INTERACTIVE].release(sequence.slot)
        self._memory.truncate(sequence.slot, 0)
        self._caches[Priority.INTERACTIVE].empty(left)
        free = self._caches[Priority.BULK].best_free(sequence)
        if free is None:
            self._archive.put(Kept("", held, data))
            sequence.slot, sequence.n_kv, sequence.fork_at = None, 0, 0
            return sequence
        self._memory.restore(free[0].slot, data)
        self._move(sequence, free[0].slot)
        return None

    def has_left(self, sequence: Sequence) -> None:
        """It ended, or was evicted."""
        if self.sequence is sequence:
            self.sequence = None
        if self._packed is not None and self._packed[0] is sequence:
            self._packed = None

    def _move(self, sequence: Sequence, slot: Slot) -> None:
        cache = self._caches[slot.priority]
        cache.take(cache.entries[slot.index], sequence)
        if sequence.slot is not None:
            self._memory.hand_over(sequence.slot, slot)
        sequence.slot = slot
