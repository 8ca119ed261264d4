"""The commands that make jobs, and those about the jobs there are. See cli/commands.py for where they run."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from app.cli.batch import batch_params, go_on
from app.cli.codes import OK
from app.cli.dry_run import dry_run
from app.cli.new_jobs import KIND_OF, files_of, options_of, params_of, place_of
from app.cli.options import UsageError
from app.cli.results import print_json, print_results
from app.cli.text import is_under_way, item_line, job_line
from app.cli.work_off import WorkOff
from app.core.core import Core
from app.core.instance import Console
from app.core.views import ItemState, JobState, JobView
from app.errors import ErrorKind, KnownError

PAGE = 500  # items that are listed at a time


class JobCommands:
    """On one Core, for one console. `is_own`: the program runs this command only, and ends with it."""

    def __init__(self, core: Core, folder: Path, console: Console, *, is_own: bool) -> None:
        self._core = core
        self._folder = folder
        self._console = console
        self._is_own = is_own

    async def make(self, parsed: argparse.Namespace) -> int:
        """`rubato summarize`, `classify`, `extract`, `map`."""
        params = params_of(parsed, self._folder)
        return await self._new(parsed, KIND_OF[parsed.command], params, files_of(parsed, self._folder))

    async def batch(self, parsed: argparse.Namespace) -> int:
        """`rubato batch run`."""
        files = files_of(parsed, self._folder)
        output, format = place_of(parsed.output, self._folder)
        if format != "jsonl":
            raise UsageError(f"A batch writes JSON lines: name a file .jsonl, not {output.name}.")
        params = await batch_params(files[0])
        if not parsed.dry_run:
            earlier = await go_on(self._core, params, output, self._console)
            if earlier is not None:
                return await self._see_to(parsed, [earlier])
        return await self._new(parsed, "batch", params, files)

    async def _new(self, parsed: argparse.Namespace, kind: str, params: msgspec.Struct, files: Sequence[Path]) -> int:
        options = options_of(parsed, self._folder, files, self._core.jobs(), datetime.now().astimezone())
        if parsed.dry_run:
            return await dry_run(self._core, kind, params, files, options, self._console, as_json=parsed.json)
        job_id = await self._core.add_job(kind, params, files, options)
        return await self._see_to(parsed, [job_id])

    async def about(self, parsed: argparse.Namespace) -> int:
        """`rubato jobs …`."""
        core, console = self._core, self._console
        if parsed.action == "list":
            return list_jobs(core, console, as_json=parsed.json)
        if parsed.action == "run" and not parsed.id:
            queued = [job.id for job in core.jobs() if is_under_way(job)]
            if not queued:
                console.err("Nothing is queued.\n")
            return await self._see_to(parsed, queued)
        job = find_job(core, parsed.id)
        match parsed.action:
            case "show" | "items" | "export":
                return await look_at(core, parsed, self._folder, console)
            case "run":
                if job.state is JobState.PAUSED:
                    core.resume_job(job.id)
                elif job.state is JobState.DRAFT:
                    core.start_job(job.id)
                return await self._see_to(parsed, [job.id])
            case "pause":
                core.pause_job(job.id)
            case "resume":
                core.resume_job(job.id)
                return await self._see_to(parsed, [job.id])
            case "retry":
                core.retry_job(job.id)
                return await self._see_to(parsed, [job.id])
            case "clone":
                id = await core.clone_job(job.id)
                core.start_job(id)
                return await self._see_to(parsed, [id])
            case "cancel":
                core.cancel_job(job.id)
            case "remove":
                core.remove_job(job.id)
                return OK
            case "first":
                core.put_job_first(job.id, not parsed.off)
            case "use-model":
                core.use_loaded_model(job.id)
        self._tell(find_job(core, job.id))
        return OK

    async def _see_to(self, parsed: argparse.Namespace, job_ids: Sequence[str]) -> int:
        """Watch jobs until they are over, or leave them to the queue."""
        if getattr(parsed, "detach", False):
            for id in job_ids:
                self._leave(parsed, find_job(self._core, id))
            return OK
        with_results = not (parsed.command == "jobs" and parsed.action == "run")
        try:
            work_off = WorkOff(self._core, job_ids, self._console)
            return await work_off.run(with_results=with_results, as_json=parsed.json)
        finally:
            left = [job for job in self._core.jobs() if job.id in job_ids and is_under_way(job)]
            if left and self._is_own and not any(job.can_change_model for job in left):
                self._console.err(
                    f"Stopped. What is left goes on with “{again(parsed, left)}”, or when the window is opened.\n"
                )

    def _leave(self, parsed: argparse.Namespace, job: JobView) -> None:
        if parsed.json:
            print_json(job, self._console)
        else:
            self._console.out(f"{job.id[:8]}\n")
        if self._is_own:
            self._console.err(
                f"{job.title} is queued. Nothing works on it now: it goes on with “{again(parsed, [job])}”, or when "
                "the window is opened.\n"
            )
        else:
            self._console.err(f"{job.title} is queued; “rubato jobs” tells how far it is.\n")

    def _tell(self, job: JobView) -> None:
        self._console.err(f"{job.id[:8]}  {job_line(job)}\n")


async def look_at(core: Core, parsed: argparse.Namespace, folder: Path, console: Console) -> int:
    """`rubato jobs list`, `show`, `items`, `export`: on a Core that is open, running or not."""
    job = find_job(core, parsed.id)
    if parsed.action == "export":
        path, format = place_of(parsed.output, folder)
        await core.export_job(job.id, path, format)
        console.err(f"{job_line(job)}\nResults: {path}\n")
    elif parsed.action == "show":
        await print_results(core, job.id, console, as_json=parsed.json)
        if job.state is not JobState.DONE:
            console.err(f"{job_line(job)}\n")
    else:
        _list_items(core, job, parsed, console)
    return OK


def _list_items(core: Core, job: JobView, parsed: argparse.Namespace, console: Console) -> None:
    state = ItemState(parsed.state) if parsed.state else None
    offset, page = 0, core.items(job.id, state=state, limit=PAGE)
    while page.items:
        if parsed.json:
            for item in page.items:
                print_json(item, console)
        else:
            console.out("".join(f"{item_line(item)}\n" for item in page.items))
        offset += len(page.items)
        page = core.items(job.id, state=state, offset=offset, limit=PAGE)


def list_jobs(core: Core, console: Console, *, as_json: bool, is_running: bool = True) -> int:
    """One line a job, in the order of the queue. Needs an open Core, not a running one (`is_running`)."""
    jobs = core.jobs()
    is_waiting = False
    for job in jobs:
        if not is_running and is_under_way(job):  # as the program left it that worked on it last
            is_waiting = True
            job = dataclasses.replace(job, state=JobState.QUEUED, waits="", can_change_model=False)
        if as_json:
            print_json(job, console)
        else:
            console.out(f"{job.id[:8]}  {job_line(job)}\n")
    if not jobs:
        console.err("There are no jobs. “rubato summarize FILE” makes one.\n")
    if is_waiting:
        console.err("Nothing is running now. What is queued goes on with “rubato jobs run”, or in the window.\n")
    return OK


def find_job(core: Core, start: str) -> JobView:
    """The job whose id starts so. Raises KnownError for none or several."""
    found = [job for job in core.jobs() if start and job.id.startswith(start)]
    if len(found) != 1:
        which = "No" if not found else "More than one"
        raise KnownError(ErrorKind.BAD_REQUEST, f"{which} job is called {start!r}. See rubato jobs.")
    return found[0]


def again(parsed: argparse.Namespace, jobs: Sequence[JobView]) -> str:
    """The command that goes on with these."""
    words = ["rubato"]
    if parsed.profile is not None:
        words += ["--profile", str(parsed.profile)]
    words += ["jobs", "run", *([jobs[0].id[:8]] if len(jobs) == 1 else [])]
    return shlex.join(words)
