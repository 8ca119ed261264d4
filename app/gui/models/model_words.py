"""Models in words: what stands in the second line of a row. Knows no widget."""

from __future__ import annotations

from datetime import datetime

from app.core.model_views import CatalogueModel, DownloadState, DownloadView, HubFile, HubModel, LocalModel, ModelPlace
from app.gui import words
from app.gui.core_words import retold
from app.gui.models.verdict import expected_speed
from app.gui.tongue import mark, tr

_PLACES = {
    ModelPlace.OWN: "",
    ModelPlace.OLLAMA: mark("from Ollama"),
    ModelPlace.LM_STUDIO: mark("from LM Studio"),
    ModelPlace.ADDED: mark("added"),
}


def parameters(count: int) -> str:
    """ "135 M", "8.0 B": as models are called."""
    if count >= 1_000_000_000:
        return tr("{number} B parameters", number=words.decimal(count / 1e9))
    return tr("{number} M parameters", number=words.number(int(count / 1e6 + 0.5)))


def of_local(model: LocalModel) -> str:
    """ "Q4_1 · 98 MB · about 80 tok/s · in memory · from Ollama"."""
    place = _PLACES[model.place]
    parts = (
        "" if model.quantisation in model.name else model.quantisation,
        words.size(model.size_bytes),
        expected_speed(model.fit),
        tr("in memory") if model.is_kept else "",
        tr(place) if place else "",
    )
    return words.DOT.join(part for part in parts if part)


def of_catalogue(model: CatalogueModel) -> str:
    """ "1.7 B parameters · 1.1 GB · about 12 tok/s · Apache-2.0"."""
    size = words.size(model.size_bytes) if model.size_bytes else ""
    parts = (
        parameters(model.n_parameters),
        tr("about {size}", size=size) if model.is_size_estimated and size else size,
        expected_speed(model.fit),
        model.licence,
        tr("asks for an account") if model.is_gated else "",
    )
    return words.DOT.join(part for part in parts if part)


def about(model: CatalogueModel) -> str:
    """What it is good at, and what is peculiar about it."""
    return " ".join(tr(sentence) for sentence in (model.good_at, *model.quirks))


def of_repository(model: HubModel) -> str:
    """ "8.0 B parameters · 120,000 downloads · updated 3 Mar"."""
    updated = words.when(model.updated_seconds, datetime.now()) if model.updated_seconds else ""
    parts = (
        parameters(model.n_parameters) if model.n_parameters else "",
        tr("{number} downloads a month", number=words.number(model.downloads)),
        tr("updated {when}", when=updated) if updated else "",
        model.licence,
        tr("asks for an account") if model.is_gated else "",
    )
    return words.DOT.join(part for part in parts if part)


def of_file(file: HubFile) -> str:
    """ "1.1 GB · about 12 tok/s"."""
    parts = (words.size(file.size_bytes), expected_speed(file.fit))
    return words.DOT.join(part for part in parts if part)


def of_download(download: DownloadView) -> str:
    """ "43 % of 1.1 GB · 3.1 MB/s · about 4 min left", or why it does not move."""
    fraction = download.done_bytes / download.total_bytes if download.total_bytes else 0.0
    far = tr("{percent} of {size}", percent=words.percent(fraction), size=words.size(download.total_bytes))
    match download.state:
        case DownloadState.WAITING:
            return retold(download.sentence) if download.sentence else tr("Waits for its turn")
        case DownloadState.PAUSED:
            return words.DOT.join((tr("Paused"), far))
        case DownloadState.CHECKING:
            return tr("Checking that every byte is right, {percent}", percent=words.percent(fraction))
        case DownloadState.FAILED:
            return retold(download.sentence) or tr("It broke off.")
        case DownloadState.DONE:
            return words.DOT.join((tr("Ready"), words.size(download.total_bytes)))
    parts = [far]
    if download.bytes_per_second > 0:
        parts.append(tr("{size}/s", size=words.size(round(download.bytes_per_second))))
    if download.seconds_left is not None:
        parts.append(words.time_left(download.seconds_left))
    return words.DOT.join(parts)
