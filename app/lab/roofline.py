"""The roofline: is the machine the limit, or the settings? What decode and prefill reach of what it can do. Pure.

To write a token the whole model is read from memory: memory is the roof there. To read a prompt each weight is used for
many tokens: the cores are. Quantised kernels may be faster than float32 matrices, by which the cores are measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from app.engine.fit import ContextShape, kv_bytes
from app.engine.gguf_metadata import ModelMetadata
from app.engine.model_shape import shape_of
from app.engine.tuned import DEPTH, Tuned

NEAR = 0.6  # of the roof, or more: the machine is the limit


class Limit(Enum):
    MACHINE = "machine"
    SETTINGS = "settings"


@dataclass(frozen=True, kw_only=True)
class Work:
    """Of one token: bytes that are read to write it, and operations of its matrices."""

    bytes_read: float
    operations: float


@dataclass(frozen=True, kw_only=True)
class Roofline:
    """Shares of the roofs; `bandwidth` in bytes, `operations` in operations a second, as measured."""

    decode: float
    prefill: float
    bandwidth: float
    operations: float

    @property
    def decode_limit(self) -> Limit:
        return Limit.MACHINE if self.decode >= NEAR else Limit.SETTINGS

    @property
    def prefill_limit(self) -> Limit:
        return Limit.MACHINE if self.prefill >= NEAR else Limit.SETTINGS

    @property
    def sentence(self) -> str:
        decode, prefill = f"{self.decode:.0%}", f"{self.prefill:.0%}"
        facts = (
            f"Writing one reply uses {decode} of this memory's {self.bandwidth / 1e9:.0f} GB/s, "
            f"reading a prompt {prefill} of the cores' {self.operations / 1e9:,.0f} GFLOPS"
        )
        match self.decode_limit, self.prefill_limit:
            case Limit.MACHINE, Limit.MACHINE:
                return f"{facts}: the machine is the limit, and only a smaller model file is faster."
            case Limit.MACHINE, _:
                return f"{facts}: memory is the limit of writing; reading would gain by another format of the file."
            case _, Limit.MACHINE:
                return f"{facts}: the cores are the limit of reading; writing would gain by another format of the file."
            case _:
                return (
                    f"{facts}: the machine can do more, and the format of the file is the limit. Try “rubato format”."
                )


def work_of(metadata: ModelMetadata) -> Work:
    """At the depth at which steps are timed. Of experts, those that a token uses."""
    names = {tensor.name for tensor in metadata.tensors}
    share = metadata.whole("expert_used_count") / max(1, metadata.whole("expert_count"))
    n_bytes = operations = 0.0
    for tensor in metadata.tensors:
        if tensor.name == "token_embd.weight" and "output.weight" in names:
            continue  # a row of it is looked up
        part = share if "_exps." in tensor.name else 1.0
        n_bytes += part * tensor.n_bytes
        operations += part * 2 * math.prod(tensor.shape) if len(tensor.shape) > 1 else 0.0
    kept = kv_bytes(shape_of(metadata), ContextShape(context_tokens=DEPTH))
    return Work(bytes_read=n_bytes + kept, operations=operations)


def roofline(work: Work, tuned: Tuned) -> Roofline | None:
    """None where something was not measured."""
    curve, read = tuned.curve(), tuned.read_rate()
    if not curve or curve[0].setting.width != 1 or read is None or not tuned.bandwidth or not tuned.operations:
        return None
    return Roofline(
        decode=work.bytes_read / curve[0].step_seconds / tuned.bandwidth,
        prefill=work.operations * read / tuned.operations,
        bandwidth=tuned.bandwidth,
        operations=tuned.operations,
    )
