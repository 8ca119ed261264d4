"""Who runs in the next step. Pure: no clock, no I/O, no thread; `apply` is told what came of a plan.

Every sequence is admitted when its prompt and its longest output fit a slot, and then only ever waits, reads
(prefill) or writes (decode). Chats come first; what bulk may do beside them is the preset's budget. Texts to be
embedded have a queue of their own (embeddings.py) and the same budgets.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from app.engine.messages import Capabilities, Preset, Priority
from app.engine.process.attention import suits_flash
from app.engine.process.backend import StepPlan, StepResult, TextWork, Work
from app.engine.process.balance import Balance
from app.engine.process.embeddings import Embedding, EmbeddingQueue
from app.engine.process.kv_archive import KvArchive
from app.engine.process.placement import Memory, Placement
from app.engine.process.presets import (
    NOTHING,
    STEP_TOKENS,
    STUTTER_TOKENS,
    BulkBudget,
    ChatActivity,
    bulk_budget,
)
from app.engine.process.sequence import Sequence
from app.engine.process.step_size import StepSize
from app.errors import ErrorKind, KnownError


class PromptDoesNotFit(KnownError):
    """A request that can never be admitted: `excess_tokens` too long."""

    def __init__(self, n_prompt: int, limit_tokens: int, excess_tokens: int) -> None:
        super().__init__(
            ErrorKind.PROMPT_TOO_LONG,
            f"This is {n_prompt:,} tokens long and the model can take {limit_tokens:,} with its answer: "
            f"{excess_tokens:,} too many. Shorten it, or choose a model that takes more.",
        )
        self.excess_tokens = excess_tokens


class Scheduler:
    """Sequences in, plans out. `archive` has the KV that is in no slot."""

    def __init__(
        self,
        capabilities: Capabilities,
        memory: Memory,
        preset: Preset = Preset.RESPONSIVE,
        archive: KvArchive | None = None,
    ) -> None:
        self.preset = preset
        self._capabilities = capabilities
        self.placement = Placement(capabilities, memory, archive or KvArchive(ram_bytes=0))
        self._waiting: dict[Priority, list[Sequence]] = {priority: [] for priority in Priority}
        self._running: dict[Priority, list[Sequence]] = {priority: [] for priority in Priority}
        self._by_id: dict[str, Sequence] = {}
        self._embeddings = EmbeddingQueue()
        self._has_embedded = False  # bulk's last step did: then it is the turn of what reads and writes
        self.balance = Balance()
        self.is_paced = False  # in Balanced, while bulk takes turns with chats ...
        self._turn = (0, 0)  # ... and what its next one reads and writes
        self._step_size = StepSize()  # where a step can't be torn
        self._is_pressed = False  # bulk was evicted: nobody comes in before somebody has gone
        self.bulk_is_parked = False
        self.is_held = False  # bulk stands still
        self.is_chat_expected = False  # somebody types, or has just opened a chat
        self._alone: Sequence | None = None  # the chat of the last plan, where nothing else goes on beside it

    # what is there

    def get(self, id: str) -> Sequence | None:
        return self._by_id.get(id)

    def has_chat(self, cache_key: str) -> bool:
        """Is this chat being answered, or about to be?"""
        return any(
            s.cache_key == cache_key and not (s.is_read_ahead or s.is_aside) for s in self._by_id.values() if cache_key
        )

    def count_running(self, priority: Priority) -> int:
        return sum(not s.is_aside for s in self._running[priority]) + self._embeddings.count(priority)

    def count_waiting(self, priority: Priority) -> int:
        return len(self._waiting[priority])

    @property
    def is_idle(self) -> bool:
        return not self._by_id and not self._embeddings.ids

    @property
    def ids(self) -> list[str]:
        return [*self._by_id, *self._embeddings.ids]

    @property
    def kv_used_fraction(self) -> float:
        """Tokens in the KV over what it holds, chats and bulk together."""
        capabilities = self._capabilities
        room = (
            capabilities.interactive_context * capabilities.interactive_sequences
            + capabilities.bulk_context * capabilities.bulk_sequences
        )
        return min(1.0, self.placement.n_tokens / room)

    # what comes and goes

    def add(self, sequence: Sequence) -> None:
        """Queue it. Raises PromptDoesNotFit. A chat's longest output is shortened to what its prompt leaves."""
        if sequence.id in self._by_id:
            raise ValueError(f"{sequence.id} is there already")
        is_chat = sequence.priority is Priority.INTERACTIVE
        limit = self._capabilities.interactive_context if is_chat else self._capabilities.bulk_context
        least_output = 1 if is_chat else sequence.max_tokens
        excess = sequence.n_prompt + least_output - limit
        if excess > 0:
            raise PromptDoesNotFit(sequence.n_prompt, limit, excess)
        sequence.max_tokens = min(sequence.max_tokens, limit - sequence.n_prompt)
        self._waiting[sequence.priority].append(sequence)
        self._by_id[sequence.id] = sequence

    def add_aside(self, sequence: Sequence) -> bool:
        """At the end of its chat, in a machine that has nothing else to do. False: the chat is not where that goes."""
        if not self.placement.place_aside(sequence):
            return False
        self._by_id[sequence.id] = sequence
        self._running[Priority.INTERACTIVE].append(sequence)
        return True

    @property
    def asides(self) -> list[str]:
        return [id for id, sequence in self._by_id.items() if sequence.is_aside]

    def add_embedding(self, embedding: Embedding) -> None:
        self._embeddings.add(embedding)

    def remove_embedding(self, id: str) -> Embedding | None:
        return self._embeddings.remove(id)

    def remove(self, id: str) -> Sequence | None:
        """Finished, failed or cancelled: the slot is free, and a chat's KV in it stays for its next turn."""
        sequence = self._by_id.pop(id, None)
        if sequence is None:
            return None
        if sequence.slot is None:
            self._waiting[sequence.priority].remove(sequence)
        else:
            self._running[sequence.priority].remove(sequence)
            self.placement.release(sequence)
            self._is_pressed = self._is_pressed and sequence.priority is not Priority.BULK
        return sequence

    def lose(self, id: str) -> Sequence | None:
        """A sequence whose KV is in an unknown state leaves."""
        sequence = self._by_id.get(id)
        if sequence is not None:
            self.placement.lose(sequence)
        return self.remove(id)

    def evict(self, id: str) -> None:
        """Give a bulk sequence's slot away; it waits at the head of the queue, with what it has said."""
        sequence = self._by_id[id]
        if sequence.slot is None or sequence.priority is not Priority.BULK:
            raise ValueError(f"{id} can't be evicted")
        self._running[Priority.BULK].remove(sequence)
        self.placement.release(sequence)
        self._waiting[Priority.BULK].insert(0, sequence)
        sequence.slot, sequence.n_kv, sequence.fork_at = None, 0, 0

    def make_room(self) -> bool:
        """Bulk does not fit: what idle slots hold goes, else the newest goes back to the queue. False: no help."""
        if self.placement.drop_idle_bulk():
            return True
        running = self._running[Priority.BULK]
        if len(running) < 2:
            return False
        self.evict(running[-1].id)
        self._is_pressed = True
        return self.placement.drop_idle_bulk()

    def end_read_ahead(self, cache_key: str | None = None) -> None:
        """The request itself is there, or another one needs the place (None: any chat's)."""
        for sequence in [*self._running[Priority.INTERACTIVE], *self._waiting[Priority.INTERACTIVE]]:
            if sequence.is_read_ahead and cache_key in (None, sequence.cache_key):
                self.remove(sequence.id)

    # a step

    def admit(self) -> list[Sequence]:
        """Give free slots to those who wait, first come first served; returns who came in."""
        chats = self._waiting[Priority.INTERACTIVE]
        if any(not chat.is_read_ahead for chat in chats) and not self.placement.has_room_for_chat:
            self.end_read_ahead()
        admitted = []
        for priority, waiting in self._waiting.items():
            if priority is Priority.BULK and (self._is_pressed or self.is_held):
                continue
            if priority is Priority.BULK and waiting and not self._running[priority]:
                self.placement.use_flash(suits_flash(waiting[: self._capabilities.bulk_sequences]))
            while waiting and self.placement.place(waiting[0]):
                sequence = waiting.pop(0)
                self._running[priority].append(sequence)
                if sequence.is_read_ahead and sequence.is_read:
                    self.remove(sequence.id)
                else:
                    admitted.append(sequence)
        return admitted

    def plan(self) -> StepPlan | None:
        """The next step, or None where there is nothing to do."""
        chats, bulk = self._running[Priority.INTERACTIVE], self._running[Priority.BULK]
        texts = self._embeddings.next(Priority.INTERACTIVE, STUTTER_TOKENS if chats else STEP_TOKENS)
        is_active = bool(chats or self._waiting[Priority.INTERACTIVE] or texts)
        activity = ChatActivity(is_active=is_active, is_expected=self.is_chat_expected)
        width = self._capabilities.bulk_sequences
        turn = self.balance.turn(width) if self._may_take_turns else NOTHING
        budget = bulk_budget(self.preset, activity, bulk_sequences=width, turn=turn)
        budget = NOTHING if self.is_held else budget
        most_tokens = self._capabilities.step_tokens
        if budget.read_tokens > most_tokens:
            budget = replace(budget, read_tokens=most_tokens)
        if not self._capabilities.can_tear:
            budget, most_tokens = self._step_size.within(budget), self._step_size.read_tokens
        bulk_part = self._covered(self._bulk_part(budget))
        work = [*_chat_work(chats, most_tokens), *bulk_part.work]
        is_alone = len(work) == 1 and len(chats) == 1
        if is_alone:
            work[0] = self._with_guesses(chats[0], work[0])
        self._alone = chats[0] if is_alone and not self._has_others else None
        has_bulk = bool(bulk or self._waiting[Priority.BULK]) or self._embeddings.count(Priority.BULK) > 0
        self.bulk_is_parked = has_bulk and budget.write_sequences == 0
        return _step(work, texts or bulk_part.texts)

    @property
    def _has_others(self) -> bool:
        """Beside a chat that is alone in a plan: is there anything that may come into the next one?"""
        may_bulk_run = self.preset is not Preset.RESPONSIVE and not self.is_held and not self.is_paced
        has_bulk = self._running[Priority.BULK] or self._waiting[Priority.BULK]
        return bool(self._waiting[Priority.INTERACTIVE] or self._embeddings.ids or (may_bulk_run and has_bulk))

    def plan_again(self) -> StepPlan | None:
        """What `plan` would say, right after `apply` with nothing changed since, where that is one chat's next token.

        None: `plan` has to be asked. This stands between two tokens of a chat: what it takes, the person waits for.
        """
        chat = self._alone
        if chat is None or chat.id not in self._by_id or chat.is_reading:
            return None
        if self.is_paced and self.balance.covers(*self._turn):
            return None
        return StepPlan(work=(self._with_guesses(chat, _piece(chat, 1)),))

    @property
    def _may_take_turns(self) -> bool:
        """Balanced, while chats write: bulk goes on between two tokens. Never while a first token is awaited."""
        chats = self._running[Priority.INTERACTIVE]
        is_awaited = bool(self._waiting[Priority.INTERACTIVE]) or self._embeddings.count(Priority.INTERACTIVE) > 0
        is_time = self.preset is Preset.BALANCED and chats and not is_awaited and not self.is_held
        return bool(is_time) and not any(chat.is_reading for chat in chats)

    def _covered(self, bulk: StepPlan) -> StepPlan:
        """In Balanced bulk has its turn once the chats' replies can spare it."""
        self.is_paced = self._may_take_turns and bool(bulk.work or bulk.texts)
        if not self.is_paced:
            self.balance.begin()
            return bulk
        self._turn = _sizes(bulk)
        return bulk if self.balance.covers(*self._turn) else StepPlan()

    def _bulk_part(self, budget: BulkBudget) -> StepPlan:
        """Where there are both, texts are embedded in one step and sequences go on in the next."""
        work = _bulk_work(self._running[Priority.BULK], budget)
        texts = self._embeddings.next(Priority.BULK, budget.read_tokens) if budget.read_tokens else ()
        if texts and not (work and self._has_embedded):
            return StepPlan(texts=texts)
        return StepPlan(work=tuple(work))

    def _with_guesses(self, chat: Sequence, work: Work) -> Work:
        """A chat that has the machine to itself: what it is likely to say next is checked in the same step."""
        if self.is_paced or chat.guesses is None or chat.is_reading or not self.placement.can_cut:
            return work
        room = self._capabilities.interactive_context - len(chat.tokens)
        guessed = chat.guesses.next(min(chat.max_tokens - chat.n_output, room) - 1)
        return replace(work, tokens=(*work.tokens, *guessed), n_guessed=len(guessed)) if guessed else work

    def apply_texts(self, result: StepResult) -> list[Embedding]:
        """Take in what was embedded; returns the requests that are done, which have left."""
        if result.texts:
            self._has_embedded = result.texts[0].work.priority is Priority.BULK
        return self._embeddings.apply(result.texts)

    def apply(self, result: StepResult, *, period_seconds: float | None = None) -> list[Sequence]:
        """Take in what was computed; returns the sequences that have one more token of output.

        `period_seconds`: from the end of the step before to the end of this one.
        """
        written = []
        has_chat, writes_chat = False, False
        n_read = sum(len(text.work.tokens) for text in result.texts if text.vector is not None)
        n_written = 0
        for part in result.results:
            sequence = self._by_id.get(part.id)
            if sequence is None:
                continue
            is_writing = not sequence.is_reading
            if is_writing:
                n_written += bool(part.n_done)
            else:
                n_read += part.n_done
            if sequence.priority is Priority.BULK:
                self._has_embedded = False
            else:
                has_chat = True
                writes_chat = writes_chat or (is_writing and not part.n_guessed)
                if sequence.guesses is not None and is_writing and part.token is not None:
                    sequence.guesses.took(part.n_guessed, len(part.guessed), result.seconds)
            sequence.n_kv = 0 if part.is_lost else sequence.n_kv + part.n_done
            self.placement.archive_pauses(sequence)
            if sequence.is_read_ahead and sequence.is_read:
                self.remove(sequence.id)
            if part.token is not None:
                sequence.tokens += [*part.guessed, part.token]
                sequence.n_new = len(part.guessed) + 1
                written.append(sequence)
        if not self._capabilities.can_tear:
            self._step_size.took(n_read, n_written, result.seconds)
        seconds = period_seconds or result.seconds
        if writes_chat:
            self.balance.took(seconds, is_told=self.is_paced)
        elif not has_chat:
            self.balance.took_bulk(n_read, n_written, result.seconds, seconds)
        return written


def _step(work: Iterable[Work], texts: tuple[TextWork, ...]) -> StepPlan | None:
    plan = StepPlan(work=tuple(work), texts=texts)
    return plan if plan.work or plan.texts else None


def _chat_work(chats: list[Sequence], most_tokens: int) -> list[Work]:
    """Every chat that writes goes on by a token; behind them the prompt is read that is done first."""
    writing = [chat for chat in chats if not chat.is_reading]
    reading = [chat for chat in chats if chat.is_reading]
    work = [_piece(chat, 1) for chat in writing]
    if reading:
        first = min(reading, key=lambda chat: (chat.is_read_ahead, chat.n_pending))
        work.append(_piece(first, min(most_tokens, STUTTER_TOKENS) if writing else most_tokens))
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


def _sizes(bulk: StepPlan) -> tuple[int, int]:
    """Tokens that a step of bulk reads, or that as many sequences write."""
    n_tokens = sum(len(work.tokens) for work in bulk.work) + sum(len(text.tokens) for text in bulk.texts)
    return (0, n_tokens) if bulk.is_writing else (n_tokens, 0)


def _piece(sequence: Sequence, n_tokens: int) -> Work:
    assert sequence.slot is not None
    start = sequence.n_kv
    end = min(len(sequence.tokens), start + n_tokens)
    for pause in (sequence.fork_at, sequence.checkpoint_at):
        if start < pause < end:
            end = pause
    if sequence.is_read_ahead:
        end = min(end, sequence.n_prompt - 1)
    return Work(
        id=sequence.id,
        slot=sequence.slot,
        tokens=tuple(sequence.tokens[start:end]),
        position=start,
        wants_token=end == len(sequence.tokens),
        continuations=sequence.continuations if end == len(sequence.tokens) else (),
        is_aside=sequence.is_aside,
    )
