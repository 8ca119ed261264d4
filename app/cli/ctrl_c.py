"""Ctrl-C before and after the work: the program ends at once and says nothing. Imports little, as it comes first."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

INTERRUPTED = 130  # as a shell has it for a program that SIGINT ended


def end_quietly() -> None:
    """From now on. Python's own way is a traceback, wherever an import happens to be."""
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(INTERRUPTED))


@contextlib.contextmanager
def as_exception() -> Iterator[None]:
    """While this is open, Ctrl-C is a KeyboardInterrupt, so that what is under way can end in order."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        end_quietly()
