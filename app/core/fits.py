"""Whether models fit the memory that is free now, as the faces see it. Pure but for reading a model's metadata."""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from pathlib import Path

from app.core.model_views import FitView
from app.engine import tuned
from app.engine.fit import ContextShape, fit_of, kv_bytes, need_of
from app.engine.gguf_header import HeaderFault, read_header
from app.engine.gguf_metadata import ModelMetadata, read_metadata
from app.engine.model_shape import ModelShape, shape_of
from app.engine.process.memory_plan import SMALLEST_CONTEXT, plan_kv
from app.engine.verdict import Verdict
from app.errors import KnownError

WANTED_CONTEXT = 8192
_BESIDE_SHARE, _BESIDE_BYTES = 0.15, 200_000_000  # context and what steps are computed in, where only a size is known


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What a model's file says of itself; `problem`: why it can't be used."""

    shape: ModelShape | None = None
    size_bytes: int = 0
    problem: str = ""
    tokens_per_second: float | None = None  # of one chat, where “rubato tune” measured it


def facts_of(path: Path, tuning: Path) -> FileFacts:
    """Reads the metadata, a fraction of a second for a large vocabulary, and what was measured of this file here."""
    try:
        metadata = read_metadata(path)
        curve = tuned.load(tuning, path).curve()
        alone = next((point.tokens_per_second for point in curve if point.setting.width == 1), None)
        return FileFacts(shape=shape_of(metadata), size_bytes=metadata.file_bytes, tokens_per_second=alone)
    except KnownError as error:
        return FileFacts(problem=error.sentence)


def fit_of_shape(
    shape: ModelShape,
    free: int,
    reordered_kinds: frozenset[str],
    *,
    other_weights: int = 0,
    tokens_per_second: float | None = None,
) -> FitView:
    """For chats with as much context as the engine would plan now. `other_weights`: in parts that `shape` lacks."""
    per_token = kv_bytes(shape, ContextShape(context_tokens=WANTED_CONTEXT)) // WANTED_CONTEXT
    plan = plan_kv(
        bytes_per_token=per_token,
        trained_context=shape.trained_context or WANTED_CONTEXT,
        wanted_context=WANTED_CONTEXT,
        free_bytes=free,
    )
    context = ContextShape(
        context_tokens=plan.chat_context if plan else SMALLEST_CONTEXT, sequences=plan.chat_sequences if plan else 1
    )
    need = need_of(shape, [context], reordered_kinds)
    fit = fit_of(dataclasses.replace(need, weights=need.weights + other_weights), free)
    return FitView(
        word=fit.verdict,
        sentence=fit.sentence,
        needed_bytes=fit.need.total,
        free_bytes=free,
        expected_tokens_per_second=tokens_per_second if fit.verdict is Verdict.FITS else None,
    )


def shape_of_beginning(name: str, beginning: bytes, size_bytes: int) -> ModelShape | None:
    """From the first bytes of a file that is elsewhere; None: they are too few, or it is no model."""
    try:
        header = read_header(io.BytesIO(beginning), size_bytes)
    except (HeaderFault, OSError):
        return None
    metadata = ModelMetadata(
        parts=(Path(name),),
        file_bytes=size_bytes,
        version=header.version,
        values=header.values,
        tensors=header.tensors,
    )
    return shape_of(metadata) if metadata.architecture and metadata.tensors else None


def fit_of_size(size_bytes: int, free: int) -> FitView:
    """Of a model that is not here: a guess from the size of its file, and the sentence says so."""
    beside = int(size_bytes * _BESIDE_SHARE) + _BESIDE_BYTES
    needed = size_bytes + beside
    about, have = _gb(needed), _gb(free)
    if needed <= free:
        word = Verdict.FITS
        sentence = f"Fits: it takes about {about} by the size of its file, and {have} are free."
    elif beside <= free / 2:
        word = Verdict.SLOW
        sentence = (
            f"Slow: it takes about {about} by the size of its file, and {have} are free, so that weights are read from "
            "the disk again and again."
        )
    else:
        word = Verdict.DOES_NOT_FIT
        sentence = f"Does not fit: it takes about {about} by the size of its file, and {have} are free."
    return FitView(word=word, sentence=sentence, needed_bytes=needed, free_bytes=free)


def _gb(n: int) -> str:
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{n / 1e6:.0f} MB"
