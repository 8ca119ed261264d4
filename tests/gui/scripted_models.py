"""The calls about models of a scripted Core: answers are given, what was asked is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from app.core.load_offer import LoadOffer
from app.core.model_lists import ModelLists
from app.core.model_views import (
    CatalogueModel,
    DownloadView,
    FitView,
    HubFile,
    HubModel,
    HubTokenState,
    LocalModel,
    ModelPlace,
)
from app.engine.verdict import Verdict

FITS = FitView(
    word=Verdict.FITS,
    sentence="Fits: it takes 0.5 GB (98 MB weights, 368 MB context, 80 MB to compute in) of 6.2 GB that are free.",
    needed_bytes=546_000_000,
    free_bytes=6_200_000_000,
    expected_tokens_per_second=84.0,
)
SLOW = replace(FITS, word=Verdict.SLOW, expected_tokens_per_second=None, sentence="Would be slow: it takes about 9 GB.")
TOO_LARGE = replace(SLOW, word=Verdict.DOES_NOT_FIT, sentence="Won't fit: it takes about 48.0 GB, and 6.2 GB are free.")


def local(name: str, size: int = 98_000_000, **more: Any) -> LocalModel:
    given = {"place": ModelPlace.OWN, "quantisation": "Q4_1", "fit": FITS, **more}
    return LocalModel(path=Path(f"{name}.gguf"), name=name, size_bytes=size, **given)


def known(id: str, name: str, n_parameters: float, size: float, fit: FitView | None, **more: Any) -> CatalogueModel:
    return CatalogueModel(
        id=id,
        name=name,
        n_parameters=int(n_parameters),
        licence=more.pop("licence", "Apache-2.0"),
        context_tokens=32_768,
        good_at=more.pop("good_at", "Everyday questions and summaries in many languages."),
        size_bytes=int(size),
        source="hub",
        fit=fit,
        **more,
    )


class ScriptedModels:
    """A part of ScriptedCore."""

    lists = ModelLists()
    found: tuple[HubModel, ...] = ()
    hub_file_views: tuple[HubFile, ...] = ()
    offer: LoadOffer | None = None
    fit: FitView = FITS
    devices: tuple[str, ...] = ()

    def _record(self, *call: Any) -> None:
        raise NotImplementedError

    async def model_lists(self) -> ModelLists:
        return self.lists

    async def models(self) -> list[LocalModel]:
        return list(self.lists.local)

    async def load_model(self, path: Path, *, context_tokens: int | None = None, anyway: bool = False) -> None:
        extra = (context_tokens, anyway) if context_tokens is not None or anyway else ()
        self._record("load_model", path, *extra)

    async def unload(self, path: Path | None = None) -> None:
        self._record("unload", path)

    async def device_findings(self) -> list[str]:
        return list(self.devices)

    async def load_offer(self, path: Path) -> LoadOffer | None:
        return self.offer

    async def search_hub(self, text: str, limit: int = 30) -> list[HubModel]:
        self._record("search_hub", text)
        return list(self.found)

    async def hub_files(self, repository: str) -> list[HubFile]:
        self._record("hub_files", repository)
        return list(self.hub_file_views)

    async def hub_fit(self, file: HubFile) -> FitView:
        return self.fit

    def download(self, file: HubFile) -> str:
        self._record("download", file)
        return file.name

    def download_model(self, catalogue_id: str) -> str:
        self._record("download_model", catalogue_id)
        return catalogue_id

    def pause_download(self, id: str) -> None:
        self._record("pause_download", id)

    def resume_download(self, id: str) -> None:
        self._record("resume_download", id)

    def cancel_download(self, id: str) -> None:
        self._record("cancel_download", id)

    def downloads(self) -> list[DownloadView]:
        return list(self.lists.downloads)

    async def set_hub_token(self, token: str | None) -> None:
        self._record("set_hub_token", token)

    def hub_token_state(self) -> HubTokenState:
        return HubTokenState(has_token=False)

    async def add_local(self, path: Path) -> None:
        self._record("add_local", path)

    def delete_model(self, path: Path) -> None:
        self._record("delete_model", path)
