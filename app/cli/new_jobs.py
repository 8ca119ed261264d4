"""What a command line says of a new job: its kind, its parameters, when it may run and where its results go."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from app.cli.named_files import check_document, read_text
from app.cli.options import UsageError
from app.core.job_options import JobOptions, OutputFormat
from app.core.kinds.classify import ClassifyParams, Example
from app.core.kinds.extract import ExtractParams
from app.core.kinds.fields import fields_schema
from app.core.kinds.prompt import PromptParams
from app.core.kinds.summarize import SummarizeParams
from app.core.views import JobState, JobView

KIND_OF = {"summarize": "summarize", "classify": "classify", "extract": "extract", "map": "prompt", "batch": "batch"}
_SUFFIXES: dict[str, OutputFormat] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".md": "markdown"}
_OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def files_of(parsed: argparse.Namespace, folder: Path) -> list[Path]:
    """What the job is over. Raises KnownError for what can't be read."""
    files = [folder / file.expanduser() for file in parsed.files]
    for file in files:
        check_document(file)
    return files


def params_of(parsed: argparse.Namespace, folder: Path) -> msgspec.Struct:
    """Raises UsageError for options that are missing or don't go together, KnownError for files that can't be read."""
    match parsed.command:
        case "summarize":
            return SummarizeParams(length=parsed.length, language=parsed.language, focus=parsed.focus)
        case "classify":
            return _classify(parsed, folder)
        case "extract":
            return ExtractParams(
                schema=_schema(parsed, folder),
                instruction=parsed.instruction,
                columns=tuple(parsed.column),
                max_tokens=parsed.max_tokens,
            )
        case _:
            return PromptParams(
                template=_template(parsed, folder),
                system=parsed.system,
                max_tokens=parsed.max_tokens,
                temperature=parsed.temperature,
            )


def _classify(parsed: argparse.Namespace, folder: Path) -> ClassifyParams:
    labels = list(parsed.label)
    if parsed.labels_file is not None:
        labels += [line.strip() for line in read_text(folder / parsed.labels_file).splitlines() if line.strip()]
    if len(dict.fromkeys(labels)) < (1 if parsed.several else 2):
        raise UsageError("Give the labels: --label for each, or --labels-file with one a line.")
    return ClassifyParams(
        labels=tuple(dict.fromkeys(labels)),
        is_multi=parsed.several,
        instruction=parsed.instruction,
        examples=tuple(Example(text=text, label=label) for text, label in parsed.example),
        unsure_below=parsed.unsure,
        columns=tuple(parsed.column),
    )


def _schema(parsed: argparse.Namespace, folder: Path) -> str:
    if bool(parsed.field) == (parsed.schema is not None):
        raise UsageError("Say what to find: --field for each field, or --schema with a file.")
    return fields_schema(parsed.field) if parsed.field else read_text(folder / parsed.schema)


def _template(parsed: argparse.Namespace, folder: Path) -> str:
    if (parsed.template is None) == (parsed.template_file is None):
        raise UsageError("Say what to ask: --template with the text, or --template-file with a file.")
    if parsed.template is not None:
        return str(parsed.template)
    return read_text(folder / parsed.template_file)


def options_of(
    parsed: argparse.Namespace, folder: Path, files: Sequence[Path], jobs: Sequence[JobView], now: datetime
) -> JobOptions:
    """`now`: with the local time zone. Raises UsageError for an output that can't be one."""
    options = JobOptions(
        only_when_idle=parsed.only_when_idle,
        only_on_mains=parsed.on_mains,
        not_before_seconds=_next(parsed.not_before, now).timestamp() if parsed.not_before else 0.0,
    )
    if not parsed.output:
        return options
    path, format = place_of(parsed.output, folder)
    for file in files:
        if path.exists() and path.samefile(file):
            raise UsageError(f"{path} is what is to be read: write the results to another file.")
    for job in jobs:
        if job.output_path == str(path) and job.state not in _OVER:
            raise UsageError(
                f"The job {job.id[:8]} ({job.title}) writes to {path} already: name another file, or end that one "
                f"with “rubato jobs cancel {job.id[:8]}”."
            )
    return msgspec.structs.replace(options, output_path=str(path), output_format=format)


def place_of(output: str, folder: Path) -> tuple[Path, OutputFormat]:
    """Where results go, and as what. Raises UsageError."""
    path = (folder / Path(output).expanduser()).absolute()
    format = _SUFFIXES.get(path.suffix.lower())
    if path.is_dir() or output.endswith("/") or (not path.suffix and not path.exists()):
        format = "markdown_each"
    if format is None:
        raise UsageError(f"{path.name} is no place for results: name a file .csv, .jsonl or .md, or a folder.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}: make it first, or name another place.")
    return path, format


def _next(time: tuple[int, int], now: datetime) -> datetime:
    """The next time that the clock shows this."""
    at = now.replace(hour=time[0], minute=time[1], second=0, microsecond=0)
    return at if at > now else at + timedelta(days=1)
