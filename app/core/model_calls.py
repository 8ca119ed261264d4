"""What a face asks of models and downloads: the part of Core that is about them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.core.downloads import DownloadService
from app.core.kept_engines import KeptEngines
from app.core.local_models import LocalModels
from app.core.model_fit import ModelFits, shape_of_beginning
from app.core.model_views import CatalogueModel, DownloadView, FitView, HubFile, HubModel, HubTokenState, LocalModel
from app.downloads import catalogue
from app.downloads.download import folder_of
from app.downloads.endpoint import endpoint
from app.downloads.hub import Hub
from app.downloads.messages import FileGroup, RepositoryFile
from app.downloads.quantisations import is_repository, is_safe
from app.errors import ErrorKind, KnownError
from app.paths import Paths
from app.settings import Settings

_CATALOGUE = catalogue.load()
_BEGINNINGS = (2 << 20, 8 << 20, 32 << 20)  # the words of a large vocabulary take megabytes


class ModelCalls:
    """See Core."""

    paths: Paths
    settings: Settings
    _engine: KeptEngines
    _downloads: DownloadService
    _local_models: LocalModels
    _fits: ModelFits
    _hub: Hub

    def change_settings(self, **changes: Any) -> None: ...

    # what there is

    def catalogue(self, on_this_machine: Iterable[LocalModel]) -> list[CatalogueModel]:
        """The models that Rubato knows, smallest first; each with its file where it is on this machine."""
        local = {model.catalogue_id: model for model in on_this_machine if model.catalogue_id}
        models = []
        for entry in _CATALOGUE.models:
            there = local.get(entry.id)
            models.append(
                CatalogueModel(
                    id=entry.id,
                    name=entry.name,
                    n_parameters=entry.n_parameters,
                    licence=entry.licence,
                    context_tokens=entry.context_tokens,
                    good_at=entry.good_at,
                    size_bytes=entry.size_bytes,
                    source="pip",
                    path=there.path if there else None,
                )
            )
        for hub_entry in _CATALOGUE.hub_models:
            there = local.get(hub_entry.id)
            size = there.size_bytes if there else hub_entry.estimated_bytes
            models.append(
                CatalogueModel(
                    id=hub_entry.id,
                    name=hub_entry.name,
                    n_parameters=hub_entry.n_parameters,
                    licence=hub_entry.licence,
                    context_tokens=hub_entry.context_tokens,
                    good_at=hub_entry.good_at,
                    size_bytes=size,
                    source=hub_entry.repository,
                    path=there.path if there else None,
                    quantisation=hub_entry.quantisation,
                    is_size_estimated=there is None,
                    is_gated=hub_entry.is_gated,
                    read_share=hub_entry.read_share,
                    quirks=hub_entry.quirks,
                )
            )
        return sorted(models, key=lambda model: model.n_parameters)

    async def add_local(self, path: Path) -> None:
        """A GGUF file, or a folder of them, that stays where it is. Raises KnownError."""
        await self._local_models.add(path)

    async def delete_model(self, path: Path) -> None:
        """One of Rubato's own is deleted; a file or folder that was added is only forgotten. Raises KnownError."""
        await self._engine.unload(path)
        await self._local_models.delete(path)

    # the hub

    async def search_hub(self, text: str, limit: int = 30) -> list[HubModel]:
        """Repositories with GGUF files, the most downloaded first. Raises KnownError."""
        found = await self._hub.search(text.strip(), limit, self._hub_token_name())
        return [
            HubModel(
                repository=one.repository,
                downloads=one.downloads,
                likes=one.likes,
                is_gated=one.is_gated,
                updated_seconds=one.updated_seconds,
                n_parameters=one.n_parameters,
                context_tokens=one.context_tokens,
                architecture=one.architecture,
                licence=one.licence,
            )
            for one in found
        ]

    async def hub_files(self, repository: str) -> list[HubFile]:
        """The quantisations of a repository, smallest first; split files as one. Raises KnownError."""
        return [self._hub_file(group) for group in await self._hub_groups(repository)]

    async def hub_fit(self, file: HubFile) -> FitView:
        """From what the file says of itself, of which some megabytes are fetched. Raises KnownError.

        Where they say too little, it is the guess that `hub_files` has.
        """
        name, size = file.parts[0], file.sizes[0]
        for n_bytes in _BEGINNINGS:
            beginning = await self._hub.beginning(
                file.repository, file.revision, name, min(n_bytes, size), self._hub_token_name()
            )
            shape = await asyncio.to_thread(shape_of_beginning, name, beginning, size)
            if shape is not None:
                return await asyncio.to_thread(self._fits.of_shape, shape, file.size_bytes - size)
            if n_bytes >= size:
                break
        return self._fits.of_size(file.size_bytes)

    async def _hub_groups(self, repository: str) -> tuple[FileGroup, ...]:
        return await self._hub.files(repository.strip(), self._hub_token_name())

    def _hub_file(self, group: FileGroup) -> HubFile:
        places = [folder_of(group.repository, self.paths) / file.path for file in group.files]
        return HubFile(
            repository=group.repository,
            revision=group.revision,
            name=group.name,
            parts=tuple(file.path for file in group.files),
            size_bytes=group.size_bytes,
            quantisation=group.quantisation,
            sha256s=tuple(file.sha256 for file in group.files),
            sizes=tuple(file.size_bytes for file in group.files),
            fit=self._fits.of_size(group.size_bytes),
            path=places[0] if all(place.is_file() for place in places) else None,
        )

    async def set_hub_token(self, token: str | None) -> None:
        """Keep a token for the hub in use, once the hub took it; None: forget it. Raises KnownError."""
        if token is None:
            name, changes = self.settings.hub_token_name, ("", "", "")
            if name:
                await self._hub.forget_token(name)
        else:
            kept = await self._hub.keep_token(token)
            changes = (kept.token_name, kept.account, endpoint())
        self.change_settings(hub_token_name=changes[0], hub_account=changes[1], hub_token_endpoint=changes[2])

    def hub_token_state(self) -> HubTokenState:
        agreed = self.settings.hub_token_endpoint
        sentence = ""
        if self.settings.hub_token_name and agreed != endpoint():
            sentence = f"The token is for {agreed}, and is not sent to {endpoint()}."
        return HubTokenState(
            has_token=bool(self.settings.hub_token_name),
            account=self.settings.hub_account,
            endpoint=agreed,
            sentence=sentence,
        )

    def _hub_token_name(self) -> str:
        """Of the token that may be sent to the hub in use; empty: none."""
        return self.settings.hub_token_name if self.settings.hub_token_endpoint == endpoint() else ""

    # downloads

    def download(self, file: HubFile) -> str:
        """Begin, or go on with, a download; returns its id. Raises KnownError where there is no space for it."""
        if not is_repository(file.repository) or not all(is_safe(part) for part in file.parts) or not file.parts:
            raise KnownError(ErrorKind.BAD_REQUEST, f"{file.name} has a name that can't be stored. Choose another one.")
        files = tuple(
            RepositoryFile(path=path, size_bytes=size, sha256=sha256)
            for path, size, sha256 in zip(file.parts, file.sizes, file.sha256s, strict=True)
        )
        return self._downloads.add_files(
            FileGroup(
                repository=file.repository,
                revision=file.revision,
                name=file.name,
                quantisation=file.quantisation,
                files=files,
            )
        )

    def download_model(self, catalogue_id: str) -> str:
        """See download. The hub is asked for the files when it begins."""
        return self._downloads.add_entry(catalogue_id)

    def pause_download(self, id: str) -> None:
        """What came is kept; of a model that comes with pip it is not."""
        self._downloads.pause(id)

    def resume_download(self, id: str) -> None:
        """Of one that was paused, or failed."""
        self._downloads.resume(id)

    async def cancel_download(self, id: str) -> None:
        """Nothing of it is left. One that is done stays on the disk, and leaves the list."""
        await self._downloads.cancel(id)

    def downloads(self) -> list[DownloadView]:
        """Those that are not over, and those that ended since the start; oldest first."""
        return self._downloads.all()

    def look_at_downloads(self) -> None:
        """For a program that runs one command: nothing goes on by itself."""
        self._downloads.recover(go_on=False)

    async def wait_for_download(self, id: str) -> DownloadView:
        """Until it is over, or paused."""
        return await self._downloads.wait(id)

    async def _close_models(self) -> None:
        await asyncio.gather(self._downloads.close(), self._hub.close())
