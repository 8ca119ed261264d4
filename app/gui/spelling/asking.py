"""The checker, asked in a thread of its own: nothing of it is read before the first word. GUI thread only."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from app.gui.spelling.enchant import Checker

    _Work = Callable[[Checker], Callable[[], None]]


class Spelling(QObject):
    """Answers come as signals, on the GUI thread."""

    opened = Signal()  # there is a checker
    checked = Signal(dict)  # word: is it known?
    suggested = Signal(str, list)

    def __init__(self, open_checker: Callable[[], Checker | None], parent: QObject) -> None:
        """`open_checker` is called in the thread, with the first word; where it gives None nothing is ever answered."""
        super().__init__(parent)
        self._open = open_checker
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_over = False  # the window closes, or there is no checker

    def check(self, words: Collection[str]) -> None:
        """`checked` with each of these."""
        asked = tuple(words)

        def work(checker: Checker) -> Callable[[], None]:
            found = {word: checker.knows(word) for word in asked}
            return lambda: self.checked.emit(found)

        self._ask(work)

    def suggest(self, word: str) -> None:
        """`suggested` with what may have been meant."""

        def work(checker: Checker) -> Callable[[], None]:
            found = checker.suggest(word)
            return lambda: self.suggested.emit(word, found)

        self._ask(work)

    def learn(self, word: str) -> None:
        """It is right from now on; `checked` says so."""

        def work(checker: Checker) -> Callable[[], None]:
            checker.learn(word)
            return lambda: self.checked.emit({word: True})

        self._ask(work)

    def stop(self) -> None:
        """The window closes."""
        self._is_over = True
        self._queue.put(None)

    def _ask(self, work: _Work) -> None:
        if self._is_over:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="spelling", daemon=True)
            self._thread.start()
        self._queue.put(work)

    def _serve(self) -> None:
        checker = self._open()
        self._is_over = self._is_over or checker is None
        with contextlib.suppress(RuntimeError):  # the window is gone
            if checker is not None:
                self.opened.emit()
                while (work := self._queue.get()) is not None:
                    work(checker)()
