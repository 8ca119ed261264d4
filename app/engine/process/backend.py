"""The Backend protocol below the scheduler: StepPlan in, StepResult out. Two implementations: llama.py, fake_llama.py.

All methods run on the step thread, except `interrupt`, which any thread may call. Plans and results are msgspec's
structs, because they are made for each token: between two steps of a chat Python's own work is what a token costs more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from app.engine.messages import Capabilities, GenerateRequest, LoadModel, Priority, Sampling
from app.engine.process.matcher import Matcher, Vocabulary
from app.engine.process.sequence import Slot
from app.engine.process.thinking import ThinkingTags
from app.errors import KnownError


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What one sequence does in a step: `tokens` go into its KV from `position` on.

    The last `n_guessed` of them are guesses: they stay as far as they are what is chosen.
    """

    id: str
    slot: Slot
    tokens: tuple[int, ...]
    position: int
    wants_token: bool  # sample the next token after the last of `tokens`
    n_guessed: int = 0
    continuations: tuple[tuple[int, ...], ...] = ()  # to be scored after the last token, instead of choosing one
    is_aside: bool = False  # nobody waits for it


class TextWork(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is embedded: whole, in one step, in no slot. Nothing of it is kept."""

    id: str  # of the request ...
    index: int  # ... and which of its texts it is
    priority: Priority
    tokens: tuple[int, ...]


class StepPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the machine; interactive work first. `texts` are of one priority, and come behind all `work`."""

    work: tuple[Work, ...] = ()
    texts: tuple[TextWork, ...] = ()

    @property
    def gives_way(self) -> bool:
        """Is there anything in this step that a person does not wait for?"""
        return self.has(Priority.BULK) or any(work.is_aside for work in self.work)

    @property
    def is_writing(self) -> bool:
        """Does each of its sequences go on by one token? Else it reads."""
        return bool(self.work) and all(len(work.tokens) == 1 for work in self.work)

    def has(self, priority: Priority) -> bool:
        """Is there anything of it in this step?"""
        return any(work.slot.priority is priority for work in self.work) or any(
            text.priority is priority for text in self.texts
        )


class WorkResult(msgspec.Struct, frozen=True, kw_only=True):
    """`n_done` of the work's tokens are in the KV now. `token` is None where none was wanted or the step was torn.

    `guessed`: of `n_guessed` guesses those that were right, which come before `token`.
    `is_lost`: the whole sequence fell out of the KV (memory that can't take a torn part back) and starts at 0.
    """

    id: str
    n_done: int
    token: int | None = None
    is_lost: bool = False
    n_guessed: int = 0
    guessed: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()  # of the work's continuations
    error: KnownError | None = None  # no token could be chosen: this one request fails


class TextResult(msgspec.Struct, frozen=True, kw_only=True):
    """The vector of one text; None where the step was torn."""

    work: TextWork
    vector: tuple[float, ...] | None


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a part of a plan. A backend that computes a plan in parts yields each as soon as it is there."""

    results: tuple[WorkResult, ...] = ()
    texts: tuple[TextResult, ...] = ()
    seconds: float


class DecodeFailed(Exception):
    """The backend could not compute a part of a step, and why. The requests of that part, `ids`, are lost."""

    def __init__(self, reason: str, ids: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.ids = ids


class NoRoom(DecodeFailed):
    """The KV of a part of a step does not fit beside what is there. Nothing of it was done, and nothing is lost."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__("no room in the KV cache", ids)


class Backend(Protocol):
    @property
    def capabilities(self) -> Capabilities: ...

    def prepare(self, priority: Priority, *, is_flash: bool = False) -> None:
        """Have slots for requests of this kind. Raises KnownError where there is no memory for them.

        `is_flash`: what suits this request, where bulk's slots are not there yet.
        """

    def use_flash(self, is_flash: bool) -> bool:
        """Compute bulk's attention in this way, or the other, where nobody chose one for good. None of its slots is in
        use. True: they were made anew, and are empty.
        """

    def prepare_embedding(self) -> None:
        """Have a place for texts to be embedded in. Raises KnownError where there is no memory for it."""

    def encode_prompt(self, request: GenerateRequest) -> list[int]:
        """The tokens of a conversation, through the model's chat template."""

    def encode_text(self, text: str) -> list[int]:
        """The tokens of a text by itself, special ones as text."""

    def encode_to_embed(self, text: str) -> list[int]:
        """The same, with what the model wants before and behind a text that is embedded."""

    def count_tokens(self, text: str) -> int: ...

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for: not always whole characters."""

    @property
    def thinking(self) -> ThinkingTags | None:
        """How this model tells its thoughts from its answer; None: it does not think."""

    def is_end(self, token: int) -> bool: ...

    def vocabulary(self) -> Vocabulary:
        """The tokens as grammars see them; made when it is first asked for."""

    def begin(self, id: str, sampling: Sampling, tokens: list[int], matcher: Matcher | None = None) -> None:
        """Set up a request's sampler, which it keeps until `end`, in whichever slots it runs.

        `tokens` come before, for penalties; `matcher` is its form.
        """

    def end(self, id: str) -> None:
        """The request is over. Does nothing for one that was not begun."""

    def truncate(self, slot: Slot, n_tokens: int) -> int:
        """Keep the first `n_tokens` of the slot's KV; returns how many are left (0 where it can't be cut)."""

    @property
    def can_cut(self) -> bool:
        """Can the memory drop the end of a sequence? If not, `truncate` to less than there is empties the slot."""

    @property
    def fingerprint(self) -> str:
        """What a saved KV depends on: the model file, the library, the KV settings."""

    def save(self, slot: Slot) -> bytes:
        """The slot's KV, to be restored into any slot of the same model and settings."""

    def restore(self, slot: Slot, data: bytes) -> int:
        """Put a saved KV in place of what the slot holds; returns its tokens, 0 where it does not fit."""

    def run(self, plan: StepPlan) -> Iterator[StepResult]:
        """Compute. Raises DecodeFailed."""

    @property
    def is_crowded(self) -> bool:
        """Other programs use every core: bulk should rest as long as it works."""

    def interrupt(self) -> None:
        """Tear the step that is being computed, soon. Any thread."""

    def clear_interrupt(self) -> None: ...

    def close(self) -> None: ...


OpenBackend = Callable[[LoadModel, Callable[[float], bool]], Backend]
"""(what is to be loaded, progress: fraction -> go on?) -> Backend. Raises KnownError."""
