"""`rubato models`: what there is, and getting one. Needs no engine and no running program."""

from __future__ import annotations

from app.core.instance import Console
from app.downloads import catalogue
from app.downloads.download import place_model
from app.downloads.messages import DownloadProgressed
from app.downloads.models_folder import find_model
from app.errors import ErrorKind, KnownError
from app.paths import Paths


def list_models(paths: Paths, console: Console) -> int:
    for entry in catalogue.load().models:
        place = find_model(entry, paths)
        console.out(f"{entry.id:28} {entry.size_bytes / 1e6:7.0f} MB  {place or 'not on this machine'}\n")
    return 0


async def get_model(model_id: str, paths: Paths, console: Console) -> int:
    """Put a model of the catalogue in place; at once where it is there. Raises KnownError."""
    entry = catalogue.load().entry(model_id or catalogue.STARTER_ID)
    if entry is None:
        raise KnownError(ErrorKind.BAD_REQUEST, f"The catalogue has no model {model_id}. See rubato models.")

    def show(progress: DownloadProgressed) -> None:
        console.err(f"\r{entry.name}: {progress.done_bytes / 1e6:.0f} of {progress.total_bytes / 1e6:.0f} MB")

    path = await place_model(entry, paths, on_progress=show)
    console.err(f"{entry.name} is in place: {path}\n")
    return 0
