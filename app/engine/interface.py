"""What the program may ask of an engine, wherever it runs: a child process, this process (tests), a server.

One contract test (tests/contracts) runs over every implementation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from app.engine.messages import (
    AUTOMATIC_LAYERS,
    Capabilities,
    EngineReported,
    GenerateRequest,
    Preset,
    Priority,
    RequestEvent,
)
from app.errors import KnownError

Vector = tuple[float, ...]
"""The meaning of a text: `Capabilities.embedding_size` numbers, of length 1."""


@dataclass(frozen=True, kw_only=True)
class LoadSettings:
    """`context_tokens`: what a chat can have at most; None: as the engine was made. `gpu_layers`: on GPUs, of all;
    `gpu_split`: how several GPUs share them, in proportion (empty: by their memory).

    `kv`: the kind in which contexts are kept, as in GGUF. Without it and `flash_attention`: as it is fast here.
    """

    context_tokens: int | None = None
    gpu_layers: int = AUTOMATIC_LAYERS
    gpu_split: tuple[float, ...] = ()
    kv: str = ""
    flash_attention: bool | None = None


AS_USUAL = LoadSettings()


class ModelState(Enum):
    """What the engine has in memory."""

    ABSENT = "absent"
    LOADING = "loading"
    READY = "ready"
    ASLEEP = "asleep"  # its memory was given back; the next request, or `wake`, loads it again
    FAILED = "failed"


class EngineObserver(Protocol):
    """Told, on the asyncio thread, what happens to the engine as a whole."""

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None:
        """`fraction` of the load that is done; `sentence` says why where the state is FAILED."""

    def engine_crashed(self, running: frozenset[str], description: str) -> None:
        """The process died. `running` are the ids that it was working on; each has got its last word."""

    def engine_reported(self, report: EngineReported) -> None: ...

    def chats_active(self, are_active: bool) -> None:
        """The first request that a person waits for is about to be submitted, or the last one is over."""


class Engine(Protocol):
    """One engine. All methods are called on the asyncio thread."""

    @property
    def model_state(self) -> ModelState: ...

    @property
    def capabilities(self) -> Capabilities | None:
        """None until a model is ready."""

    async def start(self, observer: EngineObserver) -> None: ...

    async def check(self, path: Path) -> None:
        """Look at a model file while the one that is loaded goes on. Raises KnownError where it can't be one."""

    async def load(self, path: Path, how: LoadSettings = AS_USUAL) -> Capabilities:
        """Load a model in place of the one before. Raises KnownError with a sentence for the person."""

    def expect_load(self) -> None:
        """A model is about to be loaded: requests wait from now on. `load` or `has_no_model` must follow."""

    def sleep(self) -> None:
        """Give the memory of the model back, where nothing is asked of it; else nothing happens."""

    def wake(self) -> None:
        """Load the model again that is asleep. What needs it, and `read_ahead`, does so by itself."""

    @property
    def idle_seconds(self) -> float:
        """Since the last request ended, or was read ahead; 0 while there is one."""

    def has_no_model(self, error: KnownError) -> None:
        """There is nothing to load: whoever waits for a model is told so."""

    def generate(self, id: str, request: GenerateRequest) -> AsyncIterator[RequestEvent]:
        """Events of one request; the last one is RequestFinished or RequestFailed. Waits while a model loads.

        Leaving the iterator early cancels the request.
        """

    def read_ahead(self, request: GenerateRequest) -> None:
        """Read the prompt of a request that is likely to come; its last turn is what has been typed so far.

        A help: it gives way to every request, and nothing is told of it.
        """

    def cancel(self, id: str) -> None:
        """Ask for the end of a request; its iterator then ends with its last word."""

    async def count_tokens(self, texts: Sequence[str]) -> list[int]: ...

    async def embed(self, texts: Sequence[str], priority: Priority = Priority.BULK) -> list[Vector]:
        """A vector for each text. Raises KnownError, for all of them, where the model offers none or one can't be had.

        Waits while a model loads. Bulk gives way to chats. To be cancelled ends the request.
        """

    def set_preset(self, preset: Preset, slowdown: float = 1.5) -> None:
        """Takes effect at the engine's next step. `slowdown`: what Balanced may cost a reply."""

    def hold(self, is_held: bool) -> None:
        """Bulk stands still within milliseconds, until it is let go on; its KV stays."""

    def forget_chat(self, cache_key: str) -> None:
        """Drop the KV kept for a chat."""

    async def close(self) -> None: ...
