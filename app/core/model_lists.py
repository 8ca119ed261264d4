"""Everything that the page of models shows, gathered at once: frozen, safe in any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.model_views import CatalogueModel, DownloadView, HubTokenState, LocalModel


@dataclass(frozen=True, kw_only=True)
class ModelLists:
    """Each model with its verdict, where that can be told. `gpus`: names of those that compute, in their order."""

    local: tuple[LocalModel, ...] = ()
    catalogue: tuple[CatalogueModel, ...] = ()
    downloads: tuple[DownloadView, ...] = ()
    token: HubTokenState | None = None
    gpus: tuple[str, ...] = ()

    def with_downloads(self, downloads: Sequence[DownloadView]) -> ModelLists:
        return replace(self, downloads=tuple(downloads))
