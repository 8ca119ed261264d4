"""A model's file that is not in the system's memory yet is read once before llama.cpp maps it.

Mapped, the whole of it would be read in one call, during which nothing is told and nothing can be cancelled. Works on
Linux, where the system can be asked what it has; elsewhere every file counts as there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

_SAMPLES = 48
_MOSTLY = 0.9  # of the samples in memory: the rest comes quickly enough
_PIECE_BYTES = 16 << 20


def is_cold(parts: Sequence[Path]) -> bool:
    """Would much of these files have to come from the disk?"""
    n_there = n_asked = 0
    for part in parts:
        there, asked = _in_memory(part)
        n_there, n_asked = n_there + there, n_asked + asked
    return n_there < _MOSTLY * n_asked


def read(parts: Sequence[Path], on_progress: Callable[[float], bool]) -> None:
    """All bytes, into the system's memory. `on_progress` hears the fraction and may return False: that is the end."""
    total = sum(part.stat().st_size for part in parts) or 1
    done = 0
    piece = memoryview(bytearray(_PIECE_BYTES))
    for part in parts:
        with part.open("rb", buffering=0) as file:
            while n_read := file.readinto(piece):
                done += n_read
                if not on_progress(min(1.0, done / total)):
                    return


def _in_memory(path: Path) -> tuple[int, int]:
    """How many of some places all over the file are, of how many that were asked."""
    if not hasattr(os, "preadv") or not hasattr(os, "RWF_NOWAIT"):
        return 0, 0
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        n_there = 0
        for sample in range(_SAMPLES):
            try:
                n_there += os.preadv(descriptor, [bytearray(1)], size * sample // _SAMPLES, os.RWF_NOWAIT) == 1
            except BlockingIOError:
                continue
        return n_there, _SAMPLES
    except OSError:  # this file system can't be asked
        return 0, 0
    finally:
        os.close(descriptor)
