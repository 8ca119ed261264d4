"""What a face asks of models and downloads: the part of Core that is about them."""

from __future__ import annotations

from pathlib import Path

from app.core.model_views import CatalogueModel, DownloadView, HubFile, HubModel, HubTokenState, LocalModel
from app.errors import ErrorKind, KnownError


class ModelCalls:
    """See Core."""

    def catalogue(self) -> list[CatalogueModel]:
        """The models that Rubato knows, smallest first; each with its file where it is on this machine."""
        raise _not_yet()

    def local_models(self) -> list[LocalModel]:
        """Every model file on this machine: Rubato's, Ollama's and LM Studio's in place, and those that were added."""
        raise _not_yet()

    def add_local(self, path: Path) -> None:
        """A GGUF file, or a folder of them, that stays where it is. Raises KnownError."""
        raise _not_yet()

    async def search_hub(self, text: str, limit: int = 30) -> list[HubModel]:
        """Repositories with GGUF files, the most downloaded first. Raises KnownError."""
        raise _not_yet()

    async def hub_files(self, repository: str) -> list[HubFile]:
        """The quantisations of a repository, smallest first; split files as one. Raises KnownError."""
        raise _not_yet()

    def download(self, file: HubFile) -> str:
        """Begin, or go on with, a download; returns its id. Raises KnownError where there is no space for it."""
        raise _not_yet()

    def download_model(self, catalogue_id: str) -> str:
        """See download."""
        raise _not_yet()

    def pause_download(self, id: str) -> None:
        raise _not_yet()

    def resume_download(self, id: str) -> None:
        """Of one that was paused, or failed."""
        raise _not_yet()

    def cancel_download(self, id: str) -> None:
        """Nothing of it is left."""
        raise _not_yet()

    def downloads(self) -> list[DownloadView]:
        """Those that are not over, and those that ended since the start; oldest first."""
        return []

    async def set_hub_token(self, token: str | None) -> None:
        """Keep a token for the hub in use, once the hub took it; None: forget it. Raises KnownError."""
        raise _not_yet()

    def hub_token_state(self) -> HubTokenState:
        raise _not_yet()

    def delete_model(self, path: Path) -> None:
        """One of Rubato's own is deleted; one that was added is only forgotten. Raises KnownError."""
        raise _not_yet()


def _not_yet() -> KnownError:
    return KnownError(ErrorKind.BAD_REQUEST, "This part of Rubato is not built yet.")
