"""What a face asks of the model in use: load another one, what would fit instead. A part of Core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.core.kept_engines import KeptEngines
from app.core.load_offer import LoadOffer, load_offer
from app.core.local_models import LocalModels
from app.core.model_fit import ModelFits, facts_of, read_bytes_of
from app.core.model_lists import ModelLists
from app.core.model_names import name_of
from app.core.model_views import CatalogueModel, DownloadView, HubTokenState, LocalModel
from app.core.models import ModelService
from app.engine import devices
from app.errors import ErrorKind, KnownError
from app.settings import Settings


class LoadCalls:
    """See Core."""

    settings: Settings
    _engine: KeptEngines
    _models: ModelService
    _fits: ModelFits
    _local_models: LocalModels
    _recall_rates: Callable[[Mapping[str, int]], None]
    change_settings: Callable[..., None]
    catalogue: Callable[[Iterable[LocalModel]], list[CatalogueModel]]
    downloads: Callable[[], list[DownloadView]]
    hub_token_state: Callable[[], HubTokenState]

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

    async def unload(self, path: Path | None = None) -> None:
        """Give the memory of a model back: of the one in use, or of another one that is in memory. What needs it loads
        it again. Raises KnownError while it is at work.
        """
        if self._engine.is_at_work(path or self.model_path):
            raise KnownError(ErrorKind.BAD_REQUEST, "The model is at work. Unload it when that is done.")
        if path in (None, self.model_path):
            self._engine.sleep()
        else:
            await self._engine.unload(path)

    async def load_offer(self, path: Path) -> LoadOffer | None:
        """What could be loaded instead of this one, which could not be."""
        tried = self._models.tried_tokens or self.settings.context_tokens
        others = await self.models()
        try:
            plan = await asyncio.to_thread(self._fits.plan, path)
        except KnownError:
            plan = None
        return load_offer(path, name_of(path), plan, tried, others)

    async def device_findings(self) -> list[str]:
        """One sentence for each kind of GPU in this machine: used, or what is missing and how that is installed."""
        return await asyncio.to_thread(devices.own_findings)

    # what there is, with verdicts

    async def models(self) -> list[LocalModel]:
        """Every model on this machine: Rubato's, those that were added, Ollama's and LM Studio's in place."""
        local = await self._local_models.all()
        self._recall_rates(await asyncio.to_thread(lambda: {model.name: read_bytes_of(model.path) for model in local}))
        return await asyncio.to_thread(lambda: [self._judged(model) for model in local])

    async def model_lists(self) -> ModelLists:
        """What the page of models shows."""
        local = await self.models()
        known, downloads, token = self.catalogue(local), tuple(self.downloads()), self.hub_token_state()
        return await asyncio.to_thread(
            lambda: ModelLists(
                local=tuple(local),
                catalogue=tuple(self._judged_known(model) for model in known),
                downloads=downloads,
                token=token,
                gpus=self._fits.gpu_names,
            )
        )

    def _judged(self, model: LocalModel) -> LocalModel:
        facts = facts_of(model.path)
        return replace(
            model,
            size_bytes=facts.size_bytes or model.size_bytes,
            problem=facts.problem,
            fit=self._fits.of_file(model.path),
        )

    def _judged_known(self, model: CatalogueModel) -> CatalogueModel:
        here = self._fits.of_file(model.path) if model.path is not None else None
        return replace(model, fit=here or self._fits.of_size(model.size_bytes, model.read_share))
