"""Results of jobs on standard output, and what failed on standard error."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import msgspec

from app.cli.text import MOST_SHOWN, result_text
from app.core.core import Core
from app.core.instance import Console
from app.core.output_layouts import json_line
from app.core.results import Result
from app.core.summaries import named_reason
from app.core.views import ItemState, ItemView, JobPreview, JobView

SLICE = 100  # results that are printed at a time


async def print_results(core: Core, job_id: str, console: Console, *, as_json: bool) -> None:
    """What a job has so far."""
    results = core.results(job_id)
    first = list(itertools.islice(results, 2))
    is_only = len(first) == 1
    rest: Iterator[Result] = itertools.chain(first, results)
    while some := list(itertools.islice(rest, SLICE)):
        lines = [json_line(one) if as_json else result_text(one, is_only=is_only) for one in some]
        console.out("".join(lines))
        await asyncio.sleep(0)


def print_failures(core: Core, job: JobView, console: Console) -> None:
    """The documents and items that failed, each with its reason."""
    if job.documents_failed:
        failed = [document for document in core.documents(job.id) if document.error]
        for document in failed[:MOST_SHOWN]:
            console.err(f"{named_reason(document.name, document.error)}\n")
        _print_rest(len(failed), f"rubato jobs show {job.id[:8]} --json", console)
    if job.items_failed:
        page = core.items(job.id, state=ItemState.FAILED, limit=MOST_SHOWN)
        for item in page.items:
            console.err(f"{item.name}: {item.output}\n")
        _print_rest(page.total, f"rubato jobs items {job.id[:8]} --state failed", console)


def _print_rest(n: int, command: str, console: Console) -> None:
    if n > MOST_SHOWN:
        console.err(f"… and {n - MOST_SHOWN:,} more: {command}\n")


def print_json(view: JobView | JobPreview | ItemView, console: Console) -> None:
    """A view in one line, with its own names."""
    console.out(msgspec.json.encode(view).decode() + "\n")
