"""A file that is not in memory is read with progress, and can be left in the middle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.engine.process import cold_file


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "a.gguf", tmp_path / "b.gguf"]
    for part in made:
        part.write_bytes(os.urandom(1 << 20) * 40)
    return made


def test_progress_moves_to_the_end(parts: list[Path]) -> None:
    told: list[float] = []
    cold_file.read(parts, lambda fraction: told.append(fraction) is None)
    assert told == sorted(told)
    assert len(told) >= 4
    assert told[-1] == 1.0


def test_it_stops_where_nobody_waits_any_more(parts: list[Path]) -> None:
    told: list[float] = []

    def hear(fraction: float) -> bool:
        told.append(fraction)
        return len(told) < 2

    cold_file.read(parts, hear)
    assert len(told) == 2


def test_what_was_just_read_is_not_cold(parts: list[Path]) -> None:
    cold_file.read(parts, lambda fraction: True)
    assert not cold_file.is_cold(parts)
