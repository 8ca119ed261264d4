"""Mutated model files: each is read and its figures are said, or it gets one sentence, quickly and in little memory.

RUBATO_FUZZ=100000 is the long run (four minutes; in November 2026 7 % could be read, the slowest file took 32 ms);
RUBATO_FUZZ_SEED another one than the usual.
"""

from __future__ import annotations

import os
import random
import struct
import time
from pathlib import Path

import psutil
import pytest

from app.engine.gguf_metadata import ModelMetadata, read_metadata
from app.engine.load_plan import load_plan
from app.engine.model_shape import shape_of
from app.errors import ErrorKind, KnownError
from app.lab.roofline import work_of
from tests.model.tiny_models import KINDS
from tests.unit.gguf_files import GOOD_TENSORS, GOOD_VALUES, gguf, split, tensor

FILES = int(os.environ.get("RUBATO_FUZZ", "3000"))
SEED = int(os.environ.get("RUBATO_FUZZ_SEED", "6"))
MOST_SECONDS = 2.0
MOST_GROWTH_BYTES = 64 << 20
_EDGES = [
    0,
    1,
    7,
    8,
    9,
    31,
    32,
    0x7F,
    0x80,
    0xFF,
    0xFFFF,
    0x10000,
    1 << 31,
    (1 << 32) - 1,
    1 << 62,
    1 << 63,
    (1 << 64) - 1,
]


def mutated(whole: bytes, other: bytes, source: random.Random) -> bytes:
    """One to six faults, most of them where the header is."""
    data = bytearray(whole)
    for _ in range(source.choice((1, 1, 1, 2, 3, 6))):
        end = max(1, min(len(data), source.choice((24, 200, 1 << 12, 1 << 20))))
        at = source.randrange(end)
        match source.randrange(8):
            case 0:
                data[at : at + 1] = bytes([source.randrange(256)])
            case 1:
                data[at : at + 1] = bytes([(data[at] if at < len(data) else 0) ^ (1 << source.randrange(8))])
            case 2:
                data[at : at + 8] = struct.pack("<Q", source.choice(_EDGES))
            case 3:
                data[at : at + 4] = struct.pack("<I", source.choice(_EDGES) & 0xFFFFFFFF)
            case 4:
                del data[at:]
            case 5:
                del data[at : at + source.randrange(1, 64)]
            case 6:
                data[at:at] = source.randbytes(source.randrange(1, 64))
            case 7:
                start = source.randrange(max(1, len(other)))
                data[at : at + 64] = other[start : start + source.randrange(1, 200)]
    return bytes(data)


def read_or_refused(path: Path) -> ModelMetadata | KnownError:
    try:
        return read_metadata(path)
    except KnownError as error:
        return error


@pytest.mark.timeout(max(150, FILES // 50))
def test_mutated_files(tmp_path: Path) -> None:
    seeds = [gguf(GOOD_VALUES, GOOD_TENSORS)]
    for kind, write in KINDS.items():
        seeds.append(write(tmp_path / f"{kind}.gguf").read_bytes()[: 1 << 15])
    second = gguf(split(1, 2, 2), [tensor("t1", (8,))])
    (tmp_path / "m-00002-of-00002.gguf").write_bytes(second)
    seeds.append(gguf(GOOD_VALUES | split(0, 2, 2), [tensor("t0", (8,))]))
    path = tmp_path / "m-00001-of-00002.gguf"
    source = random.Random(SEED)
    n_read, slowest = 0, 0.0
    before = psutil.Process().memory_info().rss
    for number in range(FILES):
        path.write_bytes(mutated(source.choice(seeds), source.choice(seeds), source))
        started = time.process_time()
        outcome = read_or_refused(path)
        slowest = max(slowest, time.process_time() - started)
        if isinstance(outcome, KnownError):
            assert outcome.kind in (ErrorKind.MODEL_UNREADABLE, ErrorKind.NO_MODEL), number
            assert "\n" not in outcome.sentence, number
            assert len(outcome.sentence) < 400, number
        else:
            n_read += 1
            plan = load_plan(shape_of(outcome), context_tokens=8192, free_bytes=8 << 30)
            assert "\n" not in plan.sentence, number
            assert work_of(outcome).bytes_read >= 0, number
    growth = psutil.Process().memory_info().rss - before
    print(f"{FILES:,} files, {n_read:,} could be read; slowest {slowest * 1000:.0f} ms, {growth / 1e6:.0f} MB more")
    assert slowest < MOST_SECONDS
    assert growth < MOST_GROWTH_BYTES
    assert 0 < n_read < FILES
