"""Which model the engine has or is getting, why it has none, and who waits for that. On the asyncio thread."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable
from pathlib import Path

from app.engine.interface import AS_USUAL, LoadSettings, ModelState
from app.engine.messages import (
    Capabilities,
    Command,
    LoadModel,
    ModelLoaded,
    ModelLoadFailed,
    ModelLoadProgressed,
    UnloadModel,
)
from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("engine")

CRASHES_AT_LOAD = 2  # a model that crashed the engine this often while it was loaded is not tried again

LoadEvent = ModelLoadProgressed | ModelLoaded | ModelLoadFailed


class Loading:
    """`send` takes a command for the engine; `tell` hears of each state: (state, fraction loaded, why it failed).

    `context_tokens`: what a chat can have at most, where a load does not say.
    """

    def __init__(
        self,
        send: Callable[[Command], None],
        tell: Callable[[ModelState, float, str], None],
        *,
        context_tokens: int,
        kv_disk_bytes: int,
    ) -> None:
        self._send = send
        self._tell = tell
        self._context_tokens = context_tokens
        self._kv_disk_bytes = kv_disk_bytes
        self.state = ModelState.ABSENT
        self.capabilities: Capabilities | None = None
        self.why_none = "No model is loaded. Choose a model first."
        self.settled = asyncio.Event()  # a load has ended, one way or the other
        self._model: Path | None = None
        self._how = AS_USUAL
        self._load: asyncio.Future[Capabilities] | None = None
        self._load_id = ""  # of the newest load: what is told of an older one is not heard
        self._ids = itertools.count(1)
        self._crashes = 0  # while it was loaded

    @property
    def is_ready(self) -> bool:
        return self.state is ModelState.READY

    def begin(self, path: Path, how: LoadSettings) -> asyncio.Future[Capabilities]:
        """Load it in place of what there is."""
        self._model, self._how = path, how
        return self._begin()

    def sleep(self) -> None:
        """Give the model's memory back."""
        self._send(UnloadModel(id=f"unload-{next(self._ids)}"))
        self._set_state(ModelState.ASLEEP)

    def wake(self) -> None:
        """Does nothing where no model sleeps."""
        if self.state is ModelState.ASLEEP:
            self._begin()

    def _begin(self) -> asyncio.Future[Capabilities]:
        self._crashes = 0
        self._fail_load(KnownError(ErrorKind.NO_MODEL, "Another model was chosen meanwhile."))
        load = self._load = asyncio.get_running_loop().create_future()
        self.capabilities = None
        self.expect()
        self._send_command()
        return load

    def expect(self) -> None:
        """A load is to come: whoever needs a model waits for it."""
        self.settled.clear()
        self._set_state(ModelState.LOADING)

    def fail(self, kind: ErrorKind, sentence: str) -> None:
        """There is no model."""
        error = KnownError(kind, sentence)
        self.why_none = error.sentence  # a file's name in it need not be text
        self._set_state(ModelState.FAILED, why=error.sentence)
        self.settled.set()
        self._fail_load(error)

    def close(self, why: str) -> None:
        """Whoever waits for a model is told that there is none."""
        self.state, self.why_none = ModelState.ABSENT, why
        self.settled.set()
        self._fail_load(KnownError(ErrorKind.NO_MODEL, why))

    def take(self, event: LoadEvent) -> None:
        if event.id != self._load_id:
            log.info("an older load has ended")
        elif isinstance(event, ModelLoadProgressed):
            self._set_state(ModelState.LOADING, event.fraction)
        elif isinstance(event, ModelLoadFailed):
            self.fail(event.kind, event.sentence)
        else:
            self.capabilities, self._crashes = event.capabilities, 0
            self._set_state(ModelState.READY, 1.0)
            self.settled.set()
            if self._load is not None and not self._load.done():
                self._load.set_result(event.capabilities)

    def engine_lost(self) -> None:
        """It crashed, and its model is gone with it."""
        self.capabilities = None
        if self.state is ModelState.LOADING:
            self._crashes += 1
        if self._model is None:
            return
        if self._crashes >= CRASHES_AT_LOAD:
            self.fail(
                ErrorKind.MODEL_UNREADABLE,
                f"The engine crashes when it loads {self._model.name}: the file may be damaged. Choose another model.",
            )
        elif self.state in (ModelState.READY, ModelState.LOADING):
            self.expect()

    def engine_back(self) -> None:
        """It was started again, and gets its model again."""
        if self._model is not None and self.state is ModelState.LOADING:
            self._send_command()

    def _send_command(self) -> None:
        self._load_id = f"load-{next(self._ids)}"
        self._send(
            LoadModel(
                id=self._load_id,
                path=os.fsencode(self._model or ""),
                context_tokens=self._how.context_tokens or self._context_tokens,
                kv_disk_bytes=self._kv_disk_bytes,
                gpu_layers=self._how.gpu_layers,
                gpu_split=self._how.gpu_split,
                kv=self._how.kv,
                flash_attention=self._how.flash_attention,
            )
        )

    def _set_state(self, state: ModelState, fraction: float = 0.0, why: str = "") -> None:
        self.state = state
        self._tell(state, fraction, why)

    def _fail_load(self, error: KnownError) -> None:
        if self._load is not None and not self._load.done():
            self._load.set_exception(error)
            self._load.exception()  # nobody may be waiting: a load after a crash
