"""What the bare process is asked and answers: llama.cpp without scheduler, sampling or text, as a limit."""

from __future__ import annotations

from app.engine.messages import Turn
from app.wire import Message


class OpenBare(Message, frozen=True, kw_only=True):
    """Load a model and make one context: `n_sequences` of `context_tokens` each, a KV stream a sequence."""

    path: bytes
    n_threads: int
    n_sequences: int
    context_tokens: int
    kv: str = "F16"
    flash_attention: bool = False


class TimePrefill(Message, frozen=True, kw_only=True):
    """Read `n_tokens` behind `depth` tokens of one sequence, in pieces of at most 512."""

    n_tokens: int
    depth: int = 0
    piece: int = 512


class TimeDecode(Message, frozen=True, kw_only=True):
    """`n_steps` steps of one token for each of `width` sequences, the first at `depth`."""

    width: int
    depth: int
    n_steps: int


class TimeVerify(Message, frozen=True, kw_only=True):
    """One step of `n_tokens` tokens of one sequence at `depth`, with logits for each, as speculation needs them."""

    n_tokens: int
    depth: int


class TimePeerTurn(Message, frozen=True, kw_only=True):
    """llama-cpp-python's own Llama class: the first token of a turn of `n_new` tokens on `n_cached` cached ones."""

    n_cached: int
    n_new: int


class TimePeerReplies(Message, frozen=True, kw_only=True):
    """llama-cpp-python's own Llama class: a chat completion for each of `conversations`, one by one, greedy.

    It keeps what the last one began with, as that class does by itself.
    """

    conversations: tuple[tuple[Turn, ...], ...]
    max_tokens: int


class BareOpened(Message, frozen=True, kw_only=True):
    settings: str


class TimeTaken(Message, frozen=True, kw_only=True):
    """Of the whole that was asked for; the median of its steps where there were several."""

    seconds: float


BareCommand = OpenBare | TimePrefill | TimeDecode | TimeVerify | TimePeerTurn | TimePeerReplies
BareAnswer = BareOpened | TimeTaken
