"""How many layers each GPU gets: as many as it has room for, or in the proportions that a person wants. Pure.

llama.cpp fills its GPUs in their order with the last layers of the model; the first layers stay with the processor.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import accumulate

from app.engine.devices import Gpu
from app.errors import ErrorKind, KnownError

_BETWEEN = re.compile(r"[\s,;:/،؛]+")  # what people write between numbers, in Arabic too


def layers_with_room(layer_bytes: Sequence[int], gpus: Sequence[Gpu], beside_bytes: int) -> tuple[int, ...]:
    """As many for each as fit; the last GPU is filled first.

    `layer_bytes`: weights and KV of each layer. `beside_bytes`: what every GPU that is used needs to compute in.
    """
    left = len(layer_bytes)
    counts = []
    for gpu in reversed(gpus):
        n, room = 0, gpu.free_bytes - beside_bytes
        while left > 0 and layer_bytes[left - 1] <= room:
            left -= 1
            room -= layer_bytes[left]
            n += 1
        counts.append(n)
    return tuple(reversed(counts))


def layers_in_proportion(
    layer_bytes: Sequence[int], gpus: Sequence[Gpu], beside_bytes: int, split: Sequence[float]
) -> tuple[int, ...]:
    """As many as fit where each GPU gets its part of them. See `layers_with_room`."""
    for n_layers in range(len(layer_bytes), 0, -1):
        counts = shared_out(n_layers, split)
        if _have_room(layer_bytes[-n_layers:], counts, gpus, beside_bytes):
            return counts
    return (0,) * len(gpus)


def _have_room(layer_bytes: Sequence[int], counts: Sequence[int], gpus: Sequence[Gpu], beside_bytes: int) -> bool:
    end = 0
    for count, gpu in zip(counts, gpus, strict=True):
        begin, end = end, end + count
        if count and sum(layer_bytes[begin:end]) + beside_bytes > gpu.free_bytes:
            return False
    return True


def shared_out(n_layers: int, split: Sequence[float]) -> tuple[int, ...]:
    """So many layers in these proportions, in whole numbers: (3, 1) of 10 is (8, 2)."""
    sums = list(accumulate(split))
    ends = [int(n_layers * (part / sums[-1]) + 0.5) for part in sums]
    return tuple(end - begin for begin, end in zip([0, *ends], ends, strict=False))


# what a person wants


def is_split(split: Sequence[float], n_gpus: int) -> bool:
    """Does it say how to share layers between so many GPUs?"""
    is_fine = all(part >= 0 for part in split) and 0 < sum(split) < math.inf
    return n_gpus > 1 and len(split) == n_gpus and is_fine


def check_split(split: Sequence[float], n_gpus: int) -> None:
    """Raises KnownError where it does not say how to share layers between so many GPUs."""
    if not is_split(split, n_gpus):
        raise _no_split(split_text(split), n_gpus)


def read_split(text: str, n_gpus: int) -> list[float]:
    """What somebody typed, such as "3, 1"; nothing where nothing was typed. Raises KnownError."""
    parts = [part for part in _BETWEEN.split(text) if part]
    try:
        split = [float(part) for part in parts]
    except ValueError as error:
        raise _no_split(text.strip(), n_gpus) from error
    if parts and not is_split(split, n_gpus):
        raise _no_split(text.strip(), n_gpus)
    return split


def split_text(split: Sequence[float]) -> str:
    """As `read_split` takes it."""
    return ", ".join(f"{part:g}" for part in split)


def _no_split(text: str, n_gpus: int) -> KnownError:
    example = split_text([3, *[1] * (n_gpus - 1)])
    return KnownError(
        ErrorKind.BAD_REQUEST,
        f"“{text}” does not say how {n_gpus} GPUs share a model. Write a number for each, such as “{example}”, or "
        "nothing.",
    )
