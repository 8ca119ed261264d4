"""The bench: which ones there are, and one run of some of them on one model file and one number of threads."""

from __future__ import annotations

import asyncio
import contextlib
import platform
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app import diagnostics
from app.engine.bare import BareModel
from app.engine.client import EngineClient
from app.engine.interface import ModelState
from app.engine.local import local_engine
from app.engine.messages import EngineReported
from app.engine.tuned import Choice
from app.lab.row import Row


class Watcher:
    """Hears what the engine tells of itself."""

    def __init__(self) -> None:
        self.report: EngineReported | None = None
        self._is_idle = asyncio.Event()
        self._news = asyncio.Event()

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None: ...

    def engine_crashed(self, running: frozenset[str], description: str) -> None:
        raise RuntimeError(description)

    def chats_active(self, are_active: bool) -> None: ...

    def engine_reported(self, report: EngineReported) -> None:
        self.report = report
        busy = report.interactive_running + report.bulk_running + report.bulk_waiting
        (self._is_idle.clear if busy else self._is_idle.set)()
        self._news.set()

    async def until_idle(self) -> None:
        await self._is_idle.wait()

    async def next_report(self) -> EngineReported:
        """It comes between two steps."""
        self._news.clear()
        await self._news.wait()
        assert self.report is not None
        return self.report


@dataclass
class Lab:
    """What every bench gets. `say` prints progress."""

    model: Path
    n_threads: int
    folder: Path
    against: str
    say: Callable[[str], None]

    @asynccontextmanager
    async def engine(
        self, *, kv_folder: Path | None = None, choice: Choice | None = None
    ) -> AsyncIterator[tuple[EngineClient, Watcher]]:
        """A new engine process with the model loaded, run with `choice` where there is one."""
        chosen = ["--choice", msgspec.json.encode(choice).decode()] if choice is not None else []
        engine = local_engine(
            self.folder,
            options=["--threads", str(self.n_threads), *chosen],
            kv_folder=kv_folder,
            kv_disk_bytes=4 << 30 if kv_folder is not None else 0,
        )
        watcher = Watcher()
        await engine.start(watcher)
        try:
            await engine.load(self.model)
            yield engine, watcher
        finally:
            await engine.close()

    def bare(self, *, n_sequences: int = 1, context_tokens: int = 4096, is_flash: bool = False) -> BareModel:
        """llama_decode by itself, in a process of its own; `is_flash`: as the engine computes long bulk."""
        return BareModel(
            self.model,
            self.folder,
            n_threads=self.n_threads,
            n_sequences=n_sequences,
            context_tokens=context_tokens,
            flash_attention=is_flash,
        )


Bench = Callable[[Lab], Awaitable[Row]]


async def run(
    benches: Sequence[tuple[str, Bench]],
    *,
    model: Path,
    n_threads: int | None,
    against: str,
    say: Callable[[str], None],
    done: Callable[[Row], None],
) -> list[Row]:
    """One after the other on a machine that should be quiet. `done` is given each row when it is there."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="rubato-bench-") as folder:
        lab = Lab(model, n_threads or diagnostics.physical_cores(), Path(folder), against, say)
        for name, bench in benches:
            say(f"bench {name} …")
            row = await bench(lab)
            rows.append(row)
            with contextlib.suppress(BrokenPipeError):
                done(row)
    return rows


def machine() -> dict[str, str]:
    """Where it was measured."""
    return {
        "system": platform.platform(),
        "processor": diagnostics.processor_name(),
        "python": platform.python_version(),
    }
