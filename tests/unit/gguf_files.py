"""GGUF headers written byte by byte, right or wrong."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Value = tuple[int, bytes]  # its kind, and how it is written


def text(content: str | bytes) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return struct.pack("<Q", len(raw)) + raw


def string(content: str | bytes) -> Value:
    return 8, text(content)


def u32(number: int) -> Value:
    return 4, struct.pack("<I", number)


def u16(number: int) -> Value:
    return 2, struct.pack("<H", number)


def i32(number: int) -> Value:
    return 5, struct.pack("<i", number)


def f32(number: float) -> Value:
    return 6, struct.pack("<f", number)


def truth(is_so: bool) -> Value:
    return 7, struct.pack("<?", is_so)


def array(kind: int, elements: Sequence[bytes], n: int | None = None) -> Value:
    return 9, struct.pack("<IQ", kind, len(elements) if n is None else n) + b"".join(elements)


def tensor(name: str, shape: Sequence[int], kind: int = 0, offset: int = 0, n_dimensions: int | None = None) -> bytes:
    n = len(shape) if n_dimensions is None else n_dimensions
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", n, *shape, kind, offset)


def gguf(
    values: dict[str, Value],
    tensors: Sequence[bytes] = (),
    data: bytes = b"\0" * 1024,
    *,
    version: int = 3,
    n_values: int | None = None,
    n_tensors: int | None = None,
    alignment: int = 32,
) -> bytes:
    head = b"GGUF" + struct.pack(
        "<IQQ",
        version,
        len(tensors) if n_tensors is None else n_tensors,
        len(values) if n_values is None else n_values,
    )
    for key, (kind, raw) in values.items():
        head += text(key) + struct.pack("<I", kind) + raw
    head += b"".join(tensors)
    return head + b"\0" * (-len(head) % alignment) + data


GOOD_VALUES: dict[str, Value] = {
    "general.architecture": string("llama"),
    "general.name": string("Small"),
    "llama.block_count": u32(2),
    "llama.context_length": u32(2048),
    "llama.attention.layer_norm_rms_epsilon": f32(1e-5),
    "llama.attention.head_count_kv": array(5, [struct.pack("<i", 2), struct.pack("<i", 0)]),
    "tokenizer.ggml.add_bos_token": truth(True),
    "tokenizer.ggml.tokens": array(8, [text(f"token {n}") for n in range(20)]),
    "tokenizer.ggml.scores": array(6, [struct.pack("<f", n) for n in range(20)]),
}
GOOD_TENSORS = (tensor("token_embd.weight", (8, 20)), tensor("output_norm.weight", (32,), kind=8, offset=640))


def split(number: int, n_parts: int, n_tensors: int) -> dict[str, Value]:
    return {
        "split.no": u16(number),
        "split.count": u16(n_parts),
        "split.tensors.count": i32(n_tensors),
    }
