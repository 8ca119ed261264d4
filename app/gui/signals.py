"""Ctrl+C in the terminal, and `kill`, close the program as its window's button does. GUI thread only.

Python runs a signal's handler only when Python code runs, which Qt's loop may not do for hours: the wakeup descriptor
of the signal module is watched, so that it does.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier


class Signals(QObject):
    """Calls `close` on SIGINT and SIGTERM; a second signal ends the program at once."""

    def __init__(self, parent: QObject, close: Callable[[], object]) -> None:
        super().__init__(parent)
        self._close = close
        self._read, self._write = socket.socketpair()
        for end in (self._read, self._write):
            end.setblocking(False)
        signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._watch = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._watch.activated.connect(lambda: self._read.recv(64))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        self._close()
