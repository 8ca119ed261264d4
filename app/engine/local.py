"""The engine as a child process of this program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.children import Child
from app.engine.client import Connection, EngineClient
from app.engine.messages import Event


def local_engine(logs: Path, *, backend: str = "llama", options: Sequence[str] = ()) -> EngineClient:
    """An engine process with the llama or the fake backend; C libraries print into `logs`/engine-native.log."""

    async def connect() -> Connection:
        child: Child[Event] = await Child.start(
            "engine",
            "--logs",
            str(logs),
            "--backend",
            backend,
            *options,
            received=Event,
            log_file=logs / "engine-native.log",
        )
        return child

    return EngineClient(connect)
