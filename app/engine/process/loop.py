"""The step loop: commands in, plan, decode, apply, events out. Runs on the engine process's step thread.

Promises: each Submit gets exactly one last word; the events of one step travel in one write; a chat that arrives, a
cancel or a quit tears a step that stands in its way.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.engine.messages import (
    Cancel,
    Command,
    CountTokens,
    Embed,
    EngineStarted,
    Event,
    FinishReason,
    ForgetChat,
    Hold,
    LoadModel,
    ModelLoaded,
    ModelLoadFailed,
    ModelLoadProgressed,
    Preset,
    ReadAhead,
    RequestFailed,
    SetPreset,
    Submit,
    TokensCounted,
    UnloadModel,
)
from app.engine.process.backend import OpenBackend
from app.engine.process.inbox import Inbox
from app.engine.process.running_model import RunningModel, archive_for
from app.errors import ErrorKind, KnownError

REPORT_EVERY_SECONDS = 0.25
SAVE_AFTER_SECONDS = 3.0  # an idle engine writes down the chats that are in memory
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
    _preset: SetPreset = field(default_factory=lambda: SetPreset(preset=Preset.RESPONSIVE))
    _is_held: bool = False
    _model: RunningModel | None = None
    _events: list[Event] = field(default_factory=list)
    _reported_seconds: float = 0.0
    _is_reported_idle: bool = True

    def run(self) -> None:
        """Until the inbox is closed."""
        self._events.append(EngineStarted(backend=self.name))
        while not self.inbox.is_closed:
            model = self._model
            plan = model.plan() if model is not None else None
            self._report()
            self._flush()
            commands = self.inbox.take(wait_seconds=0 if plan is not None else self._rest_seconds())
            for command in commands:
                self._handle(command)
            if commands or model is None:
                continue  # the plan may be out of date
            if plan is not None:
                model.step(plan)
                model.rest(plan)
            elif model.ahead.pause_left_seconds is None:
                model.scheduler.placement.save_chats()
        self._flush()
        if self._model is not None:
            self._model.close()

    def _rest_seconds(self) -> float | None:
        """With nothing to do. None: until somebody wants something."""
        if self._model is None:
            return None
        if (left := self._model.ahead.pause_left_seconds) is not None:
            return left
        return SAVE_AFTER_SECONDS if self._model.scheduler.placement.has_unsaved_chats else None

    # commands

    def _handle(self, command: Command) -> None:
        if isinstance(command, LoadModel):
            self._load(command)
        elif isinstance(command, UnloadModel):
            self._unload()
        elif isinstance(command, SetPreset):
            self._preset = command
            self._is_reported_idle = False
            if self._model is not None:
                self._model.set_preset(command.preset, command.slowdown)
        elif isinstance(command, Hold):
            self._is_held = command.is_held
            self._reported_seconds = -REPORT_EVERY_SECONDS  # it may be long until there is a step again
            if self._model is not None:
                self._model.scheduler.is_held = command.is_held
        elif self._model is not None:
            self._hand_on(command, self._model)
        elif isinstance(command, Submit | Embed):
            sentence = "No model is loaded. Choose a model first."
            self._events.append(RequestFailed(id=command.id, kind=ErrorKind.NO_MODEL, sentence=sentence))
        elif isinstance(command, CountTokens):
            self._events.append(TokensCounted(id=command.id, counts=()))

    def _hand_on(self, command: Command, model: RunningModel) -> None:
        if isinstance(command, Submit):
            model.submit(command)
        elif isinstance(command, Embed):
            model.embed(command)
        elif isinstance(command, ReadAhead):
            model.read_ahead(command)
        elif isinstance(command, Cancel):
            model.finish(command.id, FinishReason.CANCELLED)
        elif isinstance(command, CountTokens):
            counts = tuple(model.backend.count_tokens(text) for text in command.texts)
            self._events.append(TokensCounted(id=command.id, counts=counts))
        elif isinstance(command, ForgetChat):
            model.forget_chat(command.cache_key)

    def _load(self, command: LoadModel) -> None:
        self._unload()
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
            backend = self.open_backend(command, progress)
        except KnownError as error:
            self._events.append(ModelLoadFailed(id=command.id, kind=error.kind, sentence=error.sentence))
            return
        self._model = RunningModel(
            backend=backend,
            archive=archive_for(backend, self.kv_folder, command.kv_disk_bytes),
            inbox=self.inbox,
            tell=self._events.append,
            flush=self._flush,
            clock=self.clock,
        )
        self._model.set_preset(self._preset.preset, self._preset.slowdown)
        self._model.scheduler.is_held = self._is_held
        self._events.append(ModelLoaded(id=command.id, capabilities=backend.capabilities))
        self._is_reported_idle = False

    def _unload(self) -> None:
        if self._model is not None:
            self._model.close()
            self._model = None

    def _report(self) -> None:
        """A few times a second while there is work, and once when there is none any more."""
        if self._model is None:
            return
        now, is_idle = self.clock(), self._model.scheduler.is_idle
        if is_idle and self._is_reported_idle:
            return
        self._is_reported_idle = is_idle
        if is_idle or now - self._reported_seconds >= REPORT_EVERY_SECONDS:
            self._reported_seconds = now
            self._events.append(self._model.report())

    def _flush(self) -> None:
        if self._events:
            events = list(self._events)
            self._events.clear()
            self.send(events)
