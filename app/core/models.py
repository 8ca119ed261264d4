"""Which models there are, and which one is in use. Runs on the core thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from app.core.events import Event, ModelStateChanged, NoticeShown
from app.core.kept_engines import KeptEngines
from app.core.model_fit import ModelFits, facts_of, read_bytes_of, weights_of
from app.core.model_names import name_of
from app.downloads import catalogue
from app.downloads.models_folder import find_model
from app.engine.interface import AS_USUAL, LoadSettings, ModelState
from app.engine.load_plan import LoadPlan
from app.engine.messages import AUTOMATIC_LAYERS, Capabilities
from app.engine.verdict import Verdict
from app.errors import ErrorKind, KnownError
from app.paths import Paths
from app.settings import Settings

_OTHER = "Another model was chosen meanwhile."


class JobsBeside(Protocol):
    """Jobs, which use the model in use, or have others in memory."""

    @property
    def models_beside(self) -> Collection[Path]:
        """That jobs have in memory besides the one in use."""

    def leave_model(self) -> None:
        """The one in use is about to be another: what runs with it goes back to the queue."""

    async def model_changes(self) -> None:
        """When this returns, the memory that jobs had is free, and stays so until the model is settled."""

    def model_is_settled(self) -> None:
        """It is as it was, or the next one is there, which the engine tells."""


class ModelService:
    """`path` is the model that is loaded, or being loaded."""

    def __init__(
        self,
        paths: Paths,
        engine: KeptEngines,
        publish: Callable[[Event], None],
        jobs: Callable[[], JobsBeside],
        *,
        settings: Callable[[], Settings] = Settings,
        fits: ModelFits | None = None,
    ) -> None:
        self._paths = paths
        self._engine = engine
        self._jobs = jobs
        self._publish = publish
        self._settings, self._fits = settings, fits
        self._how = AS_USUAL  # the last one that could be loaded was loaded so
        self._plans: dict[Path, LoadPlan | None] = {}  # with which they were loaded
        self.tried_tokens = 0  # of context, at the last load
        self._catalogue = catalogue.load()
        self.path: Path | None = None
        self._working: Path | None = None  # the last one that could be loaded
        self._asked = self._begun = 0  # how many loads were asked for; which of them is the newest that began

    def choose_at_start(self, settings: Settings) -> Path:
        """The model of the settings where it is there, else the starter. Raises KnownError where there is none."""
        chosen = Path(settings.model) if settings.model else None
        if chosen is not None and chosen.is_file():
            return chosen
        entry = self._catalogue.entry(catalogue.STARTER_ID)
        assert entry is not None
        found = find_model(entry, self._paths)
        if found is None:
            raise KnownError(
                ErrorKind.NO_MODEL,
                "There is no model on this machine yet. Run “rubato models get” for the starter model, or choose a "
                "GGUF file.",
            )
        return found

    async def load(self, path: Path, *, context_tokens: int | None = None, anyway: bool = False) -> None:
        """Load it in place of the one before, which stays, or comes back, where that fails. Raises KnownError.

        Where the memory takes both, the one before is kept: to go back to it loads nothing. `context_tokens`: instead
        of the settings'. `anyway`: also where it does not fit.
        """
        wanted = self._wanted(context_tokens)
        self._asked += 1
        number = self._asked
        if path != self.path:
            if path in self._jobs().models_beside:
                await self._jobs().model_changes()
            if self._use_kept(path, wanted):
                self._begun = number
                return
        if self._engine.model_state is ModelState.READY:
            await self._engine.check(path)  # a reply that is being written goes on meanwhile
        self.path = self.path or path
        plan = await asyncio.to_thread(self._plan, path, context_tokens)
        if plan is not None and plan.fit.verdict is Verdict.DOES_NOT_FIT and not anyway:
            self._jobs().model_is_settled()
            raise KnownError(ErrorKind.OUT_OF_MEMORY, f"{name_of(path)} was not loaded. {plan.sentence}")
        stays = await self._make_room(path, plan)
        if self._begun > number:
            raise KnownError(ErrorKind.NO_MODEL, _OTHER)
        self._begun, self.path = number, path
        self.tried_tokens = plan.context_tokens if plan else context_tokens or self._settings().context_tokens
        how = replace(wanted, context_tokens=self.tried_tokens)
        load = self._engine.load_beside if stays else self._engine.load
        try:
            capabilities = await load(path, how, wanted)
        except KnownError as error:
            if self.path != path:
                raise KnownError(ErrorKind.NO_MODEL, _OTHER) from error
            if self._working not in (None, path):
                await self._go_back()
            raise
        self._working, self._how = path, how
        self._plans[path] = plan
        self._tell_of_gpus(path, wanted, capabilities)

    def _use_kept(self, path: Path, wanted: LoadSettings) -> bool:
        before, self.path = self.path, path
        if path in self._engine.kept:
            self._jobs().leave_model()
            if self._engine.use(path, wanted):
                self._working = path
                return True
        self.path = before
        return False

    async def _make_room(self, path: Path, plan: LoadPlan | None) -> bool:
        """Memory for one more model; True: beside the one in use. What is kept goes first, then the one in use."""
        if plan is not None and path != self.path and self._engine.can_keep:
            while not (fits := await asyncio.to_thread(self._fits_beside, plan)) and self._engine.kept:
                await self._engine.unload(self._engine.kept[0])
            if fits:
                self._jobs().leave_model()
                return True
        for kept in self._engine.kept if path != self.path else ():
            await self._engine.unload(kept)
        await self._jobs().model_changes()
        return False

    def _fits_beside(self, plan: LoadPlan) -> bool:
        plans = [self._plans.get(loaded) for loaded in self._loaded]
        on_gpus = sum(one.gpu_bytes for one in plans if one is not None)
        return self._fits is not None and self._fits.fits_beside(plan, self._weight_bytes, on_gpus)

    @property
    def _loaded(self) -> list[Path]:
        """The one in use, and those in memory besides."""
        in_use = [self.path] if self.path is not None and self._engine.model_state is ModelState.READY else []
        return [*in_use, *self._engine.kept, *self._jobs().models_beside]

    @property
    def _weight_bytes(self) -> int:
        """Of what is loaded, in the computer's own memory: pages that count as free."""
        plans = {loaded: self._plans.get(loaded) for loaded in self._loaded}
        return sum(plan.fit.need.weights if plan else weights_of(loaded) for loaded, plan in plans.items())

    async def _go_back(self) -> None:
        """To the last model that could be loaded. Raises KnownError."""
        assert self._working is not None
        if self._use_kept(self._working, self._wanted(None)):
            return
        await self._jobs().model_changes()
        self.path = self._working
        await self._engine.load(self.path, self._how)

    def is_tight(self) -> bool:
        """Other programs took memory since: the weights of all models that are loaded have no room any more."""
        return self._fits is not None and self._weight_bytes > self._fits.free_now

    def _tell_of_gpus(self, path: Path, wanted: LoadSettings, capabilities: Capabilities) -> None:
        """What a person wished of them, or was told of them, and they did not do; the model is there all the same.

        The file of settings may be written by hand, or come from a machine with other GPUs.
        """
        if self._fits is None:
            return
        try:
            self._fits.check_gpu_split()
        except KnownError as error:
            self._publish(NoticeShown(sentence=error.sentence))
        if not self._fits.gpu_names or capabilities.gpu_layers:
            return
        plan = self._plans[path]
        if wanted.gpu_layers > 0:
            sentence = (
                f"The GPU has no room for {wanted.gpu_layers} layers of {name_of(path)}, so the processor computes. "
                "Set fewer layers, or “automatic”."
            )
        elif wanted.gpu_layers == AUTOMATIC_LAYERS and plan is not None and plan.layers.n_layers > 0:
            sentence = (
                f"The GPU had no room for {name_of(path)}, so the processor computes. Close what else uses the GPU, "
                "and load the model again."
            )
        else:
            return
        self._publish(NoticeShown(sentence=sentence))

    def _wanted(self, context_tokens: int | None) -> LoadSettings:
        settings = self._settings()
        return LoadSettings(
            context_tokens=context_tokens or settings.context_tokens,
            gpu_layers=settings.gpu_layers,
            gpu_split=tuple(settings.gpu_split),
            kv=settings.kv_kind,
            flash_attention={"on": True, "off": False}.get(settings.flash_attention),
        )

    def _plan(self, path: Path, context_tokens: int | None) -> LoadPlan | None:
        """None where the file is no model that can be read: the engine says why."""
        try:
            return self._fits.plan(path, context_tokens) if self._fits is not None else None
        except KnownError:
            return None

    def held_bytes(self) -> int:
        """That are free again once the model that is loaded has gone; its weights are pages that count as free."""
        plan = self._plans.get(self.path) if self.path is not None else None
        return plan.fit.need.own if plan is not None and self._engine.model_state is ModelState.READY else 0

    def publish_state(self, state: ModelState, fraction: float, sentence: str) -> None:
        """Called by the engine's observer."""
        self._publish(
            ModelStateChanged(
                state=state,
                name=self.name,
                size_bytes=self.size_bytes,
                fraction=fraction,
                sentence=sentence,
            )
        )

    @property
    def size_bytes(self) -> int:
        """Of the model's file, or files; 0 where there is none."""
        if self.path is None or not self.path.exists():
            return 0
        return facts_of(self.path).size_bytes or self.path.stat().st_size

    @property
    def read_bytes(self) -> int:
        """Of its weights, for each token; 0 where there is none."""
        return read_bytes_of(self.path) if self.path is not None else 0

    @property
    def name(self) -> str:
        """As the catalogue calls it, or the file."""
        return name_of(self.path) if self.path is not None else ""
