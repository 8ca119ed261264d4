"""Which models there are, and which one is in use. Runs on the core thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from app.core.events import Event, ModelStateChanged
from app.core.views import ModelView
from app.downloads import catalogue
from app.downloads.local_stores import models_below
from app.downloads.models_folder import find_model
from app.engine.interface import Engine, ModelState
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
    ) -> None:
        self._paths = paths
        self._engine = engine
        self._make_room = make_room
        self._publish = publish
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

    async def load(self, path: Path) -> None:
        """Load it in place of the one before, which stays, or comes back, where that fails. Raises KnownError."""
        if self._engine.model_state is ModelState.READY:
            await self._engine.check(path)  # a reply that is being written goes on meanwhile
        await self._make_room()
        self.path = path
        try:
            await self._engine.load(path)
        except KnownError:
            if self.path == path and self._working not in (None, path):  # no other was chosen meanwhile
                await self._make_room()
                self.path = self._working
                await self._engine.load(self.path)
            raise
        self._working = path

    def publish_state(self, state: ModelState, fraction: float, sentence: str) -> None:
        """Called by the engine's observer."""
        self._publish(
            ModelStateChanged(
                state=state,
                name=self.name,
                size_bytes=self.path.stat().st_size if self.path is not None and self.path.exists() else 0,
                fraction=fraction,
                sentence=sentence,
            )
        )

    @property
    def name(self) -> str:
        """As the catalogue calls it, or the file."""
        if self.path is None:
            return ""
        entry = next((entry for entry in self._catalogue.models if entry.file_name == self.path.name), None)
        return entry.name if entry else self.path.stem

    def _folders(self) -> list[Path]:
        return list(self._paths.model_folders)

    @staticmethod
    def _has(folder: Path, entry: catalogue.Entry) -> bool:
        file = folder / entry.file_name
        return file.is_file() and file.stat().st_size == entry.size_bytes
