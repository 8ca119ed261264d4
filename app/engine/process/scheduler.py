"""Who runs in the next step. Pure: no clock, no I/O, no thread; `apply` is told what came of a plan.

Every sequence is admitted when its prompt and its longest output fit a slot, and then only ever waits, reads
(prefill) or writes (decode). Chats come first; what bulk may do beside them is the preset's budget.
"""

from __future__ import annotations

from collections.abc import Callable

from app.engine.messages import Capabilities, Preset, Priority
from app.engine.process.backend import StepPlan, StepResult, Work
from app.engine.process.kv_cache import SlotCache
from app.engine.process.presets import (
    BALANCED_SHARE,
    STEP_TOKENS,
    STUTTER_TOKENS,
    BulkBudget,
    ChatActivity,
    bulk_budget,
)
from app.engine.process.sequence import Sequence, Slot

Truncate = Callable[[Slot, int], int]


class PromptDoesNotFit(Exception):
    """A request that can never be admitted: `excess_tokens` too long for `limit_tokens`."""

    def __init__(self, n_prompt: int, limit_tokens: int, excess_tokens: int) -> None:
        super().__init__(f"{n_prompt} tokens, the limit is {limit_tokens}")
        self.n_prompt, self.limit_tokens, self.excess_tokens = n_prompt, limit_tokens, excess_tokens


class Scheduler:
    """Sequences in, plans out. `truncate` cuts a slot's KV and says how much is left (see Backend.truncate)."""

    def __init__(self, capabilities: Capabilities, truncate: Truncate, preset: Preset = Preset.RESPONSIVE) -> None:
        self.preset = preset
        self._capabilities = capabilities
        self._truncate = truncate
        self._caches = {
            Priority.INTERACTIVE: SlotCache(Priority.INTERACTIVE, capabilities.interactive_sequences),
            Priority.BULK: SlotCache(Priority.BULK, capabilities.bulk_sequences),
        }
        self._waiting: dict[Priority, list[Sequence]] = {priority: [] for priority in Priority}
        self._running: dict[Priority, list[Sequence]] = {priority: [] for priority in Priority}
        self._by_id: dict[str, Sequence] = {}
        self._chat_seconds = 0.0
        self._bulk_seconds = 0.0
        self._bulk_step_seconds = 0.0  # the last bulk step beside a chat
        self.bulk_is_parked = False

    # what is there

    def get(self, id: str) -> Sequence | None:
        return self._by_id.get(id)

    def count_running(self, priority: Priority) -> int:
        return len(self._running[priority])

    def count_waiting(self, priority: Priority) -> int:
        return len(self._waiting[priority])

    @property
    def is_idle(self) -> bool:
        return not self._by_id

    @property
    def ids(self) -> list[str]:
        return list(self._by_id)

    @property
    def kv_used_fraction(self) -> float:
        """Tokens in the KV over what it holds, chats and bulk together."""
        capabilities = self._capabilities
        running = sum(sequence.n_kv for group in self._running.values() for sequence in group)
        kept = sum(cache.n_tokens for cache in self._caches.values())
        room = (
            capabilities.interactive_context * capabilities.interactive_sequences
            + capabilities.bulk_context * capabilities.bulk_sequences
        )
        return min(1.0, (running + kept) / room)

    # what comes and goes

    def add(self, sequence: Sequence) -> None:
        """Queue it. Raises PromptDoesNotFit. A chat's longest output is shortened to what its prompt leaves."""
        is_chat = sequence.priority is Priority.INTERACTIVE
        limit = self._capabilities.interactive_context if is_chat else self._capabilities.bulk_context
        least_output = 1 if is_chat else sequence.max_tokens
        excess = sequence.n_prompt + least_output - limit
        if excess > 0:
            raise PromptDoesNotFit(sequence.n_prompt, limit, excess)
        sequence.max_tokens = min(sequence.max_tokens, limit - sequence.n_prompt)
        self._waiting[sequence.priority].append(sequence)
        self._by_id[sequence.id] = sequence

    def remove(self, id: str) -> Sequence | None:
        """Finished, failed or cancelled: the slot is free, and a chat's KV in it stays for its next turn."""
        sequence = self._by_id.pop(id, None)
        if sequence is None:
            return None
        if sequence.slot is None:
            self._waiting[sequence.priority].remove(sequence)
        else:
            self._running[sequence.priority].remove(sequence)
            kept = sequence.tokens[: sequence.n_kv] if sequence.priority is Priority.INTERACTIVE else []
            self._caches[sequence.priority].release(sequence.slot, kept)
        return sequence

    def forget_chat(self, cache_key: str) -> None:
        slot = self._caches[Priority.INTERACTIVE].forget(cache_key)
        if slot is not None:
            self._truncate(slot, 0)

    # a step

    def admit(self) -> list[Sequence]:
        """Give free slots to those who wait, first come first served; returns who came in."""
        admitted = []
        for priority, waiting in self._waiting.items():
            while waiting:
                sequence = waiting[0]
                claimed = self._caches[priority].claim(sequence.cache_key, sequence.tokens)
                if claimed is None:
                    break
                sequence.slot, n_shared = claimed
                sequence.n_kv = sequence.n_cached = self._truncate(sequence.slot, n_shared)
                self._running[priority].append(waiting.pop(0))
                admitted.append(sequence)
        return admitted

    def plan(self) -> StepPlan | None:
        """The next step, or None where there is nothing to do."""
        chats, bulk = self._running[Priority.INTERACTIVE], self._running[Priority.BULK]
        if not chats:
            self._chat_seconds = self._bulk_seconds = self._bulk_step_seconds = 0.0
        activity = ChatActivity(
            is_active=bool(chats or self._waiting[Priority.INTERACTIVE]),
            is_reading=any(chat.is_reading for chat in chats),
            chat_seconds=self._chat_seconds,
            bulk_seconds=self._bulk_seconds,
            next_bulk_seconds=self._bulk_step_seconds,
        )
        budget = bulk_budget(self.preset, activity, bulk_sequences=self._capabilities.bulk_sequences)
        work = _chat_work(chats) + _bulk_work(bulk, budget)
        self.bulk_is_parked = bool(bulk) and budget.write_sequences == 0
        return StepPlan(work=tuple(work)) if work else None

    def apply(self, result: StepResult) -> list[Sequence]:
        """Take in what was computed; returns the sequences that have one more token of output."""
        written = []
        priorities = set()
        was_decode = True
        for part in result.results:
            sequence = self._by_id.get(part.id)
            if sequence is None:
                continue
            priorities.add(sequence.priority)
            was_decode = was_decode and not sequence.is_reading
            sequence.n_kv = 0 if part.is_lost else sequence.n_kv + part.n_done
            if part.token is not None:
                sequence.tokens.append(part.token)
                written.append(sequence)
        self._account(result.seconds, priorities, was_decode)
        return written

    def _account(self, seconds: float, priorities: set[Priority], was_decode: bool) -> None:
        if not self._running[Priority.INTERACTIVE]:
            return
        if priorities == {Priority.BULK}:
            self._bulk_seconds += seconds
            self._bulk_step_seconds = seconds
        elif was_decode:
            self._chat_seconds += seconds
            # what bulk did not use in time is not saved up: one step's worth at most
            floor = BALANCED_SHARE * self._chat_seconds - self._bulk_step_seconds
            self._bulk_seconds = max(self._bulk_seconds, floor)


def _chat_work(chats: list[Sequence]) -> list[Work]:
    """Every chat that writes goes on by a token; behind them the prompt is read that is done first."""
    writing = [chat for chat in chats if not chat.is_reading]
    reading = [chat for chat in chats if chat.is_reading]
    work = [_piece(chat, 1) for chat in writing]
    if reading:
        shortest = min(reading, key=lambda chat: chat.n_pending)
        work.append(_piece(shortest, STUTTER_TOKENS if writing else STEP_TOKENS))
    return work


def _bulk_work(bulk: list[Sequence], budget: BulkBudget) -> list[Work]:
    """All prefill or all decode: mixed steps are cut into several micro-batches and are slower."""
    work: list[Work] = []
    room = budget.read_tokens
    for sequence in bulk:
        if not sequence.is_reading:
            continue
        if work and sequence.n_pending > room:
            break  # a second long prompt waits for its own step: unequal parts would be cut up
        if room > 0:
            work.append(_piece(sequence, room))
            room -= len(work[-1].tokens)
    if work:
        return work
    return [_piece(sequence, 1) for sequence in bulk[: budget.write_sequences] if not sequence.is_reading]


def _piece(sequence: Sequence, n_tokens: int) -> Work:
    assert sequence.slot is not None
    start = sequence.n_kv
    tokens = tuple(sequence.tokens[start : start + n_tokens])
    return Work(
        id=sequence.id,
        slot=sequence.slot,
        tokens=tokens,
        position=start,
        wants_token=start + len(tokens) == len(sequence.tokens),
    )
