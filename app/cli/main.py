"""Entrance of the command line: finds the running program or becomes it, then runs the command."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from app import diagnostics, logs
from app import settings as settings_file
from app.cli import ctrl_c, display, models
from app.cli.bench import bench
from app.cli.codes import BUG, FAILED, USAGE
from app.cli.commands import Commands
from app.cli.console import TerminalConsole
from app.cli.ctrl_c import INTERRUPTED
from app.cli.interrupts import Interrupts
from app.cli.jobs import list_jobs, look_at
from app.cli.moving import move
from app.cli.named_files import files_to_open
from app.cli.new_jobs import KIND_OF
from app.cli.options import UsageError
from app.cli.repl import converse
from app.core.core import Core, EventSink
from app.core.instance import HostGone, Instance, forward
from app.core.side_engine import SIDE_CONTEXT
from app.engine.local import local_engine
from app.errors import KnownError
from app.paths import Paths, profile_paths, user_paths
from app.settings import Settings

ShowWindow = Callable[[Callable[[EventSink], Core], Settings, Sequence[Path]], int]
"""Runs the window on a Core, made on the core thread, with files to open in it; the exit code."""


def paths_of(options: argparse.Namespace) -> Paths:
    return profile_paths(options.profile) if options.profile is not None else user_paths()


def new_core(options: argparse.Namespace, paths: Paths, publish: EventSink, settings: Settings) -> Core:
    """The Core that a face of this program runs on."""
    is_fake = options.engine == "fake"
    new_engine = partial(
        local_engine,
        paths.logs,
        backend="fake" if is_fake else "llama",
        options=(
            ["--seconds-per-token", str(options.fake_seconds_per_token)]
            if is_fake
            else [f"--tuning={paths.tuning}", *(f"--debug={topic}" for topic in options.debug)]
        ),
    )
    engine = new_engine(kv_folder=paths.kv, kv_disk_bytes=int(settings.kv_disk_gb * 1e9))
    model = options.model.expanduser().resolve() if options.model is not None else None
    if model is None and options.engine == "fake":
        model = Path("fake.gguf")
    new_side_engine = partial(new_engine, context_tokens=SIDE_CONTEXT)
    return Core(paths, engine, publish, settings=settings, model=model, new_side_engine=new_side_engine)


def run(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Run a command (not the window). Prints one sentence for what a person can act on."""
    console = TerminalConsole()
    interrupts = Interrupts()
    try:
        paths = paths_of(options)
        paths.make_folders()
        logs.start(paths.logs, "command", debug_topics=tuple(options.debug))
        diagnostics.dump_stacks_on_signal(sys.stderr)
        arguments = _with_piped_prompt(options, list(arguments))
        with ctrl_c.as_exception():
            return asyncio.run(_Run(options, arguments, paths, console, interrupts).run())
    except KnownError as error:
        console.err(f"{error}\n")
        return FAILED
    except UsageError as error:
        console.err(f"{error}\n")
        return USAGE
    except (KeyboardInterrupt, asyncio.CancelledError):
        return interrupts.code
    except BrokenPipeError:  # the reader of our output has gone: head, less
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception:
        return _report_bug(paths_of(options), console)


def run_window(
    options: argparse.Namespace,
    arguments: Sequence[str],
    load_window: Callable[[], ShowWindow],
    show_problem: Callable[[str], None],
) -> int:
    """Open the window, or bring the one that is open on this profile to the front. Without a display: the terminal.

    `load_window` imports Qt, and may raise ImportError.
    """
    console = TerminalConsole()
    try:
        why_none = display.why_none()
        if why_none:
            return _run_in_terminal(options, arguments, why_none, console)
        paths = paths_of(options)
        paths.make_folders()
        logs.start(paths.logs, "window", debug_topics=tuple(options.debug))
        diagnostics.dump_stacks_on_signal(sys.stderr)
        while (instance := Instance.claim(paths)) is None:
            with contextlib.suppress(HostGone), ctrl_c.as_exception():
                return asyncio.run(forward(paths, arguments, Path.cwd(), console))
        try:
            show = load_window()
        except ImportError as error:
            instance.release()
            why_none = display.import_problem(error)
            if not why_none:
                raise
            return _run_in_terminal(options, arguments, why_none, console)
        settings = settings_file.load(paths.settings)

        def make_core(publish: EventSink) -> Core:
            core = new_core(options, paths, publish, settings)
            core.host(instance, Commands(core, has_window=True).execute)
            return core

        return show(make_core, settings, files_to_open(options, Path.cwd()))
    except KnownError as error:
        console.err(f"{error}\n")
        if not sys.stderr.isatty() and os.environ.get("QT_QPA_PLATFORM") != "offscreen":
            show_problem(error.sentence)  # started from a desktop, where nobody sees standard error
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        return _report_bug(paths_of(options), console)


def _run_in_terminal(
    options: argparse.Namespace, arguments: Sequence[str], why_none: str, console: TerminalConsole
) -> int:
    if options.command == "open":
        console.err(f"{why_none}, so no file can be opened in it. In the terminal: rubato summarize FILE.\n")
        return FAILED
    console.err(f"{why_none}, so Rubato opens in the terminal.\n")
    options.command, options.prompt, options.chat = "chat", None, ""
    return run(options, [*arguments, "chat"])


def _report_bug(paths: Paths, console: TerminalConsole) -> int:
    logs.topic("report").exception("a fault of the program's own")
    console.err(f"Rubato failed through a fault of its own. The report is in the newest file of {paths.logs}.\n")
    return BUG


def _with_piped_prompt(options: argparse.Namespace, arguments: list[str]) -> list[str]:
    """`rubato chat < FILE`: what is piped in is the prompt."""
    if options.command == "chat" and options.prompt is None and not (sys.stdin and sys.stdin.isatty()):
        options.prompt = sys.stdin.buffer.read().decode("utf-8", "replace") if sys.stdin else ""
        return [*arguments, "--", options.prompt]
    return arguments


class _Run:
    """One command line on its way: here where the profile is free, else in the program that has it."""

    def __init__(
        self,
        options: argparse.Namespace,
        arguments: Sequence[str],
        paths: Paths,
        console: TerminalConsole,
        interrupts: Interrupts,
    ) -> None:
        self._options = options
        self._arguments = arguments
        self._paths = paths
        self._console = console
        self._interrupts = interrupts

    async def run(self) -> int:
        self._interrupts.watch()
        options, paths, console = self._options, self._paths, self._console
        if options.command == "models":
            if options.action == "get":
                return await models.get_model(options.id, paths, console)
            return models.list_models(paths, console)
        if options.command == "bench":
            return await self._interrupts.run(bench(options, paths, console))
        while (instance := Instance.claim(paths)) is None:
            with contextlib.suppress(HostGone):
                return await self._talk(self._forward)
        settings = settings_file.load(paths.settings)
        core = new_core(options, paths, lambda event: None, settings)
        if options.command in ("export", "import") or (
            options.command == "jobs" and options.action in ("list", "show", "items", "export")
        ):
            return await self._look_at(core)
        if options.model is None and options.engine != "fake":
            self._tell_of_lost_model(settings)
        return await self._as_host(instance, core)

    async def _look_at(self, core: Core) -> int:
        """What needs no engine."""
        core.open()
        try:
            if self._options.command != "jobs":
                return await move(core, self._options, Path.cwd(), self._console)
            if self._options.action == "list":
                return list_jobs(core, self._console, as_json=self._options.json, is_running=False)
            return await look_at(core, self._options, Path.cwd(), self._console)
        finally:
            await core.close()

    async def _forward(self, line: Sequence[str]) -> int:
        """In the program that has the profile, where a job goes on without this one."""
        try:
            return await forward(self._paths, line, Path.cwd(), self._console)
        except asyncio.CancelledError:
            if self._options.command in (*KIND_OF, "jobs"):
                self._console.err("Jobs go on in the running Rubato. “rubato jobs” tells how far they are.\n")
            raise

    async def _as_host(self, instance: Instance, core: Core) -> int:
        commands = Commands(core, has_window=False)
        core.host(instance, commands.execute)
        try:
            await core.start()
            code = await self._talk(lambda line: commands.execute(line, Path.cwd(), self._console, is_own=True))
            await instance.wait_for_guests()
            return code
        finally:
            await core.close()

    async def _talk(self, execute: Callable[[Sequence[str]], Coroutine[Any, Any, int]]) -> int:
        """The command, or a conversation of many."""
        if self._options.command == "chat" and self._options.prompt is None:
            model = [] if self._options.model is None else [f"--model={self._options.model}"]
            return await converse(lambda line: self._interrupts.run(execute([*model, *line])), self._console)
        return await self._interrupts.run(execute(self._arguments))

    def _tell_of_lost_model(self, settings: Settings) -> None:
        if settings.model and not Path(settings.model).is_file():
            self._console.err(
                f"The chosen model {settings.model} is not there any more, so the starter model is used.\n"
            )
