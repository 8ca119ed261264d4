"""The real backend under the real scheduler, step by step in the test's own thread, with the logits of every token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import llama_cpp.llama_cpp as llama
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from app.engine.messages import GenerateRequest, Priority, Sampling, Turn
from app.engine.process.backend import StepPlan, StepResult, Work
from app.engine.process.guesses import Guesses
from app.engine.process.kv_archive import KvArchive
from app.engine.process.llama import LlamaBackend
from app.engine.process.presets import STEP_TOKENS
from app.engine.process.scheduler import Scheduler
from app.engine.process.sequence import Sequence, Slot

CONTEXT_TOKENS = 1024
Logits = npt.NDArray[np.float32]


@dataclass
class Said:
    """What one request got: the tokens of its reply, and the logits each of them was chosen from."""

    tokens: list[int] = field(default_factory=list)
    logits: list[Logits] = field(default_factory=list)
    sequence: Sequence | None = None

    @property
    def n_cached(self) -> int:
        assert self.sequence is not None
        return self.sequence.n_cached


class Machine:
    """A model with an empty memory, and an archive in RAM and in `folder`, where there is one."""

    def __init__(self, model: Path, folder: Path | None = None) -> None:
        self.path = model
        self.backend = LlamaBackend(model, CONTEXT_TOKENS, lambda fraction: True)
        self.archive = KvArchive(
            ram_bytes=100_000_000, folder=folder, disk_bytes=10**9, fingerprint=self.backend.fingerprint
        )
        self.scheduler = Scheduler(self.backend.capabilities, self.backend, archive=self.archive)
        self.said: dict[str, Said] = {}

    def submit(
        self,
        id: str,
        turns: list[str],
        *,
        priority: Priority,
        key: str = "",
        n: int = 12,
        begun: str = "",
        may_guess: bool = False,
        is_wanted: Callable[[Sequence], bool] = lambda sequence: True,
    ) -> None:
        """Turns of the user and of the assistant, one after the other."""
        roles = ("user", "assistant")
        request = GenerateRequest(
            turns=tuple(Turn(roles[place % 2], text) for place, text in enumerate(turns)),  # type: ignore[arg-type]
            priority=priority,
            max_tokens=n,
            begun_reply=begun,
        )
        tokens = self.backend.encode_prompt(request)
        n_own = len(tokens) * len(turns[-1]) // sum(map(len, turns))
        sequence = Sequence(id=id, priority=priority, tokens=tokens, max_tokens=n, cache_key=key, n_own=n_own)
        if not is_wanted(sequence):
            self.said[id] = Said()
            return
        sequence.guesses = Guesses(tokens) if may_guess else None
        self.said[id] = Said(sequence=sequence)
        self.backend.begin(id, Sampling(temperature=0), sequence.tokens)
        self.scheduler.add(sequence)

    def step(self, *, torn: bool = False) -> bool:
        """One step; False where there is nothing to do. `torn`: an interrupt comes before it has begun."""
        self.scheduler.admit()
        plan = self.scheduler.plan()
        if plan is None:
            return False
        if torn:
            self.backend.interrupt()
        for result in self.backend.run(plan):
            self._record(plan, result)
            n_tokens = sum(len(work.tokens) for work in plan.work)
            timed = replace(
                result, seconds=0.01 + 0.001 * n_tokens
            )  # whether guesses pay is not to be a matter of luck
            for sequence in self.scheduler.apply(timed):
                self.said[sequence.id].tokens += sequence.tokens[-sequence.n_new :]
                if sequence.n_output >= sequence.max_tokens:
                    self.scheduler.remove(sequence.id)
        self.backend.clear_interrupt()
        return True

    def read_ahead(self, turns: list[str], *, key: str) -> bool:
        """The prompt as far as it has been typed; False where that is not wanted."""
        wants = self.scheduler.placement.wants
        self.submit("ahead", turns, key=key, n=0, priority=Priority.INTERACTIVE, is_wanted=wants)
        self.finish()
        return self.said.pop("ahead").sequence is not None

    def finish(self) -> None:
        while self.step():
            pass

    def ask(self, id: str, turns: list[str], *, key: str = "", n: int = 12, priority: Priority) -> Said:
        """Submit it and compute until nothing is left to do."""
        self.submit(id, turns, key=key, n=n, priority=priority)
        self.finish()
        return self.said[id]

    def text(self, said: Said) -> str:
        return b"".join(map(self.backend.piece, said.tokens)).decode()

    def read(self, slot: Slot, tokens: list[int], start: int) -> Logits:
        """Put tokens from `start` on into a slot; the logits of the last one."""
        self.backend.begin("", Sampling(temperature=0), [])
        while start < len(tokens):
            work = Work(id="", slot=slot, tokens=tuple(tokens[start:][:STEP_TOKENS]), position=start, wants_token=True)
            (step,) = self.backend.run(StepPlan(work=(work,)))
            start += step.results[0].n_done
        return self._logits(slot.priority, step.results[0].n_done - 1)

    def encode(self, text: str) -> list[int]:
        """Tokens of a text, as they come."""
        return [self.backend._model._bos, *self.backend.encode_text(text)]

    def _record(self, plan: StepPlan, result: StepResult) -> None:
        row = -1
        works = {work.id: work for work in plan.work}
        for part in result.results:
            row += part.n_done
            if part.token is not None:
                priority = works[part.id].slot.priority
                self.said[part.id].logits += [self._logits(priority, row - n) for n in range(len(part.guessed), -1, -1)]

    def _logits(self, priority: Priority, row: int) -> Logits:
        pointer = llama.llama_get_logits_ith(self.backend._context(priority).handle, row)
        return np.ctypeslib.as_array(pointer, (self.backend._model.n_vocab,)).copy()
