"""`--dry-run`: what a job would do, from a draft that is gone afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.cli.codes import FAILED, OK, SOME_FAILED
from app.cli.results import print_json
from app.cli.text import preview_text
from app.core.core import Core
from app.core.events import Event, JobChanged, ModelStateChanged
from app.core.instance import Console
from app.core.job_options import JobOptions
from app.core.views import JobPreview
from app.engine.interface import ModelState


async def dry_run(
    core: Core,
    kind: str,
    params: msgspec.Struct,
    files: Sequence[Path],
    options: JobOptions,
    console: Console,
    *,
    as_json: bool,
) -> int:
    """Prints it; the exit code. Raises KnownError."""
    moved = asyncio.Event()

    def hear(event: Event) -> None:
        if isinstance(event, JobChanged | ModelStateChanged):
            moved.set()

    remove = core.add_sink(hear)
    job_id = await core.add_job(kind, params, files, options, is_draft=True)
    try:
        preview = await _whole_preview(core, job_id, moved, console)
    finally:
        remove()
        core.remove_job(job_id)
    if as_json:
        print_json(preview, console)
    else:
        console.out(preview_text(preview))
    problem = preview.problem or (core.model_problem if preview.is_reading else "")
    if problem:
        console.err(f"{problem}\n")
        return FAILED
    return SOME_FAILED if preview.n_failed else OK


async def _whole_preview(core: Core, job_id: str, moved: asyncio.Event, console: Console) -> JobPreview:
    """Once all is read; or as far as that goes without a model."""
    while True:
        moved.clear()
        preview = await core.preview_job(job_id)
        if not preview.is_reading or core.model_state is ModelState.FAILED:
            return preview
        console.err(f"\rLooking at {preview.n_documents:,} documents, {preview.n_items:,} items so far")
        await moved.wait()
