"""`rubato doctor`: facts about this machine, and whether each part works, with what to do where one does not."""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import AsyncIterator

from app.core.core import Core
from app.core.instance import Console
from app.diagnostics import free_disk_bytes, machine_facts
from app.engine import devices
from app.errors import KnownError

PARTS = ("llama-cpp-python", "PySide6_Essentials", "msgspec", "pypdfium2", "huggingface-hub")
LOW_DISK_BYTES = 500_000_000


async def doctor(core: Core, console: Console) -> int:
    """Exit code 1 where something needs attention."""
    for name, value in machine_facts().items():
        console.out(f"{name:20} {value}\n")
    for part in PARTS:
        console.out(f"{part:20} {_version(part)}\n")
    console.out(f"{'profile':20} {core.paths.data}\n{'logs':20} {core.paths.logs}\n")
    for sentence in devices.own_findings():
        console.out(f"{'devices':20} {sentence}\n")
    is_well = True
    async for name, problem in _checks(core):
        is_well = is_well and not problem
        console.out(f"{name:20} {problem or 'ok'}\n")
    return 0 if is_well else 1


async def _checks(core: Core) -> AsyncIterator[tuple[str, str]]:
    free = free_disk_bytes(core.paths.data)
    is_low = free < LOW_DISK_BYTES
    yield "disk", f"only {free / 1e6:.0f} MB free: make room before adding documents or models" if is_low else ""
    yield "database", core.check_database()
    models = [model for model in await core.models() if not model.problem]
    yield "models", "" if models else "none: run “rubato models get”"
    try:
        seconds = await asyncio.wait_for(core.try_engine(), 120)
        yield f"engine, {seconds:.2f} s", ""
    except KnownError as error:
        yield "engine", error.sentence
    except TimeoutError:
        yield "engine", "no answer within two minutes: see engine.log in the logs folder"


def _version(part: str) -> str:
    try:
        return importlib.metadata.version(part)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
