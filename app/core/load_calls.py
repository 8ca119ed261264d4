"""What a face asks of the model in use: load another one, what would fit instead. A part of Core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.core.load_offer import LoadOffer, load_offer
from app.core.model_fit import ModelFits
from app.core.model_lists import ModelLists
from app.core.model_views import CatalogueModel, DownloadView, FitView, HubFile, HubTokenState, LocalModel
from app.core.models import ModelService
from app.engine.interface import Engine, ModelState
from app.errors import ErrorKind, KnownError
from app.settings import Settings


class LoadCalls:
    """See Core."""

    settings: Settings
    _engine: Engine
    _models: ModelService
    _fits: ModelFits
    change_settings: Callable[..., None]
    catalogue: Callable[[], list[CatalogueModel]]
    local_models: Callable[[], list[LocalModel]]
    downloads: Callable[[], list[DownloadView]]
    hub_token_state: Callable[[], HubTokenState]
    hub_fit: Callable[[HubFile], Coroutine[Any, Any, FitView]]
    hub_files: Callable[[str], Coroutine[Any, Any, list[HubFile]]]

    @property
    def model_path(self) -> Path | None:
        """The model that is loaded, or being loaded."""
        return self._models.path

    async def load_model(self, path: Path, *, context_tokens: int | None = None, anyway: bool = False) -> None:
        """Use another model from now on, and at the next start. Raises KnownError.

        `context_tokens`: less than in the settings, this time and from now on. `anyway`: though it does not fit.
        """
        await self._models.load(path, context_tokens=context_tokens, anyway=anyway)
        changes: dict[str, Any] = {"model": str(path)}
        if context_tokens is not None:
            changes["context_tokens"] = context_tokens
        self.change_settings(**changes)

    def unload_model(self) -> None:
        """Give its memory back, until it is asked again. Raises KnownError while it is at work."""
        self._engine.sleep()
        if self._engine.model_state is ModelState.READY:
            raise KnownError(ErrorKind.BAD_REQUEST, "The model is at work. Unload it when that is done.")

    async def load_offer(self, path: Path) -> LoadOffer | None:
        """What could be loaded instead of this one, which could not be."""
        tried = self._models.tried_tokens or self.settings.context_tokens
        others = await self.model_choices()
        try:
            plan = await asyncio.to_thread(self._fits.plan, path)
        except KnownError:
            plan = None
        return load_offer(path, self._models.name_of(path), plan, tried, others)

    # what there is, with verdicts

    async def model_lists(self) -> ModelLists:
        """What the page of models shows."""
        known, downloads, token = self.catalogue(), tuple(self.downloads()), self.hub_token_state()
        local = self.local_models()
        return await asyncio.to_thread(
            lambda: ModelLists(
                local=tuple(self._judged(model) for model in local),
                catalogue=tuple(self._judged_known(model) for model in known),
                downloads=downloads,
                token=token,
            )
        )

    async def model_choices(self) -> list[LocalModel]:
        """The models on this machine."""
        local = self.local_models()
        return await asyncio.to_thread(lambda: [self._judged(model) for model in local])

    async def judged_files(self, repository: str) -> list[HubFile]:
        """See hub_files."""
        files = await self.hub_files(repository)
        return [replace(file, fit=self._fits.of_size(file.size_bytes)) for file in files]

    async def judged_fit(self, file: HubFile) -> FitView:
        """By what the file says of itself at the hub. Raises KnownError."""
        fit = await self.hub_fit(file)
        return replace(fit, expected_tokens_per_second=self._fits.expected(file.size_bytes, fit.word))

    def _judged(self, model: LocalModel) -> LocalModel:
        return model if model.problem else replace(model, fit=self._fits.of_file(model.path) or model.fit)

    def _judged_known(self, model: CatalogueModel) -> CatalogueModel:
        here = self._fits.of_file(model.path) if model.path is not None else None
        return replace(model, fit=here or (self._fits.of_size(model.size_bytes) if model.size_bytes else model.fit))
