"""One measurement at a time: two at once would measure each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

from app.core.core import Core
from app.errors import ErrorKind, KnownError

_measured: WeakSet[Core] = WeakSet()


@contextmanager
def measuring(core: Core) -> Iterator[None]:
    """Jobs stand still meanwhile. Raises KnownError where this program measures already."""
    if core in _measured:
        raise KnownError(ErrorKind.BAD_REQUEST, "This machine is being measured already. Wait, or stop that.")
    _measured.add(core)
    core.hold_jobs(True)
    try:
        yield
    finally:
        _measured.discard(core)
        core.hold_jobs(False)
