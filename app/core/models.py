"""Which models there are, and which one is in use. Runs on the core thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from app.core.events import Event, ModelStateChanged
from app.core.model_fit import ModelFits
from app.core.views import ModelView
from app.downloads import catalogue
from app.downloads.local_stores import models_below
from app.downloads.models_folder import find_model
from app.engine.interface import AS_USUAL, Engine, LoadSettings, ModelState
from app.engine.load_plan import LoadPlan
from app.engine.verdict import Verdict
from app.errors import ErrorKind, KnownError
from app.paths import Paths
from app.settings import Settings


class ModelService:
    """`path` is the model that is loaded, or being loaded; `make_room` is called before each load."""

    def __init__(
        self,
        paths: Paths,
        engine: Engine,
        publish: Callable[[Event], None],
        make_room: Callable[[], Awaitable[None]],
        *,
        settings: Callable[[], Settings] = Settings,
        fits: ModelFits | None = None,
    ) -> None:
        self._paths = paths
        self._engine = engine
        self._make_room = make_room
        self._publish = publish
        self._settings, self._fits = settings, fits
        self._how = AS_USUAL  # the last one that could be loaded was loaded so
        self._own_bytes = 0  # that it takes besides its weights
        self.tried_tokens = 0  # of context, at the last load
        self._catalogue = catalogue.load()
        self.path: Path | None = None
        self._working: Path | None = None  # the last one that could be loaded

    def all(self) -> list[ModelView]:
        """The catalogue, and after it every other GGUF file in the models folders."""
        views = []
        known = set()
        for entry in self._catalogue.models:
            path = next((folder / entry.file_name for folder in self._folders() if self._has(folder, entry)), None)
            known.add(entry.file_name)
            views.append(
                ModelView(
                    id=entry.id,
                    name=entry.name,
                    path=path,
                    size_bytes=entry.size_bytes,
                    is_loaded=path is not None and path == self.path,
                )
            )
        for folder in self._folders():
            for file in models_below(folder):
                if file.name not in known:
                    known.add(file.name)
                    views.append(
                        ModelView(
                            id=file.name,
                            name=file.stem,
                            path=file,
                            size_bytes=file.stat().st_size,
                            is_loaded=file == self.path,
                        )
                    )
        return views

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

        `context_tokens`: instead of the settings'. `anyway`: also where it does not fit.
        """
        if self._engine.model_state is ModelState.READY:
            await self._engine.check(path)  # a reply that is being written goes on meanwhile
        self.path = self.path or path
        plan = await asyncio.to_thread(self._plan, path, context_tokens)
        if plan is not None and plan.fit.verdict is Verdict.DOES_NOT_FIT and not anyway:
            raise KnownError(ErrorKind.OUT_OF_MEMORY, f"{self.name_of(path)} was not loaded. {plan.sentence}")
        await self._make_room()
        self.path = path
        self.tried_tokens = plan.context_tokens if plan else context_tokens or self._settings().context_tokens
        how = LoadSettings(context_tokens=self.tried_tokens, gpu_layers=self._settings().gpu_layers)
        try:
            await self._engine.load(path, how)
        except KnownError:
            if self.path == path and self._working not in (None, path):  # no other was chosen meanwhile
                await self._make_room()
                self.path = self._working
                await self._engine.load(self.path, self._how)
            raise
        self._working, self._how = path, how
        self._own_bytes = plan.fit.need.own if plan else 0

    def _plan(self, path: Path, context_tokens: int | None) -> LoadPlan | None:
        """None where the file is no model that can be read: the engine says why."""
        try:
            return self._fits.plan(path, context_tokens) if self._fits is not None else None
        except KnownError:
            return None

    def held_bytes(self) -> int:
        """That are free again once the model that is loaded has gone; its weights are pages that count as free."""
        return self._own_bytes if self._engine.model_state is ModelState.READY else 0

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
        """Of the model's file; 0 where there is none."""
        return self.path.stat().st_size if self.path is not None and self.path.exists() else 0

    @property
    def name(self) -> str:
        """As the catalogue calls it, or the file."""
        return self.name_of(self.path) if self.path is not None else ""

    def name_of(self, path: Path) -> str:
        """As the catalogue calls it, or the file."""
        entry = next((entry for entry in self._catalogue.models if entry.file_name == path.name), None)
        return entry.name if entry else path.stem

    def _folders(self) -> list[Path]:
        return list(self._paths.model_folders)

    @staticmethod
    def _has(folder: Path, entry: catalogue.Entry) -> bool:
        file = folder / entry.file_name
        return file.is_file() and file.stat().st_size == entry.size_bytes
