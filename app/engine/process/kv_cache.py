"""Which slot holds which tokens: KV of a chat stays across its turns, the least recently used goes first. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.engine.messages import Priority
from app.engine.process.sequence import Slot


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
class _Entry:
    slot: Slot
    tokens: list[int] = field(default_factory=list)
    cache_key: str = ""
    is_busy: bool = False
    last_used: int = 0


class SlotCache:
    """The slots of one priority. A slot is busy from `claim` to `release`; its tokens stay until they are displaced."""

    def __init__(self, priority: Priority, n_slots: int) -> None:
        self._entries = [_Entry(Slot(priority, index)) for index in range(n_slots)]
        self._clock = 0

    @property
    def n_tokens(self) -> int:
        return sum(len(entry.tokens) for entry in self._entries)

    def claim(self, cache_key: str, prompt: list[int]) -> tuple[Slot, int] | None:
        """A free slot and how many tokens of the prompt its KV already has; None while all are busy."""
        free = [entry for entry in self._entries if not entry.is_busy]
        if not free:
            return None
        own = [entry for entry in free if cache_key and entry.cache_key == cache_key]
        entry = own[0] if own else min(free, key=lambda candidate: (bool(candidate.tokens), candidate.last_used))
        # the last token of a prompt is always read: its logits choose the first token of the reply
        n_shared = min(common_prefix(entry.tokens, prompt), len(prompt) - 1)
        self._clock += 1
        entry.is_busy, entry.cache_key, entry.last_used = True, cache_key, self._clock
        return entry.slot, n_shared

    def release(self, slot: Slot, kept_tokens: list[int]) -> None:
        """The request is over; `kept_tokens` are in the slot's KV."""
        entry = self._entries[slot.index]
        entry.is_busy, entry.tokens = False, kept_tokens

    def forget(self, cache_key: str) -> Slot | None:
        """Drop what is kept under a key; the slot to be emptied, or None."""
        for entry in self._entries:
            if entry.cache_key == cache_key and not entry.is_busy:
                entry.tokens, entry.cache_key, entry.last_used = [], "", 0
                return entry.slot
        return None
