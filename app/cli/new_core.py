"""The Core of this program, as its command line wants it. It is imported where one is made: the window comes first."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app import logs
from app.cli.codes import BUG
from app.cli.console import TerminalConsole
from app.paths import Paths, profile_paths, user_paths
from app.settings import Settings

if TYPE_CHECKING:
    from app.core.core import Core, EventSink


def paths_of(options: argparse.Namespace) -> Paths:
    return profile_paths(options.profile) if options.profile is not None else user_paths()


def new_core(options: argparse.Namespace, paths: Paths, publish: EventSink, settings: Settings) -> Core:
    """The Core that a face of this program runs on."""
    from app.core.core import Core
    from app.core.side_engine import SIDE_CONTEXT
    from app.engine.local import local_engine

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
    new_chat_engine = partial(new_engine, kv_folder=paths.kv, kv_disk_bytes=int(settings.kv_disk_gb * 1e9))
    model = options.model.expanduser().resolve() if options.model is not None else None
    if model is None and options.engine == "fake":
        model = Path("fake.gguf")
    new_side_engine = partial(new_engine, context_tokens=SIDE_CONTEXT)
    return Core(
        paths,
        new_chat_engine(),
        publish,
        settings=settings,
        model=model,
        new_engine=new_chat_engine,
        new_side_engine=new_side_engine,
    )


def report_bug(paths: Paths, console: TerminalConsole) -> int:
    logs.topic("report").exception("a fault of the program's own")
    console.err(f"Rubato failed through a fault of its own. The report is in the newest file of {paths.logs}.\n")
    return BUG
