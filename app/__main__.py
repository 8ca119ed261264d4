"""The program's one entrance: the window, a command, or a child process. Imports nothing heavy itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.cli.open_window import ShowWindow


def main(argv: list[str] | None = None, load_window: Callable[[], ShowWindow] | None = None) -> int:
    """Run what the arguments ask for and return the exit code. `load_window`: where the window is another one."""
    arguments = sys.argv[1:] if argv is None else argv
    if getattr(sys, "frozen", False):
        _settle_in_a_package()
    if arguments[:1] == ["child"]:
        return _child(arguments[1], arguments[2:])
    from app.cli.ctrl_c import end_quietly

    end_quietly()
    from app.cli.console import take_any_text
    from app.cli.options import UsageError, parse

    take_any_text()
    try:
        options = parse(arguments)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    if options.command not in (None, "open", "ask"):
        from app.cli.main import run

        return run(options, arguments)
    from app.cli.open_window import run_window

    return run_window(options, arguments, load_window or _load_window, _problem)


def _settle_in_a_package() -> None:
    """Make a program that PyInstaller packed like any other."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # Windows, without a console: what is printed goes nowhere
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    # its start program names its libraries to the loader, which has read that; other programs that we start must not
    # use them, and a child of ours gets it anew
    if "LD_LIBRARY_PATH" in os.environ:
        was = os.environ.pop("LD_LIBRARY_PATH_ORIG", "")
        del os.environ["LD_LIBRARY_PATH"]
        if was:
            os.environ["LD_LIBRARY_PATH"] = was


def _load_window() -> ShowWindow:
    from app.gui.app import run  # Qt is imported only where a window opens

    return run


def _problem(sentence: str) -> None:
    from app.gui.app import show_problem

    show_problem(sentence)


def _child(role: str, arguments: list[str]) -> int:
    if role == "engine":
        from app.engine.process.main import main as engine

        return engine(arguments)
    if role == "bare":
        from app.engine.process.bare import main as bare

        return bare(arguments)
    if role == "roof":
        from app.engine.process.roof import main as roof

        return roof(arguments)
    if role == "format":
        from app.engine.process.format import main as format

        return format(arguments)
    if role == "check":
        from app.engine.process.model_check import main as check

        return check(arguments)
    if role == "gpus":
        from app.engine.process.gpu_list import main as gpus

        return gpus(arguments)
    if role == "template":
        from app.engine.process.template_process import main as template

        return template()
    if role == "read":
        from app.ingest.process import main as read

        return read(arguments)
    if role == "formulas":
        from app.formulas.process import main as formulas

        return formulas()
    if role == "download":
        from app.downloads.process import main as download

        return download(arguments)
    if role == "hub":
        from app.downloads.hub_process import main as hub

        return hub(arguments)
    if role == "measure-jobs":
        from app.gui.job_measure import main as measure_jobs

        return measure_jobs(arguments)
    if role == "measure-window":
        from app.gui.window_measure import main as measure_window

        return measure_window(arguments, main)
    if role == "spin":
        while True:  # for the bench of a machine that others use; it is killed
            pass
    print(f"rubato: no child process is called {role}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
