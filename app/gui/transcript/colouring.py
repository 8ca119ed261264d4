"""Colours come to the code of a reply a slice at a time, so that no frame waits for them. GUI thread only.

Code that is complete is coloured once; the block that is being written now and then, ever less often as it grows.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QColor, QTextBlock, QTextCharFormat, QTextDocument, QTextLayout

from app.gui.transcript.code_colours import CodeTokens, is_too_much, spans
from app.gui.transcript.writer import Mark
from app.logs import topic

_SLICE_SECONDS = 0.006
_SPANS_BETWEEN_LOOKS = 16
_LINES_AT_ONCE = 20
_WRITING_MS = 300
_WRITING_SHARE = 12  # at most this part of the time goes into colours of code that is being written


@dataclass
class _Work:
    mark: Mark
    spans: Iterator[tuple[int, int, str]]
    line_starts: list[int]
    found: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)  # by line
    n_shown: int = 0  # lines


class Colouring(QObject):
    """Colours of one document; begins anew with each one."""

    def __init__(self, document: QTextDocument, tokens: CodeTokens, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._formats: dict[str, QTextCharFormat] = {}
        for name in CodeTokens.__dataclass_fields__:
            made = QTextCharFormat()
            made.setForeground(QColor(getattr(tokens, name)))
            self._formats[name] = made
        self._waiting: list[Mark] = []
        self._work: _Work | None = None
        self._took = 0.0
        self._slice = QTimer(self, interval=0)
        self._slice.timeout.connect(self._do_slice)
        self._open: Mark | None = None
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self._colour_open)

    def colour(self, mark: Mark) -> None:
        """A block that is complete."""
        if mark.language and not is_too_much(mark.text):
            self._waiting.append(mark)
            self._slice.start()

    def colour_growing(self, mark: Mark | None) -> None:
        """The block that is being written, or none."""
        self._open = mark
        if mark is not None and mark.language and not self._later.isActive():
            self._later.start(max(_WRITING_MS, int(self._took * 1000 * _WRITING_SHARE)))

    def end(self) -> None:
        """Its document is written anew."""
        self._slice.stop()
        self._later.stop()
        self._waiting.clear()
        self._work = self._open = None
        self.deleteLater()

    def _colour_open(self) -> None:
        if self._open is not None and self._work is None and not self._waiting:
            self.colour(self._open)

    def _do_slice(self) -> None:
        end = time.perf_counter() + _SLICE_SECONDS
        try:
            while time.perf_counter() < end:
                if self._work is None:
                    if not self._waiting:
                        self._slice.stop()
                        return
                    mark = self._waiting.pop(0)
                    starts = list(accumulate((len(line) + 1 for line in mark.text.split("\n")), initial=0))[:-1]
                    self._work, self._took = _Work(mark, spans(mark.text, mark.language), starts), 0.0
                self._lex(self._work)
        except Exception as error:
            topic("window").warning("code could not be coloured", exc_info=error)
            self._work = None
        self._took += _SLICE_SECONDS

    def _lex(self, work: _Work) -> None:
        for _ in range(_SPANS_BETWEEN_LOOKS):
            found = next(work.spans, None)
            if found is None:
                self._work = None
                self._show(work, len(work.line_starts))
                return
            start, length, kind = found
            line = bisect_right(work.line_starts, start) - 1
            column = start - work.line_starts[line]
            for part in work.mark.text[start : start + length].split("\n"):
                if part:
                    work.found.setdefault(line, []).append((column, len(part), kind))
                line, column = line + 1, 0
        if line - work.n_shown > _LINES_AT_ONCE:
            self._show(work, line - 1)

    def _show(self, work: _Work, end: int) -> None:
        """The lines up to `end` are known."""
        block = self._document.findBlock(work.mark.start)
        block = self._document.findBlockByNumber(block.blockNumber() + work.n_shown)
        for index in range(work.n_shown, end):
            if not block.isValid():
                break
            self._show_line(block, work.found.pop(index, []))
            block = block.next()
        work.n_shown = end

    def _show_line(self, block: QTextBlock, found: list[tuple[int, int, str]]) -> None:
        ranges = []
        text = block.text()
        # Qt counts in UTF-16
        is_wide = any(ord(letter) > 0xFFFF for letter in text)
        for column, length, kind in found:
            made = QTextLayout.FormatRange()
            made.start = _units(text, column) if is_wide else column
            made.length = _units(text, column + length) - made.start if is_wide else length
            made.format = self._formats[kind]
            ranges.append(made)
        if ranges or block.layout().formats():
            block.layout().setFormats(ranges)
            self._document.markContentsDirty(block.position(), block.length())


def _units(text: str, n_letters: int) -> int:
    return n_letters + sum(ord(letter) > 0xFFFF for letter in text[:n_letters])
