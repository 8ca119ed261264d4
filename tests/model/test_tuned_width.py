"""The engine runs as many sequences at once as were found to be fast on this machine."""

from __future__ import annotations

from pathlib import Path

from app.engine import tuned
from app.engine.process.llama import LlamaBackend
from app.engine.process.memory_plan import BULK_SEQUENCES
from app.engine.tuned import DECODE, Point, Setting, Tuned
from tests.model.tiny_models import full_attention


def width_of(model: Path, tuning: Path | None) -> int:
    backend = LlamaBackend(model, 512, lambda fraction: True, n_threads=1, tuning=tuning)
    try:
        return backend.capabilities.bulk_sequences
    finally:
        backend.close()


def test_the_width_that_was_measured_is_used(tmp_path: Path) -> None:
    model, folder = full_attention(tmp_path / "m.gguf"), tmp_path / "tuning"
    assert width_of(model, None) == width_of(model, folder) == BULK_SEQUENCES
    points = tuple(
        Point(setting=Setting(what=DECODE, threads=1, width=width), step_seconds=1.0, tokens_per_second=rate)
        for width, rate in ((1, 10.0), (8, 20.0), (16, 40.0))
    )
    tuned.save(folder, model, Tuned(model="m", points=points))
    assert width_of(model, folder) == 16
