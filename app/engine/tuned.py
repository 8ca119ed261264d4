"""What was measured of a model on this machine, and what the engine does with it: a small file in the profile.

The lab writes it, the engine process reads it when the model is loaded. Without it there are defaults.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import platform
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import msgspec

from app import diagnostics

_SAMPLE_BYTES = 1 << 20
MOST_OTHER_CORES = 0.2  # a figure that was disturbed more says nothing
NEARLY = 0.985  # of the best is as good, and the smaller setting is taken
BETTER = 0.97  # of the usual time, or less: then another way to compute is taken
DECODE, PREFILL, TURN = "decode", "prefill", "turn"
DEPTH = 256  # tokens that each sequence has when a step is timed
READ_PER_WRITTEN = 7.5  # tokens that bulk work reads for each that it writes: documents that are summarised


class Way(NamedTuple):
    """How steps are computed."""

    threads: int
    kv: str
    flash_attention: bool


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is timed: a step of `width` sequences (decode), reading in pieces of `piece` (prefill), or a
    chat's short question behind a long history (turn). `deeper`: tokens before it, besides the usual.
    """

    what: str
    threads: int
    width: int = 1
    piece: int = 512
    kv: str = "F16"
    flash_attention: bool = False
    deeper: int = 0

    @property
    def way(self) -> Way:
        return Way(self.threads, self.kv, self.flash_attention)


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """`tokens_per_second` of all sequences together; `step_seconds`: what each waits for its next token."""

    setting: Setting
    step_seconds: float
    tokens_per_second: float
    other_cores: float = 0.0  # that other programs used meanwhile

    @property
    def is_quiet(self) -> bool:
        return self.other_cores <= MOST_OTHER_CORES


class FlashAttention(Enum):
    """Of bulk. SUITED: where it is faster for the requests that wait (process/attention.py)."""

    OFF = "off"
    SUITED = "suited"
    ALWAYS = "always"

    @staticmethod
    def of(is_on: bool) -> FlashAttention:
        return FlashAttention.ALWAYS if is_on else FlashAttention.OFF


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine runs a model with. 0: as it does where nothing was measured. KV of chats is F16, unless the
    person wants another kind.
    """

    width: int = 0
    piece: int = 0
    threads: int = 0
    kv: str = "F16"
    flash_attention: FlashAttention = FlashAttention.SUITED
    chat_threads: int = 0
    chat_flash_attention: bool = False
    chat_kv: str = "F16"

    def with_wishes(self, kv: str, flash_attention: bool | None) -> Choice:
        """A person's own; empty, and None: what was found. Smaller KV than F16 is there with flash attention alone."""
        made = self if not kv else msgspec.structs.replace(self, kv=kv, chat_kv=kv)
        if flash_attention is not None:
            wished = FlashAttention.of(flash_attention)
            made = msgspec.structs.replace(made, flash_attention=wished, chat_flash_attention=flash_attention)
        return msgspec.structs.replace(
            made,
            flash_attention=made.flash_attention if made.kv == "F16" else FlashAttention.ALWAYS,
            chat_flash_attention=made.chat_flash_attention or made.chat_kv != "F16",
        )


class Tuned(msgspec.Struct, frozen=True, kw_only=True):
    """`watts`: that the machine took meanwhile, by its battery or by the processor's meters; 0: nothing tells.

    `bandwidth`, `operations`: bytes that this machine reads from memory and float32 operations of matrices, a second.
    """

    model: str
    points: tuple[Point, ...] = ()
    watts: float = 0.0
    are_watts_of_battery: bool = False
    bandwidth: float = 0.0
    operations: float = 0.0

    def with_point(self, point: Point) -> Tuned:
        others = tuple(known for known in self.points if known.setting != point.setting)
        return msgspec.structs.replace(self, points=(*others, point))

    def has(self, setting: Setting) -> bool:
        """Was it measured undisturbed?"""
        return any(point.setting == setting and point.is_quiet for point in self.points)

    @property
    def is_quiet(self) -> bool:
        return all(point.is_quiet for point in self.points)

    # what follows

    def choice(self) -> Choice:
        """What the engine is to use. Nothing of what was disturbed."""
        if not self.is_quiet or not self.points:
            return Choice()
        bulk, chat = self.bulk_way(), self.chat_way()
        found = Choice(
            width=self.bulk_width() or 0,
            piece=self.read_piece() or 0,
            threads=bulk.threads,
            kv=bulk.kv,
            flash_attention=FlashAttention.SUITED if bulk.flash_attention else FlashAttention.OFF,
            chat_threads=chat.threads,
            chat_flash_attention=chat.flash_attention,
        )
        return found.with_wishes("", None)

    def usual_way(self) -> Way:
        """F16 and no flash attention, on the most threads that were tried."""
        return Way(max((p.setting.threads for p in self.points), default=0), "F16", False)

    def bulk_way(self) -> Way:
        """The usual, unless documents are clearly read and written faster in another."""
        usual = self.usual_way()
        costs = {way: self._bulk_seconds(way) for way in {p.setting.way for p in self.points}}
        best = min(costs, key=lambda way: (costs[way], way != usual), default=usual)
        return best if costs.get(best, math.inf) < BETTER * costs.get(usual, math.inf) else usual

    def _bulk_seconds(self, way: Way) -> float:
        """To write a token and to read what goes with it, at the widest that is known of this way and of the usual."""
        widths = [{p.setting.width for p in self._decodes(w)} for w in (way, self.usual_way())]
        width = max(widths[0] & widths[1], default=0)
        read = max((p.tokens_per_second for p in self._of(PREFILL, way)), default=0.0)
        step = next((p.step_seconds for p in self._decodes(way) if p.setting.width == width), 0.0)
        return READ_PER_WRITTEN / read + step / width if read and step else math.inf

    def chat_way(self) -> Way:
        """The usual, unless questions are clearly answered sooner in another, and no slower."""
        usual = self.usual_way()

        def seconds(way: Way) -> tuple[float, float]:
            turns = [p.step_seconds for p in self._of(TURN, way)]
            steps = [p.step_seconds for p in self._decodes(way) if p.setting.width == 1]
            return (turns[0], steps[0]) if turns and steps else (math.inf, math.inf)

        turn, step = seconds(usual)
        others = {p.setting.way for p in self.points if p.setting.kv == "F16"}
        good = {way: seconds(way)[0] for way in others if seconds(way)[1] <= step / NEARLY}
        best = min(good, key=lambda way: good[way], default=usual)
        return best if good.get(best, math.inf) < BETTER * turn else usual

    def curve(self) -> list[Point]:
        """A point a width, as the engine runs bulk."""
        return self._decodes(self.bulk_way())

    def bulk_width(self) -> int | None:
        """The narrowest that is nearly the fastest. None: not measured, or disturbed."""
        curve = self.curve() if self.is_quiet else []
        best = max((p.tokens_per_second for p in curve), default=0.0)
        return next((p.setting.width for p in curve if p.tokens_per_second >= NEARLY * best), None)

    def read_piece(self) -> int | None:
        """The smallest piece of a prompt that is read nearly as fast as any."""
        reads = sorted(self._of(PREFILL, self.bulk_way()), key=lambda p: p.setting.piece)
        best = max((p.tokens_per_second for p in reads), default=0.0)
        return next((p.setting.piece for p in reads if p.tokens_per_second >= NEARLY * best), None)

    def read_rate(self) -> float | None:
        """Tokens a second of the fastest reading, as the engine runs bulk."""
        return max((p.tokens_per_second for p in self._of(PREFILL, self.bulk_way())), default=None)

    def deeper(self, what: str) -> Point | None:
        """What was measured behind more tokens than usual, as the engine runs bulk."""
        found = [p for p in self.points if p.setting.what == what and p.setting.deeper]
        return next((p for p in found if p.setting.way == self.bulk_way()), next(iter(found), None))

    def shallow(self, deeper: Point) -> Point | None:
        """The same setting behind as many tokens as usual."""
        setting = msgspec.structs.replace(deeper.setting, deeper=0)
        return next((p for p in self.points if p.setting == setting), None)

    def _of(self, what: str, way: Way) -> list[Point]:
        return [p for p in self.points if p.setting.what == what and p.setting.way == way and not p.setting.deeper]

    def _decodes(self, way: Way) -> list[Point]:
        return sorted(self._of(DECODE, way), key=lambda p: p.setting.width)


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
