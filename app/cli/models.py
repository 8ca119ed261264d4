"""`rubato models`: what there is, the hub, downloads. Runs in the program that has the profile, and needs no engine."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from pathlib import Path

from app.cli.codes import FAILED, OK
from app.cli.text import duration
from app.core.core import Core
from app.core.events import DownloadChanged, Event
from app.core.instance import Console
from app.core.model_views import DownloadState, DownloadView, FitView, HubFile
from app.downloads import catalogue
from app.downloads.models_folder import find_model
from app.engine.verdict import Verdict
from app.errors import ErrorKind, KnownError

ACTIONS = {
    "list": "what there is and what could be (without a word)",
    "search": "TEXT: repositories of the hub",
    "files": "OWNER/NAME: the quantisations in a repository",
    "get": "ID, or OWNER/NAME:QUANTISATION: download it; without one the starter model",
    "downloads": "what is being downloaded",
    "pause": "ID of a download",
    "resume": "ID of a download",
    "cancel": "ID of a download: nothing of it is left",
    "token": "for the hub: asked for, or from standard input; --forget removes it",
    "add": "FILE or folder that stays where it is",
    "remove": "FILE: deletes a model of Rubato's, forgets one that was added",
}


def read_token(options: argparse.Namespace) -> str:
    """Not from the command line, which other people of this machine can see."""
    if options.forget:
        return ""
    if sys.stdin and sys.stdin.isatty():
        return getpass.getpass("Token of the hub (it is not shown): ")
    return sys.stdin.readline().strip() if sys.stdin else ""


async def about_models(core: Core, options: argparse.Namespace, folder: Path, console: Console) -> int:
    """One action. Raises KnownError."""
    subject: str = options.subject
    if options.action not in ("list", "get", "downloads", "token") and not subject:
        raise KnownError(
            ErrorKind.BAD_REQUEST, f"rubato models {options.action} needs a word after it: {ACTIONS[options.action]}."
        )
    match options.action:
        case "search":
            for model in await core.search_hub(subject):
                gated = "  needs a token" if model.is_gated else ""
                size = f"{model.n_parameters / 1e9:5.1f} B" if model.n_parameters else "       "
                console.out(f"{model.repository:60} {size}  {model.downloads:>10,} downloads{gated}\n")
        case "files":
            for file in await core.hub_files(subject):
                console.out(f"{_file_line(file)}\n")
        case "get":
            return await _get(core, subject or catalogue.STARTER_ID, console)
        case "downloads":
            for download in core.downloads():
                console.out(f"{download_line(download)}  [{download.id}]\n")
        case "pause":
            core.pause_download(subject)
        case "resume":
            core.resume_download(subject)
        case "cancel":
            await core.cancel_download(subject)
        case "token":
            await _token(core, options, console)
        case "add":
            await core.add_local((folder / subject).expanduser())
        case "remove":
            await core.delete_model((folder / subject).expanduser())
        case _:
            await _list(core, console)
    return OK


async def _list(core: Core, console: Console) -> None:
    lists = await core.model_lists()
    for model in lists.catalogue:
        about = "~" if model.is_size_estimated else ""
        size = about + _gb(model.size_bytes)
        console.out(f"{model.id:32} {size:>9}  {_judged(model.fit):34} {model.path or 'not on this machine'}\n")
    known = {model.path for model in lists.catalogue}
    for local in lists.local:
        if local.path not in known:
            said = f"{local.path} ({local.place.value})"
            console.out(f"{local.name:32} {_gb(local.size_bytes):>9}  {_judged(local.fit):34} {said}\n")


def _judged(fit: FitView | None) -> str:
    """ "fits, 0.7 of 6.2 GB, ~80 tok/s": the word, what it takes of what is free, and how fast it would be."""
    if fit is None:
        return ""
    speed = f", ~{fit.expected_tokens_per_second:.3g} tok/s" if fit.expected_tokens_per_second else ""
    return f"{_word(fit)}, {fit.needed_bytes / 1e9:.1f} of {fit.free_bytes / 1e9:.1f} GB{speed}"


async def _get(core: Core, subject: str, console: Console) -> int:
    entry = catalogue.load().entry(subject)
    if entry is not None and (found := await asyncio.to_thread(find_model, entry, core.paths)) is not None:
        console.err(f"{entry.name} is in place: {found}\n")
        return OK

    def show(event: Event) -> None:
        if isinstance(event, DownloadChanged):
            console.err(f"\r{download_line(event.download)}")

    remove = core.add_sink(show)
    try:
        id = await _begin(core, subject, console)
        done = await core.wait_for_download(id)
    finally:
        remove()
    if done.state is DownloadState.DONE:
        console.err(f"{done.name} is in place: {done.path}\n")
        return OK
    if done.state is DownloadState.PAUSED:
        console.err(f"{done.name} is paused. “rubato models resume {id}” goes on.\n")
        return OK
    console.err(f"{done.sentence}\n")
    return FAILED


async def _begin(core: Core, subject: str, console: Console) -> str:
    """A model of the catalogue, OWNER/NAME:QUANTISATION, or a download that there is."""
    if any(download.id == subject for download in core.downloads()):
        core.resume_download(subject)
        return subject
    repository, _, wanted = subject.partition(":")
    if "/" not in repository:
        return core.download_model(subject)
    files = await core.hub_files(repository)
    fitting = [file for file in files if wanted.lower() in (file.quantisation.lower(), file.name.lower())]
    if len(fitting) != 1:
        kinds = ", ".join(dict.fromkeys(file.quantisation or file.name for file in files))
        raise KnownError(
            ErrorKind.BAD_REQUEST, f"Name one of its files, as in “{repository}:{files[0].quantisation}”: {kinds}."
        )
    fit = await core.hub_fit(fitting[0])
    if fit.word is not Verdict.FITS:
        console.err(f"{fit.sentence}\n")
    return core.download(fitting[0])


async def _token(core: Core, options: argparse.Namespace, console: Console) -> None:
    if options.forget:
        await core.set_hub_token(None)
        console.err("The token is forgotten.\n")
        return
    await core.set_hub_token(options.token)
    state = core.hub_token_state()
    console.err(f"The token of {state.account} is kept, and sent to {state.endpoint} only.\n")


def download_line(download: DownloadView) -> str:
    """How a download stands, in one line."""
    fraction = download.done_bytes / download.total_bytes if download.total_bytes else 0.0
    parts = [f"{fraction:4.0%}", f"{_gb(download.done_bytes)} of {_gb(download.total_bytes)}"]
    if download.bytes_per_second:
        parts.append(f"{download.bytes_per_second / 1e6:.1f} MB/s")
    if download.seconds_left is not None:
        parts.append(f"about {duration(download.seconds_left)} left")
    if download.state is not DownloadState.RUNNING:
        parts.append(download.state.value)
    if download.sentence:
        parts.append(download.sentence)
    return " · ".join([*parts, download.name])


def _file_line(file: HubFile) -> str:
    n_parts = f" in {len(file.parts)} parts" if len(file.parts) > 1 else ""
    there = f"  {file.path}" if file.path else ""
    return f"{file.quantisation or '–':12} {_gb(file.size_bytes):>9}  {_word(file.fit):12} {file.name}{n_parts}{there}"


def _word(fit: FitView | None) -> str:
    return fit.word.value if fit else ""


def _gb(n: int) -> str:
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{n / 1e6:.0f} MB"
