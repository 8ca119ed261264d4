"""One request inside the engine: its tokens, and how many of them are in the KV cache. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from app.engine.messages import Priority
from app.engine.process.guesses import Guesses


class Slot(msgspec.Struct, frozen=True):
    """A place for one sequence's KV in the backend. Chats and bulk have slots of their own."""

    priority: Priority
    index: int


@dataclass(kw_only=True)
class Sequence:
    """`tokens` is the prompt and, after it, the output; the first `n_kv` of them are in the KV cache."""

    id: str
    priority: Priority
    tokens: list[int]
    max_tokens: int  # 0: the prompt is only read, for a request that will follow
    cache_key: str = ""
    is_temporary: bool = False  # its KV is never written to the disk
    slot: Slot | None = None
    n_kv: int = 0
    n_cached: int = 0  # tokens of the prompt that were in the KV cache when it was admitted
    n_prompt: int = 0
    n_own: int = 0  # tokens of its last turn, about: what is read behind a beginning that others may have too
    n_new: int = 0  # tokens of output that the last step brought
    continuations: tuple[tuple[int, ...], ...] = ()  # to be scored after the prompt, instead of writing
    guesses: Guesses | None = None  # where its next tokens may be guessed
    fork_at: int = 0  # others wait until this much of the prompt has been read: a step ends there
    checkpoint_at: int = 0  # the KV is put aside when this much has been read, for memory that can't be cut
    dropped_turns: int = 0  # the oldest ones of the chat, which no longer fit
    is_aside: bool = False  # nobody waits for it: it runs at the end of an idle chat, and is cut off again
    n_unusable: int = 0  # tokens of the prompt that were in memory and are read again all the same: it can't be cut

    def __post_init__(self) -> None:
        self.n_prompt = len(self.tokens)

    @property
    def n_output(self) -> int:
        return len(self.tokens) - self.n_prompt

    @property
    def n_pending(self) -> int:
        """Tokens that are known and not in the KV cache yet."""
        return len(self.tokens) - self.n_kv

    @property
    def is_reading(self) -> bool:
        """Prefill: more than the one token that a decode has pending, or no output yet."""
        return self.n_pending > 1 or self.n_output == 0

    @property
    def is_read_ahead(self) -> bool:
        """Nobody waits for it: its prompt is read for a request that will follow."""
        return self.max_tokens == 0

    @property
    def is_read(self) -> bool:
        """The prompt is in the KV cache, but for the token whose logits the next request wants anew."""
        return self.n_kv >= self.n_prompt - 1
