"""Colours come to the code of a reply without anything waiting for them: another thread finds what each letter is, and
lines are coloured a slice at a time. GUI thread only, but for `_work`.

Code that is complete is coloured once; the block that is being written now and then, ever less often as it grows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from queue import SimpleQueue

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QTextBlock, QTextCharFormat, QTextDocument, QTextLayout
from shiboken6 import isValid

from app.gui.transcript.code_colours import CodeTokens, Spans, is_too_much, spans_of_lines
from app.gui.transcript.writer import Mark
from app.logs import topic

_SLICE_SECONDS = 0.006
_WRITING_MS = 300
_WRITING_SHARE = 12  # at most this part of the time goes into colours of code that is being written


@dataclass
class _Work:
    mark: Mark
    lines: list[Spans] = field(default_factory=list)
    n_shown: int = 0  # lines
    took: float = 0.0  # seconds, of the other thread


class Colouring(QObject):
    """Colours of one document; begins anew with each one."""

    _found = Signal(object)  # a _Work, from the other thread

    def __init__(self, document: QTextDocument, tokens: CodeTokens, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._formats: dict[str, QTextCharFormat] = {}
        for name in CodeTokens.__dataclass_fields__:
            made = QTextCharFormat()
            made.setForeground(QColor(getattr(tokens, name)))
            self._formats[name] = made
        self._n_asked = 0  # of the other thread, not answered yet
        self._ready: list[_Work] = []
        self._shown: dict[int, Spans] = {}  # by where a line begins
        self._has_ended = False
        self._took = 0.0
        self._slice = QTimer(self, interval=0)
        self._slice.timeout.connect(self._do_slice)
        self._open: Mark | None = None
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self._colour_open)
        self._found.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def colour(self, mark: Mark) -> None:
        """A block that is complete."""
        if mark.language and not is_too_much(mark.text):
            self._n_asked += 1
            work = _Work(mark)
            _queue().put(lambda: self._work(work))

    def colour_growing(self, mark: Mark | None) -> None:
        """The block that is being written, or none."""
        self._open = mark
        if mark is not None and mark.language and not self._later.isActive():
            self._later.start(max(_WRITING_MS, int(self._took * 1000 * _WRITING_SHARE)))

    def end(self) -> None:
        """Its document is written anew."""
        self._has_ended = True
        self._slice.stop()
        self._later.stop()
        self._ready.clear()
        self._open = None
        self.deleteLater()

    def _colour_open(self) -> None:
        if self._open is not None and not self._n_asked and not self._ready:
            self.colour(self._open)

    def _work(self, work: _Work) -> None:
        """On the other thread."""
        if self._has_ended:
            return
        began = time.perf_counter()
        try:
            work.lines = spans_of_lines(work.mark.text, work.mark.language)
        except Exception as error:
            topic("window").warning("code could not be coloured", exc_info=error)
        work.took = time.perf_counter() - began
        if isValid(self) and not self._has_ended:
            self._found.emit(work)

    def _take(self, work: _Work) -> None:
        self._n_asked -= 1
        self._took = work.took
        if not self._has_ended and work.lines:
            self._ready.append(work)
            self._slice.start()

    def _do_slice(self) -> None:
        end = time.perf_counter() + _SLICE_SECONDS
        while self._ready and time.perf_counter() < end:
            work = self._ready[0]
            if not self._show(work, end):
                self._ready.pop(0)
        if not self._ready:
            self._slice.stop()

    def _show(self, work: _Work, end: float) -> bool:
        """Some lines more; whether any are left."""
        block = self._document.findBlock(work.mark.start)
        block = self._document.findBlockByNumber(block.blockNumber() + work.n_shown)
        while work.n_shown < len(work.lines) and block.isValid():
            self._show_line(block, work.lines[work.n_shown])
            work.n_shown += 1
            block = block.next()
            if time.perf_counter() >= end:
                return True
        return False

    def _show_line(self, block: QTextBlock, found: Spans) -> None:
        was = self._shown.get(block.position(), [])
        if was == found and (not found or block.layout().formats()):
            return
        self._shown[block.position()] = found
        ranges = []
        for start, length, kind in found:
            made = QTextLayout.FormatRange()
            made.start, made.length, made.format = start, length, self._formats[kind]
            ranges.append(made)
        block.layout().setFormats(ranges)
        self._document.markContentsDirty(block.position(), block.length())


@cache
def _queue() -> SimpleQueue[Callable[[], None]]:
    """Of the one thread that finds colours; it ends with the program."""
    queue: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def run() -> None:
        while True:
            queue.get()()

    threading.Thread(target=run, name="colours", daemon=True).start()
    return queue
