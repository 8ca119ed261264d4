"""The terminal as a Console: answers to standard output, everything else to standard error."""

from __future__ import annotations

import io
import shutil
import sys


def take_any_text() -> None:
    """From now on every text can be printed, in whatever encoding: names of files need not be text at all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class TerminalConsole:
    """Also draws one line of progress on a terminal. Elsewhere only those are printed that end in a line break."""

    def __init__(self) -> None:
        self._shows_progress = sys.stderr.isatty()
        self._has_progress = False

    def out(self, text: str) -> None:
        self._clear()
        sys.stdout.write(text)
        sys.stdout.flush()

    def err(self, text: str) -> None:
        if text.startswith("\r"):
            if self._shows_progress:
                width = shutil.get_terminal_size().columns - 1  # a line that wraps could not be cleared
                sys.stderr.write(f"\r\x1b[K{text.strip()[:width]}")
                sys.stderr.flush()
                self._has_progress = True
                return
            if not text.endswith("\n"):
                return
            text = text[1:]
        self._clear()
        sys.stderr.write(text)
        sys.stderr.flush()

    def _clear(self) -> None:
        if self._has_progress:
            sys.stderr.write("\r\x1b[K")
            self._has_progress = False
