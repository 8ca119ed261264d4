"""The command line's grammar. Options that choose where and with what come before the command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from app import __version__
from app.cli.codes import MEANINGS
from app.cli.words import as_text

EPILOG = f"""Without a command the window opens. Answers go to standard output, everything else to standard error.

{MEANINGS}"""


class UsageError(Exception):
    """The words of a command line are off; `str(error)` is what to print."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{self.prog}: {message}. See {self.prog} --help.")


def parser() -> argparse.ArgumentParser:
    top = _Parser(
        prog="rubato",
        description="A private desktop assistant.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_where(top)
    top.add_argument("--version", action="version", version=f"Rubato {__version__}")
    from app.cli import job_options, lab_options  # with what jobs are made of
    from app.cli.models import ACTIONS as MODEL_ACTIONS

    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    chat = commands.add_parser("chat", help="ask once, or talk in the terminal")
    chat.add_argument("prompt", nargs="*", help="what to ask; without it a conversation begins")
    chat.add_argument("--chat", metavar="ID", default="", help="ask in this chat")

    quick = commands.add_parser("ask", help="the quick ask, a small window for one question: bind it to a key")
    quick.add_argument("text", nargs="*", help="what to ask at once")
    opened = commands.add_parser("open", help="the window, which asks what is to be done with these files")
    opened.add_argument("files", nargs="*", type=Path, metavar="FILE")

    job_options.add_commands(commands)

    out = commands.add_parser("export", help="put everything into one file, for another machine")
    out.add_argument("file", type=Path, metavar="FILE.zip", help="a file that is there is replaced")
    into = commands.add_parser("import", help="take over chats of Rubato, ChatGPT or llama.cpp's page")
    into.add_argument("file", type=Path, metavar="FILE", help="JSON, lines of JSON, or a ZIP with them")

    models = commands.add_parser(
        "models",
        help="which models there are; get one; the hub",
        epilog="\n".join(f"  {action:10} {meaning}" for action, meaning in MODEL_ACTIONS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    models.add_argument("action", nargs="?", choices=tuple(MODEL_ACTIONS), default="list", metavar="ACTION")
    models.add_argument("subject", nargs="?", default="", help="what the action is about, see below")
    models.add_argument("--forget", action="store_true", help="with token: remove it")
    models.add_argument("--token", default="", help=argparse.SUPPRESS)

    bench = commands.add_parser("bench", help="measure this machine: each figure beside its limit and its peers")
    bench.add_argument("names", nargs="*", metavar="NAME", help="which; without a name all of them")
    bench.add_argument("--model", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="measure this GGUF file")
    bench.add_argument("--threads", type=int, metavar="N", help="at most so many; without it every core")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    bench.add_argument("--against", metavar="URL", default="", help="also measure an OpenAI server")

    lab_options.add_commands(commands)

    serve = commands.add_parser("serve", help="answer programs of this machine over HTTP, in OpenAI's format")
    serve.add_argument("--port", type=_port, default=8033, help="on 127.0.0.1; 0: any that is free (default: 8033)")

    commands.add_parser("doctor", help="check this machine, this profile and the engine")
    return top


def _add_where(top: argparse.ArgumentParser) -> None:
    top.add_argument("--profile", type=Path, metavar="DIR", help="keep everything that is written below this folder")
    top.add_argument("--model", type=Path, metavar="FILE", help="use this GGUF file")
    top.add_argument(
        "--engine", choices=("local", "fake"), default="local", help="fake: no model, for trying things out"
    )
    top.add_argument("--fake-seconds-per-token", type=float, default=0.0, help=argparse.SUPPRESS)
    top.add_argument(
        "--debug", action="append", default=[], metavar="TOPIC", help="log a topic (engine, jobs, … or all) in detail"
    )


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Raises UsageError; exits for --help and --version, as people expect."""
    parsed = _for_window(arguments) or parser().parse_args(arguments)
    if parsed.command == "chat":
        parsed.prompt = as_text(" ".join(parsed.prompt)) if parsed.prompt else None
        parsed.chat = as_text(parsed.chat)
    elif parsed.command == "ask":
        parsed.text = as_text(" ".join(parsed.text))
    elif parsed.command == "jobs":
        parsed.action = parsed.action or "list"
    return parsed


def _for_window(arguments: Sequence[str]) -> argparse.Namespace | None:
    """Where there is no command, without the grammar of all commands; None where there is one, or something is off."""
    small = _Parser(prog="rubato", add_help=False, allow_abbrev=False)
    _add_where(small)
    small.set_defaults(command=None)
    try:
        parsed, others = small.parse_known_args(arguments)
    except UsageError:
        return None
    return None if others else parsed


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text}")
    return int(text)
