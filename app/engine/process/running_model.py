"""Requests on a loaded model: prompts in, steps, tokens and last words out. Runs on the engine process's step thread.

All of it is made when a model is loaded, and ends with it. See loop.py for who calls it.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app import diagnostics
from app.engine.early_words import cancelled
from app.engine.messages import (
    Embed,
    EngineReported,
    Event,
    FinishReason,
    Preset,
    Priority,
    PromptRead,
    ReadAhead,
    RequestFailed,
    RequestFinished,
    Submit,
    TextProduced,
    TextsEmbedded,
    Timings,
    Usage,
)
from app.engine.process.attention import suits_flash
from app.engine.process.backend import Backend, DecodeFailed, NoRoom, StepPlan, StepResult
from app.engine.process.bulk_pace import BulkPace
from app.engine.process.chat_template import PLAIN_STOP
from app.engine.process.constraint import matcher_of
from app.engine.process.embeddings import embedding_of
from app.engine.process.inbox import Inbox
from app.engine.process.kv_archive import KvArchive
from app.engine.process.prompts import Prompts
from app.engine.process.reading_ahead import ReadingAhead
from app.engine.process.reply import Reply, usage
from app.engine.process.scheduler import Scheduler
from app.engine.process.sequence import Sequence
from app.engine.process.text_stream import TextStream
from app.engine.process.thinking import thinking_of
from app.engine.process.throughput import Throughput
from app.engine.sampling_range import check_sampling
from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("engine")

KV_RAM_SHARE = 0.125  # of what is free when the model is loaded, for KV of chats that are in no slot
MOST_KV_RAM_BYTES = 2 << 30
BULK_TEXT_TOKENS = 16  # nobody reads bulk as it is written: its text is told in larger pieces
LONGEST_REST_SECONDS = 0.5
ALONE_SECONDS = 0.2  # so long a chat that is alone goes on from token to token with nothing else looked at


def archive_for(backend: Backend, folder: Path | None, disk_bytes: int) -> KvArchive:
    """For the KV of chats that are in no slot of this backend."""
    return KvArchive(
        ram_bytes=min(MOST_KV_RAM_BYTES, int(diagnostics.free_memory_bytes() * KV_RAM_SHARE)),
        folder=folder,
        disk_bytes=disk_bytes,
        fingerprint=backend.fingerprint,
    )


@dataclass(kw_only=True)
class RunningModel:
    """`tell` takes an event for the program, `flush` sends those that were told."""

    backend: Backend
    archive: KvArchive
    inbox: Inbox
    tell: Callable[[Event], None]
    flush: Callable[[], None]
    clock: Callable[[], float] = time.monotonic
    _replies: dict[str, Reply] = field(default_factory=dict)
    _rates: dict[Priority, Throughput] = field(default_factory=lambda: {p: Throughput() for p in Priority})
    _bulk_tokens: int = 0
    _bulk_output_tokens: int = 0
    _torn_bulk_tokens: int = 0
    _bulk_pace: BulkPace = field(default_factory=BulkPace)
    _step_seconds: float = 0.0
    _step_ended: float = 0.0

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.backend.capabilities, self.backend, archive=self.archive)
        self.prompts = Prompts(self.backend)
        self.ahead = ReadingAhead(self.scheduler, self.prompts, self.clock)

    def set_preset(self, preset: Preset, slowdown: float) -> None:
        """From the next step on."""
        self.scheduler.preset, self.scheduler.balance.slowdown = preset, slowdown

    def close(self) -> None:
        """Chats are written down; whoever still waits is told that there is no model any more."""
        for id in self.scheduler.ids:
            self._drop(id)
            self._fail(id, ErrorKind.NO_MODEL, "The model was changed before this was done.")
        self.scheduler.placement.save_chats()
        self.archive.close()
        self.backend.close()

    # requests

    def submit(self, command: Submit) -> None:
        """An aside runs only where there is nothing else, and is cancelled when there is. Where its chat is not in a
        slot, so that much would have to be read again, it fails.
        """
        id, request, now = command.id, command.request, self.clock()
        if self._is_there(id):
            return
        if request.is_aside and (self.ahead.is_turn_near or not self.scheduler.is_idle):
            self.tell(cancelled(id))
            return
        self.end_asides()
        with self._failing(id):
            check_sampling(request.sampling)
            sequence = self.prompts.sequence_of(id, request)
            matcher = matcher_of(request, self.backend.vocabulary)
            self.backend.prepare(request.priority, is_flash=suits_flash([sequence]))
            if request.cache_key:
                self.ahead.end(request.cache_key)
            has_template = self.backend.capabilities.has_template
            self._replies[id] = Reply(
                text=TextStream(request.stop if has_template else (*request.stop, *PLAIN_STOP)),
                thinking=thinking_of(self.backend.thinking, request.begun_reply),
                submitted_seconds=now,
                ignore_eos=request.ignore_eos,
            )
            if request.is_aside:
                sequence.is_aside, sequence.guesses = True, None
                self._replies[id].admitted_seconds = now
                if not self.scheduler.add_aside(sequence):
                    raise KnownError(ErrorKind.BAD_REQUEST, "This chat is not in memory, so nothing is asked about it.")
            self.backend.begin(id, request.sampling, sequence.tokens, matcher)
            if not request.is_aside:
                self.scheduler.add(sequence)

    def end_asides(self) -> None:
        """Something else is there."""
        for id in self.scheduler.asides:
            self.finish(id, FinishReason.CANCELLED)

    def embed(self, command: Embed) -> None:
        if self._is_there(command.id):
            return
        self.end_asides()
        if not command.texts:
            self.tell(TextsEmbedded(id=command.id, vectors=()))
            return
        with self._failing(command.id):
            embedding = embedding_of(command, self.backend, self.clock())
            self.backend.prepare_embedding()
            self.scheduler.add_embedding(embedding)

    def _is_there(self, id: str) -> bool:
        """Asked for twice: the first one has its last word to come."""
        if id not in self.scheduler.ids:
            return False
        log.error("%s was asked for twice", id)
        return True

    @contextmanager
    def _failing(self, id: str) -> Iterator[None]:
        """A request that can't be taken fails; it must not end the engine."""
        try:
            yield
        except KnownError as error:
            self._fail(id, error.kind, error.sentence)
        except Exception:
            log.error("a request could not be prepared\n%s", traceback.format_exc())
            self._fail(id, ErrorKind.BUG, "This could not be prepared; the engine's log says why.")

    def read_ahead(self, command: ReadAhead) -> None:
        """A help, not a request: where it can't be done, nothing is said."""
        if self.backend.capabilities.can_write:
            self.end_asides()
            self.ahead.begin(command)

    def forget_chat(self, cache_key: str) -> None:
        """A chat was deleted: its KV goes, wherever it is, and nothing is read for it."""
        self.end_asides()
        self.ahead.end(cache_key)
        self.scheduler.placement.forget_chat(cache_key)

    def plan(self) -> StepPlan | None:
        self.scheduler.is_chat_expected = self.ahead.is_turn_near
        self.ahead.go_on()
        for sequence in self.scheduler.admit():
            if not sequence.is_read_ahead:
                reply = self._replies[sequence.id]
                reply.admitted_seconds = reply.admitted_seconds or self.clock()
        return self.scheduler.plan()

    def step(self, plan: StepPlan) -> None:
        """Compute it, and where it is one chat's alone the tokens after it too, until something else is to be done."""
        backend = self.backend
        if not self.inbox.watch(plan, backend.interrupt, backend.clear_interrupt):
            return
        current: StepPlan | None = plan
        until = self.clock() + ALONE_SECONDS
        try:
            while current is not None:
                for result in backend.run(current):
                    self._apply(current, result)
                    self.flush()
                is_over = self.inbox.has_news or self._step_ended >= until
                current = None if is_over else self.scheduler.plan_again()
        except DecodeFailed as error:
            self._lose(error)

    def _lose(self, error: DecodeFailed) -> None:
        lost = [sequence for id in error.ids if (sequence := self.scheduler.get(id)) is not None]
        is_bulk = all(sequence.priority is Priority.BULK for sequence in lost)
        if isinstance(error, NoRoom) and is_bulk and self.scheduler.make_room():
            log.info("no room: bulk gave some up")
            return
        log.error("a step failed: %s", error)
        for id in error.ids:
            if self.scheduler.lose(id) is not None or self.scheduler.remove_embedding(id) is not None:
                self._fail(id, ErrorKind.BUG, f"The engine could not compute this ({error}). Try it again.")

    def rest(self, plan: StepPlan) -> None:
        """Bulk leaves half of its time to other programs that use every core; a command ends the rest."""
        if self.backend.is_crowded and not plan.has(Priority.INTERACTIVE):
            self.inbox.wait(min(LONGEST_REST_SECONDS, self._step_seconds))

    def _apply(self, plan: StepPlan, result: StepResult) -> None:
        self._step_seconds = result.seconds
        now = self.clock()
        period_seconds = now - self._step_ended if self._step_ended else None
        self._step_ended = now
        read = {part.id: part.n_done for part in result.results}
        self._bulk_pace.took(plan, result)
        # not those of another part of the plan, and not those that have left while it was computed
        works = [work for work in plan.work if work.id in read and self.scheduler.get(work.id) is not None]
        for sequence in self.scheduler.apply(result, period_seconds=period_seconds):
            self._take_token(sequence, now)
        for part in result.results:
            if part.scores:
                self.finish(part.id, FinishReason.END, part.scores)
            if part.error is not None and self.scheduler.remove(part.id) is not None:
                self._fail(part.id, part.error.kind, part.error.sentence)
        for work in works:
            self._count(work.slot.priority, len(work.tokens), read[work.id], now)
            reading = self.scheduler.get(work.id)
            if reading is not None and reading.is_reading:
                self._tell_reading(reading)
        if result.texts:
            self._apply_texts(result, now)

    def _apply_texts(self, result: StepResult, now: float) -> None:
        for embedding in self.scheduler.apply_texts(result):
            vectors = tuple(embedding.vectors[index] for index in range(len(embedding.texts)))
            self.tell(TextsEmbedded(id=embedding.id, vectors=vectors))
        for text in result.texts:
            n_tokens = len(text.work.tokens)
            self._count(text.work.priority, n_tokens, 0 if text.vector is None else n_tokens, now)

    def _count(self, priority: Priority, n_tokens: int, n_done: int, now: float) -> None:
        self._rates[priority].add(now, n_done)
        if priority is Priority.BULK:
            self._bulk_tokens += n_done
            self._bulk_output_tokens += n_done if n_tokens == 1 else 0
            self._torn_bulk_tokens += n_tokens - n_done

    def _tell_reading(self, sequence: Sequence) -> None:
        if sequence.priority is Priority.INTERACTIVE and not sequence.is_read_ahead:
            self.tell(
                PromptRead(id=sequence.id, n_read=sequence.n_kv, n_total=sequence.n_prompt, n_cached=sequence.n_cached)
            )

    def _take_token(self, sequence: Sequence, now: float) -> None:
        reply = self._replies[sequence.id]
        reply.first_token_seconds = reply.first_token_seconds or now
        text, reason = "", None
        for token in sequence.tokens[-sequence.n_new :]:
            is_end = self.backend.is_end(token)
            text += "" if is_end else reply.text.feed(self.backend.piece(token))
            reason = reply.finish_reason(sequence, is_end=is_end)
            if reply.text.is_stopped:
                break
        reply.untold += text
        if reason is not None:
            self.finish(sequence.id, reason)
        elif sequence.priority is Priority.INTERACTIVE or sequence.n_output % BULK_TEXT_TOKENS == 1:
            self._say(sequence, reply.thinking.feed(reply.untold))
            reply.untold = ""

    def _say(self, sequence: Sequence, parts: list[tuple[str, bool]]) -> None:
        for text, is_thinking in parts:
            self.tell(
                TextProduced(
                    id=sequence.id,
                    text=text,
                    n_tokens=sequence.n_output,
                    is_thinking=is_thinking,
                    pace_seconds=self._pace_seconds(sequence),
                )
            )

    def _pace_seconds(self, sequence: Sequence) -> float:
        is_paced = self.scheduler.is_paced and sequence.priority is Priority.INTERACTIVE
        return self.scheduler.balance.pace_seconds if is_paced else 0.0

    # last words

    def finish(self, id: str, reason: FinishReason, scores: tuple[float, ...] = ()) -> None:
        """Does nothing for a request that has had its last word."""
        sequence = self.scheduler.remove(id)
        if sequence is None:
            self._cancel_embedding(id)
            return
        reply = self._replies.pop(id)
        self.backend.end(id)
        self._say(sequence, reply.thinking.feed(reply.untold + reply.text.finish()) + reply.thinking.finish())
        timings = reply.timings(self.clock())
        self.tell(RequestFinished(id=id, reason=reason, usage=usage(sequence, reply), timings=timings, scores=scores))

    def _cancel_embedding(self, id: str) -> None:
        embedding = self.scheduler.remove_embedding(id)
        if embedding is None:
            return
        seconds = self.clock() - embedding.submitted_seconds
        self.tell(
            RequestFinished(
                id=id,
                reason=FinishReason.CANCELLED,
                usage=Usage(prompt_tokens=embedding.n_read, cached_tokens=0, output_tokens=0),
                timings=Timings(queue_seconds=0.0, ttft_seconds=seconds, total_seconds=seconds),
            )
        )

    def _fail(self, id: str, kind: ErrorKind, sentence: str) -> None:
        self._replies.pop(id, None)
        self.backend.end(id)
        self.tell(RequestFailed(id=id, kind=kind, sentence=sentence))

    def _drop(self, id: str) -> bool:
        """Whatever was asked for; False where it is not there any more."""
        return self.scheduler.remove(id) is not None or self.scheduler.remove_embedding(id) is not None

    # what it tells of itself

    def report(self) -> EngineReported:
        """How things stand now."""
        scheduler, now = self.scheduler, self.clock()
        is_idle = scheduler.is_idle
        return EngineReported(
            preset=scheduler.preset,
            interactive_running=scheduler.count_running(Priority.INTERACTIVE),
            bulk_running=scheduler.count_running(Priority.BULK),
            bulk_waiting=scheduler.count_waiting(Priority.BULK),
            bulk_is_parked=scheduler.bulk_is_parked,
            interactive_tokens_per_second=0.0 if is_idle else self._rates[Priority.INTERACTIVE].rate(now),
            bulk_tokens_per_second=0.0 if is_idle or scheduler.is_held else self._rates[Priority.BULK].rate(now),
            kv_used_fraction=scheduler.kv_used_fraction,
            bulk_tokens=self._bulk_tokens,
            bulk_output_tokens=self._bulk_output_tokens,
            torn_bulk_tokens=self._torn_bulk_tokens,
            bulk_read_tokens=self._bulk_pace.read_tokens,
            bulk_read_seconds=self._bulk_pace.read_seconds,
            bulk_written_tokens=self._bulk_pace.written_tokens,
            bulk_written_seconds=self._bulk_pace.written_seconds,
        )
