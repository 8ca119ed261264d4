"""The step loop: commands in, plan, decode, apply, events out. Runs on the engine process's step thread.

Promises: each Submit gets exactly one last word; the events of one step travel in one write; a chat that arrives, a
cancel or a quit tears a step that stands in its way.
"""

from __future__ import annotations

import contextlib
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app import diagnostics
from app.engine.messages import (
    Cancel,
    Command,
    CountTokens,
    EngineReported,
    EngineStarted,
    Event,
    FinishReason,
    ForgetChat,
    LoadModel,
    ModelLoaded,
    ModelLoadFailed,
    ModelLoadProgressed,
    Preset,
    Priority,
    PromptRead,
    ReadAhead,
    RequestFailed,
    RequestFinished,
    SetPreset,
    Submit,
    TextProduced,
    TokensCounted,
)
from app.engine.process.backend import Backend, DecodeFailed, OpenBackend, StepPlan, StepResult
from app.engine.process.chat_template import PLAIN_STOP
from app.engine.process.constraint import matcher_of
from app.engine.process.guesses import Guesses
from app.engine.process.inbox import Inbox
from app.engine.process.kv_archive import KvArchive
from app.engine.process.presets import STEP_TOKENS
from app.engine.process.prompts import Prompts
from app.engine.process.reply import Reply, usage
from app.engine.process.scheduler import PromptDoesNotFit, Scheduler
from app.engine.process.sequence import Sequence
from app.engine.process.text_stream import TextStream
from app.engine.process.thinking import thinking_of
from app.engine.process.throughput import Throughput
from app.engine.sampling_range import check_sampling
from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("engine")

REPORT_EVERY_SECONDS = 0.25
SAVE_AFTER_SECONDS = 3.0  # an idle engine writes down the chats that are in memory
EXPECTED_SECONDS = 4.0  # after a key, or the opening of a chat, a turn is near
KV_RAM_SHARE = 0.125  # of what is free when the model is loaded, for KV of chats that are in no slot
MOST_KV_RAM_BYTES = 2 << 30
BULK_TEXT_TOKENS = 16  # nobody reads bulk as it is written: its text is told in larger pieces
LONGEST_REST_SECONDS = 0.5
LOAD_PROGRESS_STEP = 0.02  # llama.cpp tells of every tensor


@dataclass
class EngineLoop:
    """`send` writes events to the program, all of one call in one write."""

    open_backend: OpenBackend
    inbox: Inbox
    send: Callable[[list[Event]], None]
    clock: Callable[[], float] = time.monotonic
    name: str = "llama"
    kv_folder: Path | None = None  # for KV of chats; None: none is written
    _preset: Preset = Preset.RESPONSIVE
    _slowdown: float = 1.5
    _backend: Backend | None = None
    _scheduler: Scheduler | None = None
    _archive: KvArchive | None = None
    _prompts: Prompts | None = None
    _expected_until: float = 0.0
    _replies: dict[str, Reply] = field(default_factory=dict)
    _events: list[Event] = field(default_factory=list)
    _rates: dict[Priority, Throughput] = field(default_factory=lambda: {p: Throughput() for p in Priority})
    _bulk_tokens: int = 0
    _torn_bulk_tokens: int = 0
    _step_seconds: float = 0.0
    _beside: StepPlan | None = None  # bulk work that is being computed at the same time
    _reported_seconds: float = 0.0
    _is_reported_idle: bool = True

    def run(self) -> None:
        """Until the inbox is closed."""
        self._events.append(EngineStarted(backend=self.name))
        self._flush()
        while not self.inbox.is_closed:
            plan = self._plan()
            if plan is None:  # also where the last thing to do turned out to be done
                self._report()
                self._flush()
            has_unsaved = self._scheduler is not None and self._scheduler.has_unsaved_chats
            commands = self.inbox.take(wait_seconds=0 if plan else SAVE_AFTER_SECONDS if has_unsaved else None)
            if any(needs_all_cores(command) for command in commands):
                self._end_beside()
            for command in commands:
                self._handle(command)
                plan = None  # it may be out of date
            if plan is not None and self._backend is not None:
                self._step(plan)
                self._rest(plan)
            elif not commands and self._scheduler is not None:
                self._scheduler.save_chats()
            self._report()
            self._flush()
        self._end_beside()
        self._close_backend()

    def _close_backend(self) -> None:
        if self._scheduler is not None and self._archive is not None:
            self._scheduler.save_chats()
            self._archive.close()
        if self._backend is not None:
            self._backend.close()
        self._backend = self._scheduler = self._archive = self._prompts = None

    # commands

    def _handle(self, command: Command) -> None:
        if isinstance(command, Submit):
            self._submit(command)
        elif isinstance(command, ReadAhead):
            self._read_ahead(command)
        elif isinstance(command, Cancel):
            self._finish(command.id, FinishReason.CANCELLED)
        elif isinstance(command, SetPreset):
            self._preset, self._slowdown = command.preset, command.slowdown
            self._tell_preset()
            self._is_reported_idle = False
        elif isinstance(command, CountTokens):
            self._count(command)
        elif isinstance(command, ForgetChat):
            if self._scheduler is not None:
                self._scheduler.forget_chat(command.cache_key)
        else:
            self._load(command)

    def _tell_preset(self) -> None:
        if self._scheduler is not None:
            self._scheduler.preset, self._scheduler.balance.slowdown = self._preset, self._slowdown

    def _submit(self, command: Submit) -> None:
        now = self.clock()
        if self._backend is None or self._scheduler is None or self._prompts is None:
            self._fail(command.id, ErrorKind.NO_MODEL, "No model is loaded. Choose a model first.")
            return
        request = command.request
        try:
            check_sampling(request.sampling)
            matcher = matcher_of(request)
            prompt = self._prompts.of(request)
            self._backend.prepare(request.priority)
            sequence = Sequence(
                id=command.id,
                priority=request.priority,
                tokens=prompt.tokens,
                max_tokens=request.max_tokens,
                cache_key=request.cache_key,
                is_temporary=request.is_temporary,
            )
            if request.score:
                sequence.continuations = tuple(tuple(self._backend.encode_text(text)) for text in request.score)
                sequence.max_tokens = max(1, *map(len, sequence.continuations))
                if sequence.max_tokens > STEP_TOKENS:
                    raise KnownError(
                        ErrorKind.PROMPT_TOO_LONG,
                        f"A text to be scored has {sequence.max_tokens:,} tokens, and {STEP_TOKENS} are the most. "
                        "Shorten it.",
                    )
            if request.priority is Priority.INTERACTIVE and request.may_guess:
                sequence.guesses = Guesses(sequence.tokens)
            if request.cache_key:
                self._scheduler.end_read_ahead(request.cache_key)
            self._scheduler.add(sequence)
        except PromptDoesNotFit as error:
            self._fail(
                command.id,
                ErrorKind.PROMPT_TOO_LONG,
                f"This is {error.n_prompt:,} tokens long and the model can take {error.limit_tokens:,} with its "
                f"answer: {error.excess_tokens:,} too many. Shorten it, or start a new chat.",
            )
            return
        except KnownError as error:
            self._fail(command.id, error.kind, error.sentence)
            return
        except Exception:
            log.error("a prompt could not be encoded\n%s", traceback.format_exc())
            self._fail(command.id, ErrorKind.BUG, "The prompt could not be prepared; the engine's log says why.")
            return
        has_template = self._backend.capabilities.has_template
        stop = request.stop if has_template else (*request.stop, *PLAIN_STOP)
        self._replies[command.id] = Reply(
            text=TextStream(stop),
            thinking=thinking_of(self._backend.thinking, request.begun_reply),
            sampling=request.sampling,
            matcher=matcher,
            submitted_seconds=now,
            dropped_turns=prompt.dropped_turns,
            ignore_eos=request.ignore_eos,
        )

    def _read_ahead(self, command: ReadAhead) -> None:
        """A help, not a request: where it can't be done, nothing is said."""
        if self._scheduler is None or self._prompts is None:
            return
        key = command.request.cache_key
        self._expected_until = self.clock() + EXPECTED_SECONDS
        self._scheduler.end_read_ahead(key)
        if self._scheduler.has_chat(key):
            return
        with contextlib.suppress(KnownError, PromptDoesNotFit):
            beginning = self._prompts.beginning_of(command.request)
            sequence = Sequence(
                id=command.id,
                priority=Priority.INTERACTIVE,
                tokens=beginning,
                max_tokens=0,
                cache_key=key,
                is_temporary=command.request.is_temporary,
            )
            if len(beginning) > 1 and self._scheduler.wants(sequence):
                self._scheduler.add(sequence)

    def _count(self, command: CountTokens) -> None:
        backend = self._backend
        counts = tuple(backend.count_tokens(text) for text in command.texts) if backend else ()
        self._events.append(TokensCounted(id=command.id, counts=counts))

    def _load(self, command: LoadModel) -> None:
        for id in self._scheduler.ids if self._scheduler else []:
            self._remove(id)
            self._fail(id, ErrorKind.NO_MODEL, "The model was changed before this was done.")
        self._close_backend()
        told = -1.0

        def progress(fraction: float) -> bool:
            nonlocal told
            if fraction - told < LOAD_PROGRESS_STEP and fraction < 1:
                return not self.inbox.is_closed
            told = fraction
            self._events.append(ModelLoadProgressed(id=command.id, fraction=fraction))
            self._flush()
            return not self.inbox.is_closed

        try:
            backend = self.open_backend(Path(os.fsdecode(command.path)), command.context_tokens, progress)
        except KnownError as error:
            self._events.append(ModelLoadFailed(id=command.id, kind=error.kind, sentence=error.sentence))
            return
        self._backend = backend
        self._archive = KvArchive(
            ram_bytes=min(MOST_KV_RAM_BYTES, int(diagnostics.free_memory_bytes() * KV_RAM_SHARE)),
            folder=self.kv_folder,
            disk_bytes=command.kv_disk_bytes,
            fingerprint=backend.fingerprint,
        )
        self._scheduler = Scheduler(backend.capabilities, backend, self._preset, self._archive)
        self._prompts = Prompts(backend)
        self._tell_preset()
        self._events.append(ModelLoaded(id=command.id, capabilities=backend.capabilities))
        self._is_reported_idle = False

    # a step

    def _plan(self) -> StepPlan | None:
        if self._scheduler is None or self._backend is None:
            return None
        self._scheduler.is_chat_expected = self.clock() < self._expected_until
        self._take_beside()
        for sequence in self._scheduler.admit(with_bulk=self._beside is None):
            if not sequence.is_read_ahead:
                self._admitted(sequence)
        self._start_beside()
        return self._scheduler.plan()

    def _admitted(self, sequence: Sequence) -> None:
        assert self._backend is not None
        assert sequence.slot is not None
        reply = self._replies[sequence.id]
        reply.admitted_seconds = self.clock()
        self._backend.begin(sequence.slot, reply.sampling, sequence.tokens, reply.matcher)

    def _step(self, plan: StepPlan) -> None:
        assert self._backend is not None
        backend = self._backend
        if not self.inbox.watch(plan, backend.interrupt, backend.clear_interrupt):
            return
        try:
            for result in backend.run(plan):
                self._apply(plan, result)
                self._flush()
        except DecodeFailed as error:
            self._lose(error)

    # Balanced: a step of bulk at the same time as steps of chats

    def _start_beside(self) -> None:
        assert self._scheduler is not None
        assert self._backend is not None
        plan = self._scheduler.plan_beside() if self._beside is None else None
        n_threads = self._scheduler.balance.threads(self._backend.n_threads) if plan is not None else 0
        if plan is not None and n_threads > 0:
            self._backend.start_beside(plan, n_threads)
            self._beside, self._scheduler.beside_threads = plan, n_threads

    def _take_beside(self) -> None:
        assert self._scheduler is not None
        assert self._backend is not None
        if self._beside is None:
            return
        if not self._scheduler.may_run_beside:
            self._end_beside()
            return
        self._settle_beside(self._backend.take_beside)

    def _end_beside(self) -> None:
        if self._beside is not None and self._backend is not None:
            self._settle_beside(self._backend.end_beside)

    def _settle_beside(self, result_of: Callable[[], StepResult | None]) -> None:
        assert self._scheduler is not None
        assert self._beside is not None
        try:
            result = result_of()
            if result is None:
                return
            plan, self._beside, self._scheduler.beside_threads = self._beside, None, 0
            self._apply(plan, result)
        except DecodeFailed as error:
            self._beside, self._scheduler.beside_threads = None, 0
            self._lose(error)

    def _lose(self, error: DecodeFailed) -> None:
        log.error("a step failed: %s", error)
        for id in error.ids:
            if self._scheduler is not None and self._scheduler.lose(id) is not None:
                self._fail(id, ErrorKind.BUG, f"The engine could not compute this ({error}). Try it again.")

    def _rest(self, plan: StepPlan) -> None:
        """Bulk leaves half of its time to other programs that use every core; a command ends the rest."""
        assert self._backend is not None
        if self._backend.is_crowded and not any(work.slot.priority is Priority.INTERACTIVE for work in plan.work):
            self.inbox.wait(min(LONGEST_REST_SECONDS, self._step_seconds))

    def _apply(self, plan: StepPlan, result: StepResult) -> None:
        assert self._scheduler is not None
        self._step_seconds = result.seconds
        now = self.clock()
        read = {part.id: part.n_done for part in result.results}
        running = {work.id: sequence for work in plan.work if (sequence := self._scheduler.get(work.id)) is not None}
        for sequence in self._scheduler.apply(result):
            self._take_token(sequence, now)
        for part in result.results:
            if part.scores:
                self._finish(part.id, FinishReason.END, part.scores)
            if part.error is not None and self._remove(part.id) is not None:
                self._fail(part.id, part.error.kind, part.error.sentence)
        for work in plan.work:
            if work.id not in read:
                continue  # another part of the plan
            if work.id not in running:
                continue  # it left in a part before
            priority = running[work.id].priority
            self._rates[priority].add(now, read[work.id])
            if priority is Priority.BULK:
                self._bulk_tokens += read[work.id]
                self._torn_bulk_tokens += len(work.tokens) - read[work.id]
            reading = self._scheduler.get(work.id)
            if reading is not None and reading.is_reading:
                self._tell_reading(reading)

    def _tell_reading(self, sequence: Sequence) -> None:
        if sequence.priority is Priority.INTERACTIVE and not sequence.is_read_ahead:
            self._events.append(
                PromptRead(id=sequence.id, n_read=sequence.n_kv, n_total=sequence.n_prompt, n_cached=sequence.n_cached)
            )

    def _take_token(self, sequence: Sequence, now: float) -> None:
        assert self._backend is not None
        reply = self._replies[sequence.id]
        reply.first_token_seconds = reply.first_token_seconds or now
        text, reason = "", None
        for token in sequence.tokens[-sequence.n_new :]:
            is_end = self._backend.is_end(token)
            text += "" if is_end else reply.text.feed(self._backend.piece(token))
            reason = reply.finish_reason(sequence, is_end=is_end)
            if reply.text.is_stopped:
                break
        reply.untold += text
        if reason is not None:
            self._finish(sequence.id, reason)
        elif sequence.priority is Priority.INTERACTIVE or sequence.n_output % BULK_TEXT_TOKENS == 1:
            self._say(sequence, reply.thinking.feed(reply.untold))
            reply.untold = ""

    def _say(self, sequence: Sequence, parts: list[tuple[str, bool]]) -> None:
        for text, is_thinking in parts:
            produced = TextProduced(id=sequence.id, text=text, n_tokens=sequence.n_output, is_thinking=is_thinking)
            self._events.append(produced)

    # last words

    def _finish(self, id: str, reason: FinishReason, scores: tuple[float, ...] = ()) -> None:
        """Does nothing for a request that has had its last word."""
        sequence = self._remove(id)
        if sequence is None:
            return
        reply = self._replies.pop(id)
        self._say(sequence, reply.thinking.feed(reply.untold + reply.text.finish()) + reply.thinking.finish())
        timings = reply.timings(self.clock())
        self._events.append(
            RequestFinished(id=id, reason=reason, usage=usage(sequence, reply), timings=timings, scores=scores)
        )

    def _fail(self, id: str, kind: ErrorKind, sentence: str) -> None:
        self._replies.pop(id, None)
        self._events.append(RequestFailed(id=id, kind=kind, sentence=sentence))

    def _remove(self, id: str) -> Sequence | None:
        return self._scheduler.remove(id) if self._scheduler is not None else None

    def _report(self) -> None:
        scheduler = self._scheduler
        if scheduler is None:
            return
        now = self.clock()
        is_idle = scheduler.is_idle
        if self._is_reported_idle and is_idle:
            return
        self._is_reported_idle = is_idle
        if not is_idle and now - self._reported_seconds < REPORT_EVERY_SECONDS:
            return
        self._reported_seconds = now
        self._events.append(
            EngineReported(
                preset=self._preset,
                interactive_running=scheduler.count_running(Priority.INTERACTIVE),
                bulk_running=scheduler.count_running(Priority.BULK),
                bulk_waiting=scheduler.count_waiting(Priority.BULK),
                bulk_is_parked=scheduler.bulk_is_parked,
                interactive_tokens_per_second=0.0 if is_idle else self._rates[Priority.INTERACTIVE].rate(now),
                bulk_tokens_per_second=0.0 if is_idle else self._rates[Priority.BULK].rate(now),
                kv_used_fraction=scheduler.kv_used_fraction,
                bulk_tokens=self._bulk_tokens,
                torn_bulk_tokens=self._torn_bulk_tokens,
            )
        )

    def _flush(self) -> None:
        if self._events:
            events, self._events = self._events, []
            self.send(events)


def needs_all_cores(command: Command) -> bool:
    """Or touches bulk's memory: bulk that is computed at the same time is torn for it."""
    is_chats = isinstance(command, Submit) and command.request.priority is Priority.INTERACTIVE
    return is_chats or isinstance(command, Cancel | LoadModel | SetPreset)
