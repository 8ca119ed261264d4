"""Model files on this machine, wherever they are. Runs on the core thread; disks, which may be slow, are looked at on
others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

from app.core.events import Event, ModelsChanged
from app.core.model_names import name_of
from app.core.model_views import LocalModel, ModelPlace
from app.downloads import catalogue, models_folder
from app.downloads.local_stores import is_first_part, lm_studio_models, models_below, ollama_models
from app.downloads.quantisations import quantisation_of
from app.downloads.records import remove_empty
from app.engine.gguf_metadata import read_metadata
from app.errors import ErrorKind, KnownError, from_os_error
from app.paths import Paths
from app.settings import Settings

_OWNERS = {ModelPlace.OLLAMA: "Ollama", ModelPlace.LM_STUDIO: "LM Studio"}


class LocalModels:
    """`unfinished`: paths of files that are being downloaded; `loaded`: the model in use; `kept`: those that are in
    memory besides; `change`: of a setting.
    """

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        publish: Callable[[Event], None],
        *,
        unfinished: Callable[[], set[str]],
        loaded: Callable[[], Path | None],
        kept: Callable[[], Collection[Path]],
        change: Callable[[list[str]], None],
    ) -> None:
        self._paths = paths
        self._settings = settings
        self._publish = publish
        self._unfinished = unfinished
        self._loaded, self._kept = loaded, kept
        self._change = change
        self._catalogue = catalogue.load()

    async def all(self) -> list[LocalModel]:
        """Rubato's own first, then those that were added, then other programs'; each file once."""
        models = await asyncio.to_thread(self._look, self._unfinished())
        loaded, kept = self._loaded(), self._kept()
        return [replace(model, is_loaded=model.path == loaded, is_kept=model.path in kept) for model in models]

    def _look(self, unfinished: set[str]) -> list[LocalModel]:
        models: dict[Path, LocalModel] = {}
        for name, path, place in self._found():
            size = _size_of(path)
            if size is not None and path.resolve() not in models and str(path) not in unfinished:
                models[path.resolve()] = LocalModel(
                    path=path,
                    name=name,
                    size_bytes=size,
                    place=place,
                    quantisation=quantisation_of(name if place is ModelPlace.OLLAMA else path.name),
                    catalogue_id=self._catalogue_id(path),
                )
        return list(models.values())

    async def add(self, path: Path) -> None:
        """Raises KnownError where it is no model, or a folder without one."""
        await asyncio.to_thread(_check, path)
        text = str(path.absolute())
        if text.encode(errors="replace").decode() != text:
            raise KnownError(ErrorKind.BAD_REQUEST, f"The name of {path.name} is no text. Rename it, and add it again.")
        self._change(list(dict.fromkeys((*self._settings.added_models, text))))
        self._publish(ModelsChanged())

    async def delete(self, path: Path) -> None:
        """Raises KnownError."""
        if str(path) in self._settings.added_models:
            self._change([text for text in self._settings.added_models if text != str(path)])
            self._publish(ModelsChanged())
            return
        place = await asyncio.to_thread(self._place_of, path)
        if place is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This model is not there any more.")
        if place is ModelPlace.ADDED:
            folder = next(text for text in self._settings.added_models if path.is_relative_to(text))
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"{path.name} is in {folder}, a folder that was added. Remove the folder instead.",
            )
        if place in _OWNERS:
            raise KnownError(ErrorKind.BAD_REQUEST, f"This file belongs to {_OWNERS[place]}. Delete it there.")
        if not path.is_relative_to(self._paths.models):
            raise KnownError(
                ErrorKind.BAD_REQUEST, "This file came with the program, or is another profile's: it stays."
            )
        if path == self._loaded():
            raise KnownError(
                ErrorKind.BAD_REQUEST, f"{path.name} is the model in use. Choose another one first, then delete it."
            )
        await asyncio.to_thread(self._remove, path)
        self._publish(ModelsChanged())

    def _place_of(self, path: Path) -> ModelPlace | None:
        return next((place for _, found, place in self._found() if found == path), None)

    def _found(self) -> Iterator[tuple[str, Path, ModelPlace]]:
        for folder in self._paths.model_folders:
            for path in models_below(folder):
                yield name_of(path), path, ModelPlace.OWN
        for text in self._settings.added_models:
            added = Path(text)
            for path in models_below(added) if added.is_dir() else (added,):
                yield name_of(path), path, ModelPlace.ADDED
        for name, path in ollama_models():
            yield name, path, ModelPlace.OLLAMA
        for name, path in lm_studio_models():
            yield name, path, ModelPlace.LM_STUDIO

    def _catalogue_id(self, path: Path) -> str:
        for entry in self._catalogue.models:
            if entry.file_name == path.name:
                return entry.id
        for hub_entry in self._catalogue.hub_models:
            folder = self._paths.models.joinpath(*hub_entry.repository.split("/"))
            if path.is_relative_to(folder) and quantisation_of(path.name) == hub_entry.quantisation:
                return hub_entry.id
        return ""

    def _remove(self, path: Path) -> None:
        parts = [path]
        if is_first_part(path):
            stem, _, count = path.stem.rpartition("-00001-of-")
            parts = [path.with_name(f"{stem}-{n:05}-of-{count}.gguf") for n in range(1, int(count) + 1)]
        try:
            for part in parts:
                models_folder.remove(part)
        except OSError as error:
            raise from_os_error(error, f"delete {path.name}") from error
        remove_empty(path.parent, self._paths)


def _check(path: Path) -> None:
    """Raises KnownError where it is no model, or a folder without one."""
    if not path.is_dir():
        read_metadata(path)
    elif next(models_below(path), None) is None:
        raise KnownError(
            ErrorKind.BAD_REQUEST, f"There is no GGUF file in {path}. Choose a folder that has models in it."
        )


def _size_of(path: Path) -> int | None:
    """Of the file; None: it is not there."""
    try:
        return path.stat().st_size if path.is_file() else None
    except (OSError, ValueError):
        return None
