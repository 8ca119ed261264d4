"""Every message between the program and the engine process. Commands are imperative, events are past tense.

`id` of a command names a request; each request gets exactly one last word with the same id.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Literal

import msgspec

from app.errors import ErrorKind
from app.wire import Message


class Priority(StrEnum):
    """INTERACTIVE: a person is waiting for it. BULK: nobody waits for the single request."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


class Preset(Enum):
    """How the machine is shared between a chat and bulk work while a chat is active."""

    RESPONSIVE = "responsive"
    BALANCED = "balanced"
    BATCH = "batch"


class FinishReason(Enum):
    """Why a request ended that did not fail."""

    END = "end"  # the model said its end token
    STOP_STRING = "stop_string"
    LENGTH = "length"  # max_tokens, or the context is full
    CANCELLED = "cancelled"


class Turn(msgspec.Struct, frozen=True):
    """One message of a conversation, as a chat template wants it."""

    role: Literal["system", "user", "assistant"]
    content: str


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How the next token is chosen. `temperature` 0 is greedy; `seed` None is a new one each time.

    What they may be stands in sampling_range.py. With `mirostat` (1 or 2) only temperature and penalties count besides.
    """

    temperature: float = 0.7
    top_k: int = 40  # 0: all
    top_p: float = 0.95
    min_p: float = 0.05
    typical_p: float = 1.0
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    penalty_tokens: int = 64  # how far penalties and DRY look back
    mirostat: int = 0
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    seed: int | None = None
    logit_bias: tuple[tuple[int, float], ...] = ()  # what is added to the logits of single tokens


class GenerateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One reply to be generated. Token counts are the model's own."""

    turns: tuple[Turn, ...]
    priority: Priority
    max_tokens: int
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    begun_reply: str = ""  # the reply so far, to be continued
    cache_key: str = ""  # the chat whose KV is kept between its turns; empty: nothing is kept
    is_temporary: bool = False  # its KV is never written to the disk
    keeps_all_turns: bool = False  # refuse a conversation that is too long, instead of leaving out its oldest turns
    is_aside: bool = False  # nobody waits for it: see RunningModel.submit
    score: tuple[str, ...] = ()  # nothing is written: how likely each of these is to follow is told at the end
    score_differs_only: bool = False  # each only as far as it takes to tell it from the others
    may_guess: bool = True  # check guesses of the next tokens in one step, where that is faster
    ignore_eos: bool = False  # go on to max_tokens whatever the model says: for measuring
    grammar: str = ""  # the reply follows it; in llama.cpp's notation (GBNF), from the rule “root” on
    json_schema: str = ""  # the reply is JSON that fits this schema


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one request. `cached_tokens` of the prompt were in the KV cache and not read again."""

    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    guess_steps: int = 0  # steps in which the next tokens were guessed ...
    guessed_tokens: int = 0  # ... how many guesses were in them
    right_guesses: int = 0  # ... and how many of them were right
    dropped_turns: int = 0  # the oldest ones, which no longer fit the context
    reread_reason: str = ""  # one sentence: why what was in the KV cache had to be read again all the same


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of one request, by the engine's clock. TTFT here starts when the request reached the engine."""

    queue_seconds: float
    ttft_seconds: float
    total_seconds: float

    def output_rate(self, output_tokens: int) -> float:
        """Tokens per second after the first token; 0.0 where there were fewer than two."""
        decoding = self.total_seconds - self.ttft_seconds
        return (output_tokens - 1) / decoding if output_tokens > 1 and decoding > 0 else 0.0


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What the loaded model can do, in tokens and sequences."""

    model_name: str
    n_parameters: int
    model_bytes: int
    trained_context: int
    interactive_context: int  # tokens of prompt and output that one chat request can have
    interactive_sequences: int
    bulk_context: int  # the same for one bulk request
    bulk_sequences: int
    kv_bytes: int
    n_threads: int
    has_template: bool
    step_tokens: int = 512  # a prompt is read in pieces of at most so many
    can_tear: bool = True  # a step under way can be interrupted; if not, steps are kept short
    can_write: bool = True  # if not, it only embeds
    embedding_size: int = 0  # numbers in a text's embedding; 0: none are offered
    embedding_tokens: int = 0  # of the longest text that can be embedded
    gpu_layers: int = 0  # of the model, that are computed by GPUs


# Commands: program -> engine


AUTOMATIC_LAYERS = -1  # as many as fit the GPUs' memory


class LoadModel(Message, frozen=True, kw_only=True):
    path: bytes  # as the file system has it: not every name is text
    context_tokens: int = 8192
    kv_disk_bytes: int = 0  # for KV of chats that are not open; 0: none is written
    gpu_layers: int = AUTOMATIC_LAYERS
    gpu_split: tuple[float, ...] = ()  # how several GPUs share them, in proportion; empty: by their memory
    kv: str = ""  # kind of contexts' KV; empty, and None below: as it is fast here
    flash_attention: bool | None = None


class UnloadModel(Message, frozen=True, kw_only=True):
    """Give the memory of the model back. Chats that were read are kept where KV is kept on the disk."""


class Submit(Message, frozen=True, kw_only=True):
    request: GenerateRequest


class Embed(Message, frozen=True, kw_only=True):
    """A vector for each text, by its meaning. The last word is TextsEmbedded, or RequestFailed for all of them."""

    texts: tuple[str, ...]
    priority: Priority = Priority.BULK


class ReadAhead(Message, frozen=True, kw_only=True):
    """Read the prompt of a request that is likely to come: its last turn is what has been typed so far.

    Nothing is told of it. It gives way to every request, and ends when one with its `cache_key` is submitted.
    """

    request: GenerateRequest


class Cancel(Message, frozen=True, kw_only=True):
    """Stop the request of this id. Its last word is RequestFinished(CANCELLED), or the one that came first."""


class SetPreset(Message, frozen=True, kw_only=True):
    """`slowdown`: in Balanced a chat's tokens may come so many times slower than alone."""

    preset: Preset
    slowdown: float = 1.5


class Hold(Message, frozen=True, kw_only=True):
    """Bulk stands still, whatever else there is: at once, in the middle of a step. Its KV stays. False: it goes on."""

    is_held: bool


class CountTokens(Message, frozen=True, kw_only=True):
    """How many tokens each text is, without anything that a template adds."""

    texts: tuple[str, ...]


class ForgetChat(Message, frozen=True, kw_only=True):
    """Drop the KV kept under this key."""

    cache_key: str


Command = LoadModel | UnloadModel | Submit | Embed | ReadAhead | Cancel | SetPreset | Hold | CountTokens | ForgetChat


# Events: engine -> program


class EngineStarted(Message, frozen=True, kw_only=True):
    backend: str


class ModelLoadProgressed(Message, frozen=True, kw_only=True):
    fraction: float


class ModelLoaded(Message, frozen=True, kw_only=True):
    capabilities: Capabilities


class ModelLoadFailed(Message, frozen=True, kw_only=True):
    kind: ErrorKind
    sentence: str


class ModelChecked(Message, frozen=True, kw_only=True):
    """A file is a model that can be loaded, as far as its header tells."""


class GpuFound(msgspec.Struct, frozen=True, kw_only=True):
    """`is_unified`: its memory is the computer's own."""

    name: str
    free_bytes: int
    is_unified: bool = False


class GpusListed(Message, frozen=True, kw_only=True):
    """Those that llama.cpp can compute with here."""

    gpus: tuple[GpuFound, ...]


class PromptRead(Message, frozen=True, kw_only=True):
    """Progress of reading a prompt: `n_read` of `n_total` tokens, `n_cached` of them from the KV cache."""

    n_read: int
    n_total: int
    n_cached: int


class TextProduced(Message, frozen=True, kw_only=True):
    """More of the reply, in whole characters. `is_thinking`: of what the model thinks before it answers.

    `pace_seconds`: the least time, a token, after the text before; see pace.py.
    """

    text: str
    n_tokens: int
    is_thinking: bool = False
    pace_seconds: float = 0.0


class RequestFinished(Message, frozen=True, kw_only=True):
    """`scores`: natural logarithms of the probabilities of what was to be scored, each over all of its tokens."""

    reason: FinishReason
    usage: Usage
    timings: Timings
    scores: tuple[float, ...] = ()


class RequestFailed(Message, frozen=True, kw_only=True):
    kind: ErrorKind
    sentence: str


class TextsEmbedded(Message, frozen=True, kw_only=True):
    """Of length 1 each: the nearer in meaning, the larger is the product of two."""

    vectors: tuple[tuple[float, ...], ...]


class TokensCounted(Message, frozen=True, kw_only=True):
    counts: tuple[int, ...]


class EngineReported(Message, frozen=True, kw_only=True):
    """The state of the machine, a few times a second while there is work and once when it ends."""

    preset: Preset
    interactive_running: int
    bulk_running: int
    bulk_waiting: int
    bulk_is_parked: bool  # bulk stands still, for a chat or because it is held
    interactive_tokens_per_second: float
    bulk_tokens_per_second: float  # prompt and output tokens of bulk work together
    kv_used_fraction: float
    bulk_tokens: int = 0  # since the model was loaded: read and written by bulk work
    bulk_output_tokens: int = 0  # those of them that were written
    torn_bulk_tokens: int = 0  # since the model was loaded: computed again because a step was torn
    # Of bulk steps while no chat was active, since the model was loaded: how fast this machine is.
    bulk_read_tokens: int = 0
    bulk_read_seconds: float = 0.0
    bulk_written_tokens: int = 0
    bulk_written_seconds: float = 0.0


LastWord = RequestFinished | RequestFailed
RequestEvent = PromptRead | TextProduced | LastWord
Event = (
    EngineStarted
    | ModelLoadProgressed
    | ModelLoaded
    | ModelLoadFailed
    | RequestEvent
    | TextsEmbedded
    | TokensCounted
    | EngineReported
)
