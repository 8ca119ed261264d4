"""Entrance of the command line: finds the running program or becomes it, then runs the command."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from app import diagnostics, logs
from app import settings as settings_file
from app.cli import ctrl_c
from app.cli.codes import FAILED, USAGE
from app.cli.commands import Commands
from app.cli.console import TerminalConsole
from app.cli.interrupts import Interrupts
from app.cli.jobs import list_jobs, look_at
from app.cli.models import about_models, read_token
from app.cli.moving import move
from app.cli.new_core import new_core, paths_of, report_bug
from app.cli.new_jobs import KIND_OF
from app.cli.options import UsageError
from app.cli.repl import converse
from app.core.core import Core
from app.core.forwarding import forward
from app.core.instance import Console, HostGone, Instance
from app.errors import KnownError
from app.paths import Paths
from app.settings import Settings


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
        if options.command == "models" and options.action == "token":
            options.token = read_token(options)
            arguments = [*arguments, f"--token={options.token}"]
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
        return report_bug(paths_of(options), console)


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
        if options.command == "bench":
            from app.cli.bench import bench  # with all that measures

            return await self._interrupts.run(bench(options, paths, console))
        while (instance := Instance.claim(paths)) is None:
            with contextlib.suppress(HostGone):
                return await self._talk(self._forward)
        settings = settings_file.load(paths.settings)
        core = new_core(options, paths, lambda event: None, settings)
        if options.command == "models":
            return await self._interrupts.run(self._about_models(instance, core))
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

    async def _about_models(self, instance: Instance, core: Core) -> int:
        """What needs no engine either, but may take long: later starts are told so."""
        core.host(instance, self._busy)
        core.open()
        try:
            core.look_at_downloads()
            await core.serve()
            return await about_models(core, self._options, Path.cwd(), self._console)
        except asyncio.CancelledError:
            if self._options.action == "get" and any(download.id for download in core.downloads()):
                self._console.err("What came is kept. It goes on with the same command, or when Rubato is open.\n")
            raise
        finally:
            await core.close()

    async def _busy(self, arguments: Sequence[str], folder: Path, console: Console) -> int:
        console.err(
            "A command about models is using this profile. Wait until it is done, or end it with Ctrl-C: a download "
            "goes on where it was.\n"
        )
        return FAILED

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
            await core.wait_for_guests()
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
