"""The engine as a child process of this program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.children import Child
from app.engine.client import EngineClient
from app.engine.connection import Connection
from app.engine.devices import Gpu, built_in, look
from app.engine.messages import Event, GpusListed, ModelChecked, ModelLoadFailed
from app.errors import ErrorKind, KnownError


def local_engine(
    logs: Path,
    *,
    backend: str = "llama",
    options: Sequence[str] = (),
    context_tokens: int = 8192,
    kv_folder: Path | None = None,
    kv_disk_bytes: int = 0,
) -> EngineClient:
    """An engine process with the llama or the fake backend; C libraries print into `logs`/engine-native.log.

    The KV of chats is kept in `kv_folder`, up to `kv_disk_bytes`; without both it is not written.
    """
    if kv_folder is not None:
        options = [*options, "--kv", str(kv_folder)]

    async def connect(hear: Callable[[Event], None]) -> Connection:
        child: Child[Event] = await Child.start(
            "engine",
            "--logs",
            str(logs),
            "--backend",
            backend,
            *options,
            received=Event,
            log_file=logs / "engine-native.log",
            hear=hear,
        )
        return child

    async def check(path: Path) -> None:
        await check_model(path, logs)

    if backend == "fake":
        return EngineClient(connect, context_tokens=context_tokens, kv_disk_bytes=kv_disk_bytes)
    return EngineClient(connect, check, context_tokens=context_tokens, kv_disk_bytes=kv_disk_bytes)


async def check_model(path: Path, logs: Path) -> None:
    """Open a file as a model in a process that holds nothing else. Raises KnownError with the sentence for it."""
    child: Child[ModelChecked | ModelLoadFailed] = await Child.start(
        "check",
        "--logs",
        str(logs),
        str(path),
        received=ModelChecked | ModelLoadFailed,
        log_file=logs / "engine-native.log",
    )
    try:
        async for message in child.messages():
            if isinstance(message, ModelLoadFailed):
                raise KnownError(message.kind, message.sentence)
            return
        raise KnownError(
            ErrorKind.MODEL_UNREADABLE,
            f"{path.name} makes llama.cpp crash: the file is damaged or not what it says. Choose another model.",
        )
    finally:
        child.kill()
        await child.wait()


async def list_gpus(logs: Path) -> tuple[Gpu, ...]:
    """Those that llama.cpp can compute with, and their free memory. A process of its own asks the drivers, and only
    where this llama.cpp is built for any.
    """
    if not built_in(look()):
        return ()
    child: Child[GpusListed] = await Child.start(
        "gpus", "--logs", str(logs), received=GpusListed, log_file=logs / "engine-native.log"
    )
    try:
        async for message in child.messages():
            return tuple(Gpu(name=g.name, free_bytes=g.free_bytes, is_unified=g.is_unified) for g in message.gpus)
        return ()  # a driver crashed: the log has it
    finally:
        child.kill()
        await child.wait()
