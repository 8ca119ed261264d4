"""Which slot holds which tokens, and where a new request's prompt has been read already. Pure.

Nothing is read twice where it can be helped: a chat finds its own slot again, requests with a common beginning wait
until the first of them has read it and then share it, and what is displaced from a slot goes to the archive.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.engine.messages import Priority
from app.engine.process.sequence import Sequence, Slot

LEAST_SHARED_TOKENS = 32  # a shorter common beginning is read again sooner than it is copied


def common_prefix(left: list[int], right: list[int]) -> int:
    """How many tokens two lists share from their start."""
    shortest = min(len(left), len(right))
    if left[:shortest] == right[:shortest]:
        return shortest
    low, high = 0, shortest  # binary search on slices: comparing lists in C beats a loop
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass
class Entry:
    """A slot. While a sequence runs in it, what it holds is that sequence's; after that `kept` stays."""

    slot: Slot
    kept: list[int] = field(default_factory=list)
    cache_key: str = ""
    is_temporary: bool = False  # what it holds must not go to the disk
    sequence: Sequence | None = None
    last_used: int = 0
    is_saved: bool = False  # what it holds is on the disk

    @property
    def is_unsaved(self) -> bool:
        """It holds a chat that is not on the disk and may go there."""
        return bool(self.cache_key and self.kept) and not (self.is_saved or self.is_temporary)

    @property
    def held(self) -> list[int]:
        """The tokens whose KV is in the slot."""
        return self.kept if self.sequence is None else self.sequence.tokens[: self.sequence.n_kv]


class SlotCache:
    """The slots of one priority. A slot is taken from `take` to `release`."""

    def __init__(self, priority: Priority, n_slots: int) -> None:
        self.entries = [Entry(Slot(priority, index)) for index in range(n_slots)]
        self._clock = 0

    @property
    def n_tokens(self) -> int:
        """In all slots."""
        return sum(len(entry.held) for entry in self.entries)

    @property
    def has_room(self) -> bool:
        return any(entry.sequence is None for entry in self.entries)

    def best_free(self, sequence: Sequence, *, only_whole: bool = False) -> tuple[Entry, int] | None:
        """The free slot to use and how many tokens of the prompt it holds; None while all are taken.

        A chat's own slot, else one that is kept for no chat, else the one that was not used for longest. `only_whole`:
        for memory that can't be cut, a slot that holds anything else as well counts as one that holds nothing.
        """

        def usable(entry: Entry) -> int:
            shared = shared_tokens(entry.kept, sequence)
            return 0 if only_whole and shared < len(entry.kept) else shared

        free = [entry for entry in self.entries if entry.sequence is None]
        if not free:
            return None
        own = [entry for entry in free if sequence.cache_key and entry.cache_key == sequence.cache_key]
        unclaimed = [entry for entry in free if not entry.cache_key]
        if not own and not unclaimed:
            oldest = min(free, key=lambda entry: entry.last_used)
            return oldest, usable(oldest)
        shared = [(usable(entry), not entry.kept, -entry.last_used) for entry in own or unclaimed]
        best = max(range(len(shared)), key=shared.__getitem__)
        return (own or unclaimed)[best], shared[best][0]

    def reading_ahead_of(self, sequence: Sequence, n_have: int) -> Sequence | None:
        """A running sequence that is about to read a beginning that this one has too; it is told where to pause."""
        best, n_best = None, n_have + LEAST_SHARED_TOKENS - 1
        for entry in self.entries:
            other = entry.sequence
            if other is None or not other.is_reading:
                continue
            n_common = min(shared_tokens(other.tokens[: other.n_prompt], sequence), other.n_prompt - 1)
            if n_common > n_best and other.n_kv < n_common:
                best, n_best = other, n_common
        if best is not None:
            best.fork_at = min(best.fork_at or n_best, n_best)
        return best

    def best_running(self, sequence: Sequence) -> tuple[Entry, int] | None:
        """The taken slot that holds most of the prompt, and how much."""
        taken = [(entry, shared_tokens(entry.held, sequence)) for entry in self.entries if entry.sequence is not None]
        return max(taken, key=lambda found: found[1], default=None)

    def take(self, entry: Entry, sequence: Sequence) -> None:
        self._clock += 1
        entry.sequence, entry.cache_key, entry.last_used = sequence, sequence.cache_key, self._clock
        entry.is_temporary = sequence.is_temporary
        entry.kept, entry.is_saved = [], False

    def release(self, slot: Slot) -> None:
        """The request is over; what it read and wrote stays in the slot."""
        entry = self.entries[slot.index]
        entry.kept, entry.sequence = entry.held, None

    def empty(self, entry: Entry) -> None:
        """Its KV is gone."""
        entry.kept, entry.cache_key, entry.last_used = [], "", 0

    def idle_under(self, cache_key: str) -> Entry | None:
        """The free slot that is kept for a chat."""
        found = [entry for entry in self.entries if entry.cache_key == cache_key and entry.sequence is None]
        return found[0] if found else None


def shared_tokens(held: list[int], sequence: Sequence) -> int:
    """How much of a sequence's tokens is held. The last one is always computed: its logits choose the next token."""
    return min(common_prefix(held, sequence.tokens), len(sequence.tokens) - 1)
