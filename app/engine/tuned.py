"""What was measured of a model on this machine: a small file in the profile, a line the lab adds to at a time.

The lab writes it, the engine process reads it when the model is loaded. Without it there are defaults.
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
from pathlib import Path

import msgspec

from app import diagnostics

_SAMPLE_BYTES = 1 << 20
MOST_OTHER_CORES = 0.2  # a figure that was disturbed more says nothing
NEARLY = 0.97  # of the best is as good, and the smaller setting is taken
DECODE, PREFILL = "decode", "prefill"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is timed: a step of `width` sequences (decode), or reading in pieces of `piece` (prefill)."""

    what: str
    threads: int
    width: int = 1
    piece: int = 512
    kv: str = "F16"
    flash_attention: bool = False


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """`tokens_per_second` of all sequences together; `step_seconds`: what each waits for its next token."""

    setting: Setting
    step_seconds: float
    tokens_per_second: float
    other_cores: float = 0.0  # that other programs used meanwhile

    @property
    def is_quiet(self) -> bool:
        return self.other_cores <= MOST_OTHER_CORES


class Tuned(msgspec.Struct, frozen=True, kw_only=True):
    model: str
    points: tuple[Point, ...] = ()

    def with_point(self, point: Point) -> Tuned:
        others = tuple(known for known in self.points if known.setting != point.setting)
        return Tuned(model=self.model, points=(*others, point))

    def has(self, setting: Setting) -> bool:
        """Was it measured undisturbed?"""
        return any(point.setting == setting and point.is_quiet for point in self.points)

    @property
    def is_quiet(self) -> bool:
        return all(point.is_quiet for point in self.points)

    def curve(self) -> list[Point]:
        """A point a width, as the engine runs: F16 and no flash attention, on the most threads that were tried."""
        usual = [p for p in self.points if p.setting.what == DECODE and _is_usual(p.setting)]
        most = max((p.setting.threads for p in usual), default=0)
        return sorted((p for p in usual if p.setting.threads == most), key=lambda p: p.setting.width)

    def bulk_width(self) -> int | None:
        """The narrowest that is nearly the fastest. None: not measured, or disturbed."""
        curve = self.curve() if self.is_quiet else []
        best = max((p.tokens_per_second for p in curve), default=0.0)
        return next((p.setting.width for p in curve if p.tokens_per_second >= NEARLY * best), None)

    def read_piece(self) -> int | None:
        """The smallest piece of a prompt that is read nearly as fast as any."""
        reads = [p for p in self.points if p.setting.what == PREFILL and _is_usual(p.setting)]
        most = max((p.setting.threads for p in reads), default=0)
        reads = sorted((p for p in reads if p.setting.threads == most), key=lambda p: p.setting.piece)
        best = max((p.tokens_per_second for p in reads), default=0.0)
        return next((p.setting.piece for p in reads if p.tokens_per_second >= NEARLY * best), None)

    def read_rate(self) -> float | None:
        """Tokens a second of the fastest reading, as the engine runs."""
        reads = [p.tokens_per_second for p in self.points if p.setting.what == PREFILL and _is_usual(p.setting)]
        return max(reads, default=None)


def _is_usual(setting: Setting) -> bool:
    return setting.kv == "F16" and not setting.flash_attention


def key_of(model: Path) -> str:
    """Names the file and this machine: by its size, its beginning and its end, which is quick for any size."""
    size = model.stat().st_size
    digest = hashlib.sha256(f"{size} {diagnostics.processor_name()} {platform.machine()}".encode())
    with model.open("rb") as file:
        digest.update(file.read(_SAMPLE_BYTES))
        file.seek(max(0, size - _SAMPLE_BYTES))
        digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:32]


def load(folder: Path, model: Path) -> Tuned:
    """Empty where nothing was measured, or the file is broken."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((folder / f"{key_of(model)}.json").read_bytes(), type=Tuned)
    return Tuned(model=model.name.encode(errors="replace").decode())


def save(folder: Path, model: Path, tuned: Tuned) -> None:
    """Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{key_of(model)}.json"
    part = file.with_suffix(".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(tuned)))
    part.replace(file)
