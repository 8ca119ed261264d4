"""When a job may run, and where its results go. Stored as JSON with the job."""

from __future__ import annotations

from typing import Literal

import msgspec

OutputFormat = Literal["csv", "jsonl", "markdown", "markdown_each"]


class JobOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`output_path`: a file (or a folder, for one Markdown file a document); empty: results stay in the program.

    `is_written`: all results of a job that is over are there, or the person was told that they can't be.
    """

    only_when_idle: bool = False  # nobody chats, and other programs leave the machine alone
    only_on_mains: bool = False
    not_before_seconds: float = 0.0  # Unix time
    output_path: str = ""
    output_format: OutputFormat = "csv"
    is_written: bool = False


NO_OPTIONS = JobOptions()


def encode(options: JobOptions) -> str:
    return msgspec.json.encode(options).decode()


def decode(stored: str) -> JobOptions:
    return msgspec.json.decode(stored, type=JobOptions)
