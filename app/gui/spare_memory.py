"""What a long chat took in memory goes back to the system when it is closed; else the allocator keeps most of it."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading

from PySide6.QtCore import QObject, QTimer

_SOON_MS = 700  # when what was taken away is gone


def give_back_soon(parent: QObject) -> None:
    """Where the C library can (glibc). Another thread does it: nothing waits for it. GUI thread only."""
    if sys.platform == "linux":
        QTimer.singleShot(_SOON_MS, parent, _give_back)


def _give_back() -> None:
    gc.collect()  # widgets and their Python halves hold each other; see garbage.py for why here
    threading.Thread(target=_trim, daemon=True).start()


def _trim() -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
