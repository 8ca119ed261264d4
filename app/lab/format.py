"""Format for this machine: kinds of numbers differ by more than twice in speed on the same processor.

Each kind is made of the model at hand, timed, and compared with it on a text; the file that was is never touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from app import diagnostics
from app.core.core import Core
from app.engine.bare import BareModel
from app.engine.format import compare, requantise
from app.engine.gguf_metadata import ModelMetadata, read_metadata
from app.engine.tuned import DEPTH
from app.errors import ErrorKind, KnownError, from_os_error
from app.lab.format_text import TEXT
from app.lab.tune import unless
from app.lab.turn import measuring

BITS = {"Q4_0": 4.5, "IQ4_NL": 4.5, "Q4_1": 5.0, "Q4_K_M": 5.0, "Q5_K_M": 5.8, "Q6_K": 6.6, "Q8_0": 8.5}
"""Kinds that are tried, and about how many bits a number takes."""
ROOM_BYTES = 200_000_000  # that stay free on the disk
SPARE = 1.3  # some tensors are kept in a larger kind
EQUAL = 0.02  # nats: a loss that nobody reads
FASTER = 0.95  # of the time, or less: then it is worth another file
READ, WRITTEN, WIDE = 512, 128, 8
STEPS = 12

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A kind on this machine. Tokens a second: reading, writing one reply, writing eight at once.

    `divergence`, in nats, and `agreement` beside the file at hand; that one itself has `is_source`.
    """

    kind: str
    n_bytes: int
    read: float
    written: float
    written_wide: float
    divergence: float = 0.0
    agreement: float = 1.0
    is_source: bool = False

    @property
    def seconds(self) -> float:
        """To read a page and to write a short reply."""
        return READ / self.read + WRITTEN / self.written

    @property
    def is_equal(self) -> bool:
        return self.divergence <= EQUAL


def advised(trials: Sequence[Trial]) -> Trial | None:
    """The fastest of equal quality, if it is clearly faster than the file at hand. Of equals the smaller one."""
    source = next(trial for trial in trials if trial.is_source)
    good = [trial for trial in trials if trial.is_equal and not trial.is_source]
    best = min(good, key=lambda trial: (trial.seconds, trial.n_bytes), default=source)
    return best if best.seconds <= FASTER * source.seconds else None


def advice(trials: Sequence[Trial]) -> str:
    """One sentence."""
    source = next(trial for trial in trials if trial.is_source)
    best = advised(trials)
    if best is not None:
        return (
            f"{best.kind} is {source.seconds / best.seconds:.1f} times as fast as this file here, and says nearly the "
            f"same (loss {best.divergence:.3f}). The best copy is one made from the original, if there is one."
        )
    fastest = min(trials, key=lambda trial: trial.seconds)
    if fastest.seconds <= FASTER * source.seconds:
        return (
            f"Keep this file: {fastest.kind} is {source.seconds / fastest.seconds:.1f} times as fast here, but it "
            f"loses something (loss {fastest.divergence:.3f})."
        )
    return "Keep this file: no kind of equal quality is clearly faster on this machine."


def kind_of(metadata: ModelMetadata) -> str:
    """What most of its numbers are stored as."""
    sizes: dict[str, int] = {}
    for tensor in metadata.tensors:
        sizes[tensor.kind.name] = sizes.get(tensor.kind.name, 0) + tensor.n_bytes
    return max(sizes, key=lambda name: sizes[name], default="")


def expected_bytes(metadata: ModelMetadata, kind: str) -> int:
    """About, and rather too much."""
    numbers = sum(tensor.n_bytes / tensor.kind.block_bytes * tensor.kind.block for tensor in metadata.tensors)
    return int(numbers * BITS[kind] / 8 * SPARE)


def check_room(folder: Path, n_bytes: int) -> None:
    """Raises KnownError where the disk has no room for so much."""
    free = diagnostics.free_disk_bytes(folder)
    if free < n_bytes + ROOM_BYTES:
        raise KnownError(
            ErrorKind.DISK_FULL,
            f"This takes {n_bytes / 1e9:.1f} GB on the disk of {folder}, and {free / 1e9:.1f} GB are free. Make room, "
            "and try again.",
        )


async def try_kinds(
    core: Core, model: Path, kinds: Sequence[str], said: Callable[[Trial, int], None], text: str = TEXT
) -> list[Trial]:
    """The file itself, then each kind made of it. `said` hears each, and how many are to come. Raises KnownError."""
    metadata = read_metadata(model)
    kinds = [kind for kind in kinds if kind != kind_of(metadata)]
    n_threads, logs = diagnostics.physical_cores(), core.paths.logs

    def is_chatting() -> bool:
        return core.are_chats_active

    trials: list[Trial] = []
    with measuring(core):
        async with _folder(core) as folder:
            check_room(folder, max((expected_bytes(metadata, kind) for kind in kinds), default=0))
            n_bytes = sum(part.stat().st_size for part in metadata.parts)
            own = await _again(is_chatting, lambda: _timed(model, kind_of(metadata), n_bytes, n_threads, logs))
            trials.append(replace(own, is_source=True))
            said(trials[-1], len(kinds))
            for n, kind in enumerate(kinds, 1):
                file = folder / f"{kind}.gguf"
                n_bytes = await requantise(model, file, kind, n_threads=n_threads, logs=logs)
                (loss,) = await compare(model, [file], text, n_threads=n_threads, logs=logs)
                trial = await _again(is_chatting, lambda: _timed(file, kind, n_bytes, n_threads, logs))  # noqa: B023
                file.unlink()
                trials.append(replace(trial, divergence=loss.divergence, agreement=loss.agreement))
                said(trials[-1], len(kinds) - n)
    return trials


async def make(core: Core, model: Path, kind: str, text: str = TEXT) -> tuple[Path, float]:
    """A new file beside the others, and what it loses; the file that was stays. Raises KnownError."""
    metadata = read_metadata(model)
    target = core.paths.models / f"{base_name(model)}.{kind}.gguf"
    if target.exists():
        raise KnownError(ErrorKind.BAD_REQUEST, f"{target.name} is there already. Choose it, or another kind.")
    n_threads, logs = diagnostics.physical_cores(), core.paths.logs
    with measuring(core):
        async with _folder(core) as folder:
            check_room(folder, expected_bytes(metadata, kind))
            file = folder / target.name
            await requantise(model, file, kind, n_threads=n_threads, logs=logs)
            (loss,) = await compare(model, [file], text, n_threads=n_threads, logs=logs)
            try:
                file.rename(target)
            except OSError as error:
                raise from_os_error(error, f"write {target.name}") from error
    return target, loss.divergence


def base_name(model: Path) -> str:
    """Without its own kind: "m.Q4_1.gguf" and "m-Q4_K_M.gguf" are both "m"."""
    return re.sub(r"[.-](I?Q\d_[A-Z0-9_]+|B?F16|F32)$", "", model.stem, flags=re.IGNORECASE) or model.stem


@asynccontextmanager
async def _folder(core: Core) -> AsyncIterator[Path]:
    """On the disk of the models, and gone afterwards; what an end of the program left there goes first."""
    root = core.paths.trials
    with contextlib.suppress(OSError):
        shutil.rmtree(root)
    try:
        root.mkdir(parents=True)
        folder = Path(tempfile.mkdtemp(dir=root))
    except OSError as error:
        raise from_os_error(error, "write a model file to try") from error
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, root, True)


async def _again(is_chatting: Callable[[], bool], measure: Callable[[], Awaitable[T]]) -> T:
    """Until no chat has come between."""
    found: list[T] = []

    async def once() -> None:
        found.append(await measure())

    while not found:
        if is_chatting():
            await asyncio.sleep(0.1)
        else:
            await unless(is_chatting, once())
    return found[0]


async def _timed(model: Path, kind: str, n_bytes: int, n_threads: int, logs: Path) -> Trial:
    async with BareModel(model, logs, n_threads=n_threads, n_sequences=WIDE, context_tokens=DEPTH + READ) as bare:
        step, wide = await bare.decode_step(1, DEPTH, STEPS), await bare.decode_step(WIDE, DEPTH, STEPS)
        read = min([await bare.prefill(READ) for _ in range(2)])
    return Trial(kind=kind, n_bytes=n_bytes, read=READ / read, written=1 / step, written_wide=WIDE / wide)
