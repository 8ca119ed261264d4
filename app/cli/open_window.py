"""Opens the window, or brings the one that is open to the front. Imports little: somebody waits for what follows."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app import diagnostics, logs
from app import settings as settings_file
from app.cli import ctrl_c, display
from app.cli.codes import FAILED
from app.cli.console import TerminalConsole
from app.cli.ctrl_c import INTERRUPTED
from app.cli.named_files import files_to_open
from app.cli.new_core import new_core, paths_of, report_bug
from app.core.instance import Console, HostGone, Instance
from app.errors import KnownError
from app.paths import Paths
from app.settings import Settings

if TYPE_CHECKING:
    from app.core.core import Core, EventSink

    ShowWindow = Callable[[Callable[[EventSink], Core], Settings, Sequence[Path], str | None], int]
    """Runs the window on a Core, made on the core thread, with files to open in it, or a question; the exit code."""


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
                return _hand_over(paths, arguments, console)
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

            async def execute(line: Sequence[str], folder: Path, guest: Console) -> int:
                from app.cli.commands import Commands  # when the first one comes

                return await Commands(core, has_window=True).execute(line, folder, guest)

            core.host(instance, execute)
            return core

        ask = options.text if options.command == "ask" else None
        return show(make_core, settings, files_to_open(options, Path.cwd()), ask)
    except KnownError as error:
        console.err(f"{error}\n")
        if not sys.stderr.isatty() and os.environ.get("QT_QPA_PLATFORM") != "offscreen":
            show_problem(error.sentence)  # started from a desktop, where nobody sees standard error
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        return report_bug(paths_of(options), console)


def _hand_over(paths: Paths, arguments: Sequence[str], console: Console) -> int:
    """To the program that is running."""
    import asyncio  # which takes as long as a fifth of the window's imports

    from app.core.forwarding import forward

    return asyncio.run(forward(paths, arguments, Path.cwd(), console))


def _run_in_terminal(
    options: argparse.Namespace, arguments: Sequence[str], why_none: str, console: TerminalConsole
) -> int:
    if options.command == "open":
        console.err(f"{why_none}, so no file can be opened in it. In the terminal: rubato summarize FILE.\n")
        return FAILED
    if options.command == "ask":
        console.err(f"{why_none}, so there is no quick ask. In the terminal: rubato chat.\n")
        return FAILED
    console.err(f"{why_none}, so Rubato opens in the terminal.\n")
    options.command, options.prompt, options.chat = "chat", None, ""
    from app.cli.main import run

    return run(options, [*arguments, "chat"])
