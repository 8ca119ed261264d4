"""Entrance of the command line: finds the running program or becomes it, then runs the command."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from app import diagnostics, logs
from app import settings as settings_file
from app.cli import models
from app.cli.commands import BUG, FAILED, INTERRUPTED, Commands, list_jobs
from app.cli.console import TerminalConsole
from app.cli.repl import converse
from app.core.core import Core, EventSink
from app.core.instance import HostGone, Instance, forward
from app.engine.interface import Engine
from app.engine.local import local_engine
from app.errors import KnownError
from app.paths import Paths, profile_paths, user_paths
from app.settings import Settings

ShowWindow = Callable[[Callable[[EventSink], Core], Settings], int]
"""Runs the window on a Core, made on the core thread; the exit code."""


def paths_of(options: argparse.Namespace) -> Paths:
    return profile_paths(options.profile) if options.profile is not None else user_paths()


def has_display() -> bool:
    """Could a window be shown? Only X11 and Wayland systems run without one."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def new_core(options: argparse.Namespace, paths: Paths, publish: EventSink, settings: Settings) -> Core:
    """The Core that a face of this program runs on."""
    engine: Engine
    if options.engine == "fake":
        slow = ["--seconds-per-token", str(options.fake_seconds_per_token)]
        engine = local_engine(paths.logs, backend="fake", options=slow)
    else:
        engine = local_engine(paths.logs, options=[f"--debug={topic}" for topic in options.debug])
    model = options.model.expanduser().resolve() if options.model is not None else None
    if model is None and options.engine == "fake":
        model = Path("fake.gguf")
    return Core(paths, engine, publish, settings=settings, model=model)


def run(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Run a command (not the window). Prints one sentence for what a person can act on."""
    console = TerminalConsole()
    try:
        paths = paths_of(options)
        paths.make_folders()
        logs.start(paths.logs, "command", debug_topics=tuple(options.debug))
        diagnostics.dump_stacks_on_signal(sys.stderr)
        return asyncio.run(_run(options, _with_piped_prompt(options, list(arguments)), paths, console))
    except KnownError as error:
        console.err(f"{error}\n")
        return FAILED
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone: head, less
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception:
        return _report_bug(paths_of(options), console)


def run_window(
    options: argparse.Namespace, arguments: Sequence[str], show: ShowWindow, show_problem: Callable[[str], None]
) -> int:
    """Open the window, or bring the one that is open on this profile to the front. Without a display: the terminal."""
    console = TerminalConsole()
    if not has_display():
        console.err("There is no display here, so Rubato opens in the terminal.\n")
        options.command, options.prompt = "chat", None
        return run(options, [*arguments, "chat"])
    try:
        paths = paths_of(options)
        paths.make_folders()
        logs.start(paths.logs, "window", debug_topics=tuple(options.debug))
        diagnostics.dump_stacks_on_signal(sys.stderr)
        while (instance := Instance.claim(paths)) is None:
            with contextlib.suppress(HostGone):
                return asyncio.run(forward(paths, arguments, Path.cwd(), console))
        settings = settings_file.load(paths.settings)

        def make_core(publish: EventSink) -> Core:
            core = new_core(options, paths, publish, settings)
            core.host(instance, Commands(core, has_window=True).execute)
            return core

        return show(make_core, settings)
    except KnownError as error:
        console.err(f"{error}\n")
        if not sys.stderr.isatty() and os.environ.get("QT_QPA_PLATFORM") != "offscreen":
            show_problem(error.sentence)  # started from a desktop, where nobody sees standard error
        return FAILED
    except Exception:
        return _report_bug(paths_of(options), console)


def _report_bug(paths: Paths, console: TerminalConsole) -> int:
    logs.topic("report").exception("a fault of the program's own")
    console.err(f"Rubato failed through a fault of its own. The report is in the newest file of {paths.logs}.\n")
    return BUG


def _with_piped_prompt(options: argparse.Namespace, arguments: list[str]) -> list[str]:
    """`rubato chat < FILE`: what is piped in is the prompt."""
    if options.command == "chat" and options.prompt is None and not sys.stdin.isatty():
        options.prompt = sys.stdin.buffer.read().decode("utf-8", "replace")
        return [*arguments, "--", options.prompt]
    return arguments


async def _run(options: argparse.Namespace, arguments: list[str], paths: Paths, console: TerminalConsole) -> int:
    if options.command == "models":
        if options.action == "get":
            return await models.get_model(options.id, paths, console)
        return models.list_models(paths, console)
    while (instance := Instance.claim(paths)) is None:
        with contextlib.suppress(HostGone):
            return await _as_guest(options, arguments, paths, console)
    core = new_core(options, paths, lambda event: None, settings_file.load(paths.settings))
    if options.command == "jobs" and options.action == "list":
        core.open()
        return list_jobs(core, console)
    return await _as_host(options, arguments, instance, core, console)


async def _as_guest(options: argparse.Namespace, arguments: list[str], paths: Paths, console: TerminalConsole) -> int:
    async def ask(line: Sequence[str]) -> int:
        return await _interruptible(forward(paths, [*_leading(options, arguments), *line], Path.cwd(), console))

    if options.command == "chat" and options.prompt is None:
        return await converse(ask, console)
    return await _interruptible(forward(paths, arguments, Path.cwd(), console))


async def _as_host(
    options: argparse.Namespace, arguments: list[str], instance: Instance, core: Core, console: TerminalConsole
) -> int:
    commands = Commands(core, has_window=False)
    core.host(instance, commands.execute)
    try:
        await core.start()

        async def ask(line: Sequence[str]) -> int:
            return await _interruptible(commands.execute([*_leading(options, arguments), *line], Path.cwd(), console))

        if options.command == "chat" and options.prompt is None:
            code = await converse(ask, console)
        else:
            code = await _interruptible(commands.execute(arguments, Path.cwd(), console))
        await instance.wait_for_guests()
        return code
    finally:
        await core.close()


def _leading(options: argparse.Namespace, arguments: Sequence[str]) -> list[str]:
    """The options before the command."""
    return list(arguments[: list(arguments).index(options.command)])


async def _interruptible(command: Coroutine[Any, Any, int]) -> int:
    """Run it so that Ctrl-C cancels it, and only it."""
    task = asyncio.ensure_future(command)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows: KeyboardInterrupt ends the program
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    finally:
        with contextlib.suppress(NotImplementedError, RuntimeError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
