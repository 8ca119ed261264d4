"""The grammar of the commands that make jobs, and of `rubato jobs`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, get_args

from app.cli.codes import MEANINGS
from app.cli.words import as_text
from app.core.kinds.fields import Field, FieldKind
from app.core.kinds.summarize import SummarizeParams

_FILES = "documents, tables, ZIP archives, or folders with such files in them"
_INTO = "write results there as they come: FILE.csv, FILE.jsonl or FILE.md; a folder gets a Markdown file a document"


def add_commands(commands: Any) -> None:
    """`commands`: what argparse's add_subparsers gave."""
    _add_summarize(_new_job(commands, "summarize", "summarise documents"))
    _add_classify(_new_job(commands, "classify", "put documents, or the rows of tables, into your labels"))
    _add_extract(_new_job(commands, "extract", "find fields in documents, or in the rows of tables"))
    _add_map(_new_job(commands, "map", "ask the same of each document, or of each row of a table"))
    _add_batch(commands)
    _add_jobs(commands)


def _new_job(commands: Any, name: str, help: str) -> argparse.ArgumentParser:
    command = _command(commands, name, help)
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help=_FILES)
    command.add_argument("-o", "--output", metavar="FILE", type=as_text, help=_INTO)
    _add_running(command)
    return command


def _command(commands: Any, name: str, help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}.", epilog=MEANINGS
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    return parser


def _add_running(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--json", action="store_true", help="JSON lines on standard output: the results; with -o or --detach the job"
    )
    command.add_argument("--dry-run", action="store_true", help="only show what would be done, and how long it takes")
    command.add_argument("--detach", action="store_true", help="leave it to the queue and return at once")
    when = command.add_argument_group("when it may run")
    when.add_argument("--only-when-idle", action="store_true", help="while nobody chats and nothing else is busy")
    when.add_argument("--on-mains", action="store_true", help="while the machine is on mains power")
    when.add_argument("--not-before", metavar="HH:MM", type=_time, help="from this time on, today or tomorrow")


def _add_summarize(command: argparse.ArgumentParser) -> None:
    default = SummarizeParams().length
    command.add_argument("--length", choices=("line", "paragraph", "page"), default=default, help=f"default: {default}")
    command.add_argument("--language", type=as_text, metavar="L", default="", help="of the summary, such as German")
    command.add_argument(
        "--focus", type=as_text, metavar="TEXT", default="", help="what it is to be about, such as “warranty”"
    )


def _add_classify(command: argparse.ArgumentParser) -> None:
    command.add_argument("--label", action="append", type=as_text, default=[], metavar="L", help="again for each label")
    command.add_argument("--labels-file", type=Path, metavar="F", help="a text file with a label a line")
    command.add_argument("--several", action="store_true", help="a text can have several labels, or none")
    command.add_argument("--unsure", type=_share, default=0.0, metavar="P", help="below this confidence: unsure")
    command.add_argument("--example", action="append", type=_example, default=[], metavar="TEXT=LABEL")
    command.add_argument(
        "--instruction", type=as_text, metavar="TEXT", default="", help="what the labels mean, in your words"
    )
    _add_columns(command)


def _add_extract(command: argparse.ArgumentParser) -> None:
    command.add_argument("--schema", type=Path, metavar="F", help="a file with a JSON schema of an object")
    command.add_argument(
        "--field",
        action="append",
        type=_field,
        default=[],
        metavar="NAME:TYPE[:DESCRIPTION]",
        help="again for each field; types: text, number, integer, yes_no, date, list, choice=red,green; such as date? "
        "where it need not be in the text",
    )
    command.add_argument("--instruction", type=as_text, default="", metavar="TEXT", help="what is to be found")
    _add_max_tokens(command)
    _add_columns(command)


def _add_map(command: argparse.ArgumentParser) -> None:
    command.add_argument("--template", type=as_text, metavar="TEXT", help="with {document}, {name}, or {a column}")
    command.add_argument("--template-file", type=Path, metavar="F", help="a text file with the template")
    command.add_argument("--system", type=as_text, metavar="TEXT", default="", help="the system prompt")
    _add_max_tokens(command)
    command.add_argument("--temperature", type=_temperature, default=0.2, metavar="T", help="default: 0.2")


def _add_max_tokens(command: argparse.ArgumentParser) -> None:
    command.add_argument("--max-tokens", type=_count, default=512, metavar="N", help="of an answer (default: 512)")


def _add_columns(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--column", action="append", type=as_text, default=[], metavar="C", help="of tables: use only these columns"
    )


def _add_batch(commands: Any) -> None:
    command = _command(commands, "batch", "run a batch file in OpenAI's format")
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    run = _command(
        actions,
        "run",
        "run the requests of a file; errors go to OUTPUT.errors.jsonl, the same command again goes on where it was",
    )
    run.add_argument("files", nargs=1, type=Path, metavar="INPUT.jsonl")
    run.add_argument("-o", "--output", metavar="OUTPUT.jsonl", type=as_text, required=True)
    _add_running(run)


def _add_jobs(commands: Any) -> None:
    jobs = _command(commands, "jobs", "what is in the queue, and what is to become of it")
    jobs.add_argument("--json", action="store_true", help="a JSON line a job")
    actions = jobs.add_subparsers(dest="action", metavar="ACTION")
    _action(actions, "list", "all jobs", id="", has_json=True)
    _action(actions, "show", "the results of a job, also while it runs", has_json=True)
    items = _action(actions, "items", "the items of a job, with their states", has_json=True)
    items.add_argument("--state", choices=("queued", "running", "done", "failed"), help="only those in this state")
    _action(actions, "run", "work off the queue, or until this job is done", id="?", has_json=True)
    _action(actions, "pause", "a job stops until it is resumed")
    for name, help in (
        ("resume", "a paused job goes on"),
        ("retry", "what failed or is missing goes again"),
        ("clone", "the same job once more, over the same documents"),
    ):
        action = _action(actions, name, help, has_json=True)
        action.add_argument("--detach", action="store_true", help="leave it to the queue and return at once")
    _action(actions, "cancel", "a job ends; what it has done is kept")
    _action(actions, "remove", "a job goes, with its results in Rubato; files stay")
    first = _action(actions, "first", "a job goes before all others")
    first.add_argument("--off", action="store_true", help="again one among the others")
    _action(actions, "use-model", "a job that waits for its model takes the one that is loaded")
    export = _action(actions, "export", "write the results of a job, also while it runs")
    export.add_argument("-o", "--output", metavar="FILE", type=as_text, required=True, help=_INTO)


def _action(actions: Any, name: str, help: str, *, id: str = "1", has_json: bool = False) -> argparse.ArgumentParser:
    action = _command(actions, name, help)
    if id:
        nargs = "?" if id == "?" else None
        action.add_argument("id", nargs=nargs, default="", metavar="ID", help="a job's id, or its first characters")
    if has_json:
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="JSON lines")
    return action


# values


def _time(text: str) -> tuple[int, int]:
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60 and len(minutes) == 2):
        raise argparse.ArgumentTypeError(f"a time is HH:MM, such as 22:00, not {text}")
    return int(hours), int(minutes)


def _example(text: str) -> tuple[str, str]:
    example, mark, label = as_text(text).rpartition("=")
    if not mark or not example.strip() or not label.strip():
        raise argparse.ArgumentTypeError(f"an example is TEXT=LABEL, not {text!r}")
    return example, label


def _field(text: str) -> Field:
    name, _, rest = as_text(text).partition(":")
    type, _, description = rest.partition(":")
    type, _, listed = type.partition("=")
    is_required, type = not type.endswith("?"), type.removesuffix("?")
    choices = tuple(choice.strip() for choice in listed.split(",") if choice.strip())
    if not name.strip() or type not in get_args(FieldKind) or (type == "choice") != bool(choices):
        raise argparse.ArgumentTypeError(
            f"a field is NAME:TYPE or NAME:TYPE:DESCRIPTION, with one of the types {', '.join(get_args(FieldKind))} "
            f"(choice=red,green), not {text!r}"
        )
    return Field(
        name=name.strip(),
        kind=cast(FieldKind, type),
        choices=choices,
        description=description.strip(),
        is_required=is_required,
    )


def _number(name: str, convert: Callable[[str], float], low: float, high: float) -> Callable[[str], Any]:
    def of(text: str) -> float:
        try:
            value = convert(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{name} is a number from {low:g} to {high:g}, not {text}")
        return value

    return of


_share = _number("a confidence", float, 0, 1)
_temperature = _number("a temperature", float, 0, 5)
_count = _number("a number of tokens", int, 1, 1_000_000)
