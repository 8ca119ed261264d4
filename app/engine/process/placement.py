"""Where sequences lie: a slot for each, with as much of its prompt as is in memory anywhere. Pure.

Displaced chats go to the archive, common beginnings and checkpoints are taken from it.
"""

from __future__ import annotations

from typing import Protocol

from app.engine.messages import Capabilities, Priority
from app.engine.process.kv_archive import Kept, KvArchive
from app.engine.process.kv_cache import LEAST_SHARED_TOKENS, Entry, SlotCache, shared_tokens
from app.engine.process.sequence import Sequence, Slot

ASIDE_TOKENS = 512  # at most so much is read for what nobody waits for: one step, which a request tears


class Memory(Protocol):
    """The backend's KV, slot by slot (see Backend)."""

    @property
    def can_cut(self) -> bool: ...
    def use_flash(self, is_flash: bool) -> bool: ...
    def truncate(self, slot: Slot, n_tokens: int) -> int: ...
    def save(self, slot: Slot) -> bytes: ...
    def restore(self, slot: Slot, data: bytes) -> int: ...


class Placement:
    """Over all slots of a backend."""

    def __init__(self, capabilities: Capabilities, memory: Memory, archive: KvArchive) -> None:
        self._memory = memory
        self._archive = archive
        self._chats = SlotCache(Priority.INTERACTIVE, capabilities.interactive_sequences)
        self._bulk = SlotCache(Priority.BULK, capabilities.bulk_sequences)
        self._before_asides: dict[str, bytes] = {}  # what the slot held, where it can't be cut
        self._caches = {Priority.INTERACTIVE: self._chats, Priority.BULK: self._bulk}

    @property
    def entries(self) -> list[Entry]:
        return [*self._chats.entries, *self._bulk.entries]

    @property
    def can_cut(self) -> bool:
        return self._memory.can_cut

    @property
    def n_tokens(self) -> int:
        """In all slots."""
        return self._chats.n_tokens + self._bulk.n_tokens

    @property
    def has_room_for_chat(self) -> bool:
        return self._chats.has_room

    def wants(self, read_ahead: Sequence) -> bool:
        """Memory that can't be cut is not filled with a text that may be typed over, where that would cost the chat."""
        if self._memory.can_cut:
            return True
        key, tokens = read_ahead.cache_key, read_ahead.tokens
        own = self._chats.idle_under(key)
        is_held = own is not None and 0 < len(own.kept) <= shared_tokens(own.kept, read_ahead)
        return not is_held and self._archive.best(key, tokens, only_whole=True) is None

    def place(self, sequence: Sequence) -> bool:
        """A slot for a sequence, with as much of its prompt as is in memory anywhere; False: it has to wait."""
        cache = self._caches[sequence.priority]
        can_cut = self._memory.can_cut
        free = cache.best_free(sequence, only_whole=not can_cut)
        if free is None:
            return False
        entry, n_shared = free
        archived = self._archive.best(sequence.cache_key, sequence.tokens, n_have=n_shared, only_whole=not can_cut)
        n_archived = archived[1] if archived is not None else 0
        running = cache.best_running(sequence) if can_cut else None
        n_running = running[1] if running is not None else 0
        if cache.reading_ahead_of(sequence, max(n_shared, n_archived, n_running)) is not None:
            return False
        if entry.cache_key and entry.kept and entry.cache_key != sequence.cache_key:
            self._archive.put(self._kept(entry))
        if sequence.is_read_ahead and entry.is_unsaved:
            self._archive.save(self._kept(entry))  # without what is only typed yet
        n_held = 0 if can_cut else self._most_held(entry, sequence)
        cache.take(entry, sequence)
        sequence.slot = entry.slot
        if running is not None and n_running >= max(n_shared, n_archived) + LEAST_SHARED_TOKENS:
            self._memory.restore(entry.slot, self._memory.save(running[0].slot))
            n_shared = n_running
        elif archived is not None and n_archived >= n_shared + LEAST_SHARED_TOKENS:
            self._memory.restore(entry.slot, archived[0].data)
            n_shared = n_archived
        sequence.n_kv = sequence.n_cached = self._memory.truncate(entry.slot, n_shared)
        sequence.n_unusable = n_held if n_held >= sequence.n_kv + LEAST_SHARED_TOKENS else 0
        if not can_cut and sequence.cache_key and not sequence.is_read_ahead:
            sequence.checkpoint_at = sequence.n_prompt - 1 if sequence.n_prompt > LEAST_SHARED_TOKENS else 0
        return True

    def place_aside(self, sequence: Sequence) -> bool:
        """In the slot of its idle chat, of which nothing else is read again. False: it is not there, or not whole."""
        entry = self._chats.idle_under(sequence.cache_key) if sequence.cache_key else None
        if entry is None:
            return False
        n_shared = shared_tokens(entry.kept, sequence)
        if sequence.n_prompt - n_shared > ASIDE_TOKENS or not n_shared:
            return False
        if not self._memory.can_cut:
            if n_shared < len(entry.kept):
                return False
            self._before_asides[sequence.id] = self._memory.save(entry.slot)
        sequence.slot = entry.slot
        sequence.n_kv = sequence.n_cached = self._memory.truncate(entry.slot, n_shared)
        entry.sequence = sequence
        return True

    def _cut_aside(self, sequence: Sequence) -> None:
        """The chat is as it was before, for its next turn."""
        assert sequence.slot is not None
        entry = self._chats.entries[sequence.slot.index]
        before = self._before_asides.pop(sequence.id, None)
        n_kept = sequence.n_cached if sequence.n_kv else 0
        if before is not None:
            n_kept = self._memory.restore(entry.slot, before)
        else:
            n_kept = self._memory.truncate(entry.slot, n_kept)
        entry.is_saved = entry.is_saved and n_kept == len(entry.kept)
        entry.kept, entry.sequence = sequence.tokens[:n_kept], None

    def _most_held(self, entry: Entry, sequence: Sequence) -> int:
        """How much of a chat's prompt is in memory, be it of use or not."""
        if not sequence.cache_key:
            return 0
        in_slot = shared_tokens(entry.kept, sequence) if entry.cache_key == sequence.cache_key else 0
        return max(in_slot, self._archive.most_shared(sequence.cache_key, sequence.tokens))

    def _kept(self, entry: Entry) -> Kept:
        return Kept(entry.cache_key, entry.kept, self._memory.save(entry.slot), entry.is_temporary)

    def release(self, sequence: Sequence) -> None:
        """It is over, or gives its slot away; what it read and wrote stays there."""
        assert sequence.slot is not None
        if sequence.is_aside:
            self._cut_aside(sequence)
        else:
            self._caches[sequence.priority].release(sequence.slot)

    def lose(self, sequence: Sequence) -> None:
        """Its KV is in an unknown state."""
        if sequence.slot is not None:
            self._memory.truncate(sequence.slot, 0)
            sequence.n_kv = 0

    def drop_idle_bulk(self) -> bool:
        """What idle slots of bulk hold goes; False where there is nothing."""
        idle = [entry for entry in self._bulk.entries if entry.sequence is None and entry.kept]
        for entry in idle:
            self._memory.truncate(entry.slot, 0)
            self._bulk.empty(entry)
        return bool(idle)

    def use_flash(self, is_flash: bool) -> None:
        """For the bulk that comes now; none of it has a slot."""
        if self._memory.use_flash(is_flash):
            for entry in self._bulk.entries:
                self._bulk.empty(entry)

    def forget_chat(self, cache_key: str) -> None:
        """A chat was deleted: its KV goes, wherever it is."""
        self._archive.forget(cache_key)
        entry = self._chats.idle_under(cache_key)
        if entry is not None:
            self._memory.truncate(entry.slot, 0)
            self._chats.empty(entry)

    @property
    def has_unsaved_chats(self) -> bool:
        return any(entry.sequence is None and entry.is_unsaved for entry in self._chats.entries)

    def save_chats(self) -> None:
        """There is nothing to do, or the engine ends: chats in slots are written down for the next start."""
        for entry in self._chats.entries:
            if entry.sequence is None and entry.is_unsaved:
                entry.is_saved = True
                self._archive.save(self._kept(entry))

    def archive_pauses(self, sequence: Sequence) -> None:
        """Where a step ended at a place that others wait for, or that may be gone back to, the state is kept."""
        if 0 < sequence.fork_at <= sequence.n_kv:
            self._archive_beginning(sequence)
        if 0 < sequence.checkpoint_at == sequence.n_kv:
            self._archive_checkpoint(sequence)

    def _archive_beginning(self, sequence: Sequence) -> None:
        """Others wait for it."""
        assert sequence.slot is not None
        beginning = sequence.tokens[: sequence.n_kv]
        self._archive.put(Kept("", beginning, self._memory.save(sequence.slot)))
        sequence.fork_at = 0

    def _archive_checkpoint(self, sequence: Sequence) -> None:
        """The same prompt again, or a longer one, goes on from here."""
        assert sequence.slot is not None
        read, data = sequence.tokens[: sequence.n_kv], self._memory.save(sequence.slot)
        self._archive.put(Kept(sequence.cache_key, read, data, sequence.is_temporary, is_checkpoint=True))
