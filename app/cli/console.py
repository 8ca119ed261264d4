"""The terminal as a Console: answers to standard output, everything else to standard error."""

from __future__ import annotations

import sys


class TerminalConsole:
    """Also draws one line of progress on a terminal, and nothing of it elsewhere."""

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
                sys.stderr.write(f"\r\x1b[K{text[1:]}")
                sys.stderr.flush()
                self._has_progress = True
            return
        self._clear()
        sys.stderr.write(text)
        sys.stderr.flush()

    def _clear(self) -> None:
        if self._has_progress:
            sys.stderr.write("\r\x1b[K")
            self._has_progress = False
