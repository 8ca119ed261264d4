"""The header of one GGUF file, read without any of its weights: values and tensors, never more than the limits.

The file may be hostile. It is read in pieces, what it says is believed only as far as the file is long, and long
arrays (the vocabulary) are passed over. Every fault is a `HeaderFault` with the end of a sentence about the file.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from app.engine.gguf_types import ARRAY, SCALARS, STRING, TENSOR_KINDS, TensorKind

MAGIC = b"GGUF"
OLDEST_VERSION, NEWEST_VERSION = 2, 3
MOST_HEADER_BYTES = 512 << 20
MOST_VALUES = 65_536
MOST_TENSORS = 65_536
MOST_ELEMENTS = 8 << 20  # of all arrays together
LONGEST_KEY = 1024
LONGEST_STRING = 64 << 20
LONGEST_KEPT_STRING = 4 << 20
MOST_KEPT_ELEMENTS = 4096  # of an array of numbers: one a layer, say
LONGEST_TENSOR_NAME = 63  # that ggml can hold
MOST_DIMENSIONS = 4
MOST_BYTES = 1 << 62  # of a tensor
LARGEST_ALIGNMENT = 1 << 20


class HeaderFault(Exception):
    """`str(fault)` goes on after the file's name: "x.gguf " + "is cut short …"."""


@dataclass(frozen=True)
class Passed:
    """An array whose elements were passed over."""

    n: int


Value = bool | int | float | str | tuple[float, ...] | Passed


@dataclass(frozen=True)
class Tensor:
    """`offset`: in bytes, from the beginning of the data."""

    name: str
    kind: TensorKind
    shape: tuple[int, ...]
    offset: int

    @property
    def n_bytes(self) -> int:
        return self.kind.n_bytes(math.prod(self.shape))


@dataclass(frozen=True, kw_only=True)
class Header:
    """Of one file. `data_start`: where the weights begin, in bytes."""

    version: int
    values: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    data_start: int


def read_header(file: BinaryIO, file_bytes: int, byte_order: str = sys.byteorder) -> Header:
    """`byte_order`: of the machine that is to load it. Raises HeaderFault; OSError where the disk does not read."""
    return _Reader(file, file_bytes, byte_order).header()


class _Reader:
    def __init__(self, file: BinaryIO, file_bytes: int, byte_order: str) -> None:
        self._file, self._file_bytes = file, file_bytes
        self._order = "<" if byte_order == "little" else ">"
        self._at = 0
        self._n_elements = 0
        self._structs = {kind: struct.Struct(self._order + letter) for kind, letter in SCALARS.items()}

    def header(self) -> Header:
        if self._file_bytes < len(MAGIC) or self._take(len(MAGIC)) != MAGIC:
            raise HeaderFault("is not a GGUF model, whatever its name says")
        version = self._version()
        n_tensors, n_values = self._count(MOST_TENSORS, "tensors", 24), self._count(MOST_VALUES, "values", 13)
        values: dict[str, Value] = {}
        for _ in range(n_values):
            key = self._string(LONGEST_KEY)
            if key in values:
                raise HeaderFault(f"is damaged: it has “{shown(key)}” twice")
            values[key] = self._value(self._number(4))
        alignment = values.get("general.alignment", 32)
        if not isinstance(alignment, int) or not _is_power_of_two(alignment):
            raise HeaderFault("is damaged: its alignment is no power of two")
        tensors = self._tensors(n_tensors, alignment)
        data_start = _aligned(self._at, alignment)
        for tensor in tensors:
            if data_start + tensor.offset + tensor.n_bytes > self._file_bytes:
                raise HeaderFault("is cut short: not all of its weights are there")
        return Header(version=version, values=values, tensors=tensors, data_start=data_start)

    def _version(self) -> int:
        raw = self._take(4)
        version: int = struct.unpack(f"{self._order}I", raw)[0]
        swapped: int = struct.unpack(f"{'>' if self._order == '<' else '<'}I", raw)[0]
        if not version & 0xFFFF and 0 < swapped <= NEWEST_VERSION + 16:
            raise HeaderFault("was made for machines with the other byte order")
        if version > NEWEST_VERSION:
            raise HeaderFault(f"has version {version} of the format, newer than this program knows (3)")
        if version < OLDEST_VERSION:
            raise HeaderFault(f"has version {version} of the format, which is no longer read")
        return version

    def _tensors(self, n_tensors: int, alignment: int) -> tuple[Tensor, ...]:
        tensors: dict[str, Tensor] = {}
        for _ in range(n_tensors):
            tensor = self._tensor()
            if tensor.name in tensors:
                raise HeaderFault(f"is damaged: it has the tensor “{shown(tensor.name)}” twice")
            if tensor.offset % alignment:
                raise HeaderFault(f"is damaged: the tensor “{shown(tensor.name)}” begins at no round place")
            tensors[tensor.name] = tensor
        return tuple(tensors.values())

    def _tensor(self) -> Tensor:
        name = self._string(LONGEST_TENSOR_NAME)
        n_dimensions = self._number(4)
        if n_dimensions > MOST_DIMENSIONS:
            raise HeaderFault(f"is damaged: a tensor of {n_dimensions} dimensions")
        shape = tuple(self._number(10) for _ in range(n_dimensions))
        kind = TENSOR_KINDS.get(number := self._number(4))
        if kind is None:
            raise HeaderFault(f"has weights of a kind ({number}) that this program does not know")
        if any(size > MOST_BYTES for size in shape) or math.prod(shape) * 8 > MOST_BYTES:
            raise HeaderFault(f"is damaged: the tensor “{shown(name)}” is larger than anything")
        if (shape[0] if shape else 1) % kind.block:
            raise HeaderFault(f"is damaged: a row of the tensor “{shown(name)}” ends within a block")
        return Tensor(name, kind, shape, self._number(10))

    # values

    def _value(self, kind: int) -> Value:
        if kind == STRING:
            return self._string(LONGEST_STRING)
        if kind == ARRAY:
            return self._array()
        return self._number(kind)

    def _array(self) -> Value:
        kind = self._number(4)
        if kind == ARRAY:
            raise HeaderFault("has lists within lists, which no model needs")
        if kind != STRING and kind not in self._structs:
            raise HeaderFault(f"is damaged: there is no kind of value with the number {kind}")
        size = 8 if kind == STRING else self._structs[kind].size
        n = self._count(MOST_ELEMENTS - self._n_elements, "elements", size)
        self._n_elements += n
        if kind == STRING:
            for _ in range(n):
                self._skip(self._length(LONGEST_STRING))
            return Passed(n)
        if n > MOST_KEPT_ELEMENTS:
            self._skip(n * size)
            return Passed(n)
        return struct.unpack(f"{self._order}{n}{SCALARS[kind]}", self._take(n * size))

    def _number(self, kind: int) -> int:
        """Bools and floats come as such; the type says what is counted with."""
        known = self._structs.get(kind)
        if known is None:
            raise HeaderFault(f"is damaged: there is no kind of value with the number {kind}")
        number: int = known.unpack(self._take(known.size))[0]
        return number

    def _count(self, most: int, what: str, least_bytes: int) -> int:
        """`least_bytes`: that each of them takes in the file."""
        n = self._number(10)
        if n > most:
            raise HeaderFault(f"is damaged: it says that it has {n:,} {what}")
        if n * least_bytes > self._file_bytes - self._at:
            raise HeaderFault("is cut short")
        return n

    def _length(self, longest: int) -> int:
        n = self._number(10)
        if n > longest:
            raise HeaderFault(f"is damaged: it has a text of {n:,} bytes in its header")
        return n

    def _string(self, longest: int) -> str:
        n = self._length(longest)
        kept = self._take(min(n, LONGEST_KEPT_STRING))
        self._skip(n - len(kept))
        return kept.decode("utf-8", "replace")

    # bytes

    def _advance(self, n: int) -> None:
        if self._at + n > self._file_bytes:
            raise HeaderFault("is cut short")
        self._at += n
        if self._at > MOST_HEADER_BYTES:
            raise HeaderFault("is damaged: its header does not end")

    def _take(self, n: int) -> bytes:
        self._advance(n)
        data = self._file.read(n)
        if len(data) < n:
            raise HeaderFault("is cut short")
        return data

    def _skip(self, n: int) -> None:
        self._advance(n)
        if n < 4096:
            self._file.read(n)  # much quicker than a seek, within what is read already
        else:
            self._file.seek(self._at)


def _is_power_of_two(n: int) -> bool:
    return 0 < n <= LARGEST_ALIGNMENT and n & (n - 1) == 0


def _aligned(n: int, alignment: int) -> int:
    return -(-n // alignment) * alignment


def shown(name: str) -> str:
    """A name of the file's, short and without what no terminal should get."""
    return "".join(c if c.isprintable() else "�" for c in name[:80])
