"""The roof process from the program's side: what memory and cores of this machine can do at most."""

from __future__ import annotations

from pathlib import Path

from app.children import Child
from app.errors import ErrorKind, KnownError
from app.wire import Message


class RoofMeasured(Message, frozen=True, kw_only=True):
    """Bytes a second that are read from memory; operations a second of float32 matrices. All threads together."""

    bandwidth: float
    operations: float


async def measure_roof(logs: Path, n_threads: int) -> RoofMeasured:
    """Some seconds. Raises KnownError."""
    child: Child[RoofMeasured] = await Child.start(
        "roof", "--threads", str(n_threads), received=RoofMeasured, log_file=logs / "roof-native.log"
    )
    try:
        async for message in child.messages():
            return message
        raise KnownError(ErrorKind.BUG, "What this machine can do could not be measured. See roof-native.log.")
    finally:
        child.kill()
        await child.wait()
