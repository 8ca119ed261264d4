"""Logging by topic: `logs.topic("engine")`. One rotating file a process; no text of chats is ever logged."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def topic(name: str) -> logging.Logger:
    """The logger of one topic: wire, engine, chat, jobs, documents, models, window, store."""
    return logging.getLogger(f"rubato.{name}")


def start(folder: Path, process: str, *, debug_topics: tuple[str, ...] = ()) -> None:
    """Send all topics to `folder/process.log`; `debug_topics` are also written in detail to standard error.

    So do the warnings of libraries, asyncio's reports of tasks that failed unseen among them: without a handler they
    would be printed on standard error, where people look for sentences.
    """
    root, everyone = logging.getLogger("rubato"), logging.getLogger()
    root.setLevel(logging.DEBUG)
    root.propagate = False
    for old in list(root.handlers):
        root.removeHandler(old)
        everyone.removeHandler(old)
        old.close()
    handler = logging.handlers.RotatingFileHandler(
        folder / f"{process}.log",
        maxBytes=2_000_000,
        backupCount=2,
        encoding="utf-8",
        errors="backslashreplace",  # names of files need not be text
        delay=True,
    )
    handler.setLevel(logging.INFO)
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.addHandler(handler)
    everyone.addHandler(handler)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a full disk must not turn every log line into a traceback on the terminal
    if debug_topics:
        loud = logging.StreamHandler(sys.stderr)
        loud.setFormatter(logging.Formatter(_FORMAT))
        loud.addFilter(lambda record: record.name.split(".")[1] in debug_topics or "all" in debug_topics)
        root.addHandler(loud)
