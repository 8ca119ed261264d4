"""The commands over a running Core, wherever they were typed: here, or in another process (core/instance.py)."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app import logs
from app.cli import options
from app.cli.doctor import doctor
from app.cli.named_files import check_document
from app.cli.text import figures_line, job_line, summary_markdown
from app.core.core import Core
from app.core.events import (
    Event,
    JobChanged,
    ModelStateChanged,
    NoticeShown,
    PromptProgressed,
    ReplyEnded,
    ReplyGrew,
)
from app.core.instance import Console
from app.core.views import JobState, JobView, MessageState
from app.engine.interface import ModelState
from app.errors import KnownError

OK, FAILED, BUG = 0, 1, 70
STEPS = 10  # lines of progress a job, where there is no terminal to draw on
MILESTONE = "\n"  # what a console prints even where it draws no progress


class Commands:
    """Executes command lines on one Core. `has_window`: this program shows one."""

    def __init__(self, core: Core, *, has_window: bool) -> None:
        self._core = core
        self._has_window = has_window

    async def execute(self, arguments: Sequence[str], folder: Path, console: Console) -> int:
        """Run one command line; every failure is a sentence on the console and an exit code."""
        try:
            parsed = options.parse(arguments)
            self._check_model(parsed, folder)
            if parsed.command is None:
                return self._raise_window(console)
            command = {
                "chat": self._chat,
                "summarize": self._summarize,
                "jobs": self._jobs,
                "doctor": self._doctor,
                "serve": self._serve,
            }[parsed.command]
            return await command(parsed, folder, console)
        except (KnownError, options.UsageError) as error:
            console.err(f"{error}\n")
            return FAILED
        except BrokenPipeError:  # the reader of our output has gone
            raise
        except Exception:
            logs.topic("report").exception("a command failed through a fault of the program's own")
            console.err(f"This failed through a fault of Rubato's own. The report is in {self._core.paths.logs}.\n")
            return BUG

    def _check_model(self, parsed: argparse.Namespace, folder: Path) -> None:
        loaded = self._core.model_path
        if parsed.model is None or loaded is None:
            return
        if (folder / parsed.model).resolve() != loaded.resolve():
            raise options.UsageError(
                f"The running Rubato has {loaded.name} loaded. Choose the model there, or close it first."
            )

    def _raise_window(self, console: Console) -> int:
        if not self._has_window:
            raise options.UsageError(
                "A command is using this profile. Wait until it is done, or choose another folder with --profile."
            )
        self._core.raise_window()
        console.err("Rubato is open already; its window comes to the front.\n")
        return OK

    # chat

    async def _chat(self, parsed: argparse.Namespace, folder: Path, console: Console) -> int:
        ended: asyncio.Future[ReplyEnded] = asyncio.get_running_loop().create_future()
        chat_id = ""
        has_answer = False
        notices: list[str] = []

        def show(event: Event) -> None:
            nonlocal has_answer
            if isinstance(event, ModelStateChanged) and event.state is ModelState.LOADING:
                console.err(f"\rLoading {event.name}, {event.fraction:.0%}")
            elif isinstance(event, PromptProgressed) and event.chat_id == chat_id:
                console.err(f"\rReading the prompt, {event.n_read / max(1, event.n_total):.0%}")
            elif isinstance(event, ReplyGrew) and event.chat_id == chat_id:
                console.out(event.text)
                has_answer = True
            elif isinstance(event, NoticeShown) and event.is_error:
                notices.append(event.sentence)
            elif isinstance(event, ReplyEnded) and event.message.chat_id == chat_id and not ended.done():
                ended.set_result(event)

        remove = self._core.add_sink(show)
        try:
            existing = {chat.id for chat in self._core.chats()}
            known = parsed.chat if parsed.chat in existing else None
            chat_id = await self._core.send(known, parsed.prompt, new_id=parsed.chat or None)
            message = (await ended).message
        except asyncio.CancelledError:
            self._core.stop(chat_id)
            await self._core.wait_for_reply(chat_id)
            raise
        finally:
            remove()
            if has_answer:
                console.out("\n")
        if message.figures is not None:
            console.err(f"{figures_line(message.figures)}\n")
        if message.error:
            console.err(f"{message.error}\n")
        for sentence in dict.fromkeys(notices):  # a full disk tells it at each save
            console.err(f"{sentence}\n")
        has_failed = message.state in (MessageState.FAILED, MessageState.INTERRUPTED) or bool(notices)
        return FAILED if has_failed else OK

    # jobs

    async def _summarize(self, parsed: argparse.Namespace, folder: Path, console: Console) -> int:
        files = [folder / file.expanduser() for file in parsed.files]
        for file in files:
            check_document(file)
        job_ids = await self._core.summarize(files)
        return await self._work_off(job_ids, console, show_results=True)

    async def _work_off(self, job_ids: Sequence[str], console: Console, *, show_results: bool) -> int:
        steps: dict[str, int] = {}

        def show(event: Event) -> None:
            if isinstance(event, JobChanged) and event.job.id in job_ids:
                job = event.job
                step = job.items_done * STEPS // job.items_total if job.items_total else -1
                is_milestone = step > steps.get(job.id, -1) and job.state in _TO_RUN
                steps[job.id] = step
                console.err(f"\r{job_line(job)}{MILESTONE if is_milestone else ''}")
            elif isinstance(event, NoticeShown):
                console.err(f"{event.sentence}\n")
            elif isinstance(event, ModelStateChanged) and event.state is ModelState.FAILED and not no_model.done():
                no_model.set_result(event.sentence)

        no_model: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        remove = self._core.add_sink(show)
        if self._core.model_problem:
            no_model.set_result(self._core.model_problem)
        code = OK
        try:
            for id in job_ids:
                waiting = asyncio.ensure_future(self._core.wait_for_job(id))
                either: set[asyncio.Future[Any]] = {waiting, no_model}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    waiting.cancel()
                    console.err(f"{no_model.result()}\n")
                    return FAILED
                job = waiting.result()
                if job.state is JobState.DONE:
                    if show_results:
                        console.out(summary_markdown(self._core.summary(id)))
                    console.err(f"{job_line(job)}\n")
                else:
                    console.err(f"{job.error or job_line(job)}\n")
                    code = FAILED
        except asyncio.CancelledError:
            console.err("Stopped. What is left goes on at the next start, or with “rubato jobs run”.\n")
            raise
        finally:
            remove()
        return code

    async def _jobs(self, parsed: argparse.Namespace, folder: Path, console: Console) -> int:
        if parsed.action == "list":
            return list_jobs(self._core, console)
        if parsed.action == "run":
            unfinished = [job.id for job in self._core.jobs() if job.state in _TO_RUN]
            return await self._work_off(unfinished, console, show_results=False)
        job = find_job(self._core, parsed.id)
        if parsed.action == "show":
            console.out(summary_markdown(self._core.summary(job.id)))
        elif parsed.action == "cancel":
            self._core.cancel_job(job.id)
        elif parsed.action == "retry":
            self._core.retry_job(job.id)
            return await self._work_off([job.id], console, show_results=True)
        else:
            self._core.remove_job(job.id)
        return OK

    async def _doctor(self, parsed: argparse.Namespace, folder: Path, console: Console) -> int:
        return await doctor(self._core, console)

    async def _serve(self, parsed: argparse.Namespace, folder: Path, console: Console) -> int:
        from app.server.serve import serve  # HTTP is imported only where it is spoken

        return await serve(self._core, parsed.port, console)


_TO_RUN = (JobState.READING, JobState.QUEUED, JobState.RUNNING)


def list_jobs(core: Core, console: Console, *, is_running: bool = True) -> int:
    """One line a job, oldest first. Needs an open Core, not a running one (`is_running`)."""
    jobs = core.jobs()
    is_waiting = False
    for job in jobs:
        if not is_running and job.state in _TO_RUN:  # as the program left it that worked on it last
            is_waiting = True
            job = dataclasses.replace(job, state=JobState.QUEUED)
        console.out(f"{job.id[:8]}  {job_line(job)}\n")
    if not jobs:
        console.err("There are no jobs. “rubato summarize FILE” makes one.\n")
    if is_waiting:
        console.err("Nothing is running now. What is queued goes on with “rubato jobs run”, or in the window.\n")
    return OK


def find_job(core: Core, start: str) -> JobView:
    """The job whose id starts so. Raises UsageError for none or several."""
    found = [job for job in core.jobs() if start and job.id.startswith(start)]
    if len(found) != 1:
        raise options.UsageError(f"{'No' if not found else 'More than one'} job is called {start!r}. See rubato jobs.")
    return found[0]
