"""What a model takes in memory, and whether it fits: weights, KV, state, and what steps are computed in. Pure.

The model is known from its metadata alone (model_shape.py), so this works before it is downloaded or loaded. Bytes
everywhere. Measured against llama.cpp's own figures and the memory of the process: tests/model/test_fit.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass

from app.engine.gguf_types import TENSOR_KINDS
from app.engine.model_shape import ModelShape
from app.engine.verdict import Verdict

_KV_KINDS = {kind.name: kind for kind in TENSOR_KINDS.values()}
_F32, _F16 = 4, 2
_CELLS = 256  # a context is made larger to a multiple of so many tokens
_VOCABULARY_ENTRY = 300  # what a word takes: its text, its place in two tables, how it is put together
_SPLIT_ROWS = 8  # a matrix is reordered where so many rows go together


@dataclass(frozen=True, kw_only=True)
class ContextShape:
    """One llama_context. `context_tokens`: of each sequence; `step_tokens`: of all in a step; KV kinds as in GGUF."""

    context_tokens: int
    sequences: int = 1
    step_tokens: int = 512
    kv_k: str = "F16"
    kv_v: str = "F16"
    flash_attention: bool = False


@dataclass(frozen=True, kw_only=True)
class Need:
    """`weights` are pages of the file, which the system may drop and read again. The rest stays or nothing works."""

    weights: int
    reordered: int  # weights once more, in the order that this processor is quick with
    kv: int
    state: int
    compute: int
    scratch: int
    vocabulary: int

    @property
    def own(self) -> int:
        return self.reordered + self.kv + self.state + self.compute + self.scratch + self.vocabulary

    @property
    def total(self) -> int:
        return self.weights + self.own


def need_of(shape: ModelShape, contexts: Sequence[ContextShape], reordered_kinds: Set[str] = frozenset()) -> Need:
    """`reordered_kinds`: kinds of weights that llama.cpp keeps a second time here (devices.reordered_kinds)."""
    return Need(
        weights=shape.weight_bytes,
        reordered=sum(
            tensor.n_bytes
            for tensor in shape.repackable
            if tensor.kind.name in reordered_kinds and tensor.shape[1] % _SPLIT_ROWS == 0
        ),
        kv=sum(kv_bytes(shape, context) for context in contexts),
        state=sum(layer.state for layer in shape.layers) * _F32 * sum(context.sequences for context in contexts),
        compute=sum(compute_bytes(shape, context) for context in contexts),
        scratch=max((scratch_bytes(shape, context) for context in contexts), default=0),
        vocabulary=shape.n_vocab * _VOCABULARY_ENTRY,
    )


def kv_bytes(shape: ModelShape, context: ContextShape) -> int:
    """All tokens of all layers: with a sliding window too, since a sequence is to be cut anywhere."""
    k, v = _KV_KINDS[context.kv_k], _KV_KINDS[context.kv_v]
    cells = _cells(context) * context.sequences
    rows = (_row(layer.k, k.block, k.block_bytes) + _row(layer.v, v.block, v.block_bytes) for layer in shape.layers)
    return cells * sum(rows)


def compute_bytes(shape: ModelShape, context: ContextShape) -> int:
    """The largest of the places that a step comes through, each with what lies beside it."""
    tokens = min(context.step_tokens, _cells(context) * context.sequences)
    cells, n_embd = _cells(context), shape.n_embd
    logits = tokens * _F32 * (shape.n_vocab + 3 * n_embd)
    feed_forward = tokens * _F32 * (2 * n_embd + shape.feed_forward)
    places = [logits, feed_forward]
    if shape.n_head:
        widest = max(shape.layers, key=lambda layer: layer.k)
        beside = 2 * n_embd + 3 * shape.head_width + widest.k + widest.v
        masks = cells * tokens * (2 if shape.has_window else 1)
        if context.flash_attention:  # no scores; masks lie beside the feed-forward blocks too
            places.append(masks * _F16 + tokens * _F32 * max(beside, 7 * n_embd + shape.feed_forward))
        else:
            places.append(cells * tokens * shape.n_head * _F32 + masks * _F32 + tokens * _F32 * beside)
    if shape.inner:
        largest = max(layer.state for layer in shape.layers)
        beside = 6 * shape.inner + 2 * shape.groups + n_embd
        places.append(tokens * _F32 * beside + largest * _F32 * context.sequences)
    return max(places) + context.sequences * shape.n_vocab * _F32


def scratch_bytes(shape: ModelShape, context: ContextShape) -> int:
    """What the processor's threads turn scores into before they multiply them; llama.cpp does not tell of it."""
    if context.flash_attention:
        return 0
    return _cells(context) * min(context.step_tokens, _cells(context)) * shape.n_head * 2


def _row(n: int, block: int, block_bytes: int) -> int:
    return math.ceil(n / block) * block_bytes


def _cells(context: ContextShape) -> int:
    return -(-context.context_tokens // _CELLS) * _CELLS


# does it fit


@dataclass(frozen=True, kw_only=True)
class Fit:
    """`free`: bytes that can be had, the pages of files that the system keeps among them."""

    verdict: Verdict
    need: Need
    free: int

    @property
    def sentence(self) -> str:
        need, free = _gb(self.need.total), _gb(self.free)
        kept = self.need.kv + self.need.state
        weights, context, rest = _gb(self.need.weights), _gb(kept), _gb(self.need.own - kept)
        parts = f"{weights} weights, {context} context, {rest} to compute in"
        match self.verdict:
            case Verdict.FITS:
                return f"Fits: it takes {need} ({parts}) of {free} that are free."
            case Verdict.SLOW:
                return (
                    f"Slow: it takes {need} ({parts}), and {free} are free, so that weights are read from the disk "
                    "again and again. Choose a smaller file of this model."
                )
            case Verdict.DOES_NOT_FIT:
                return f"Does not fit: it takes {need} ({parts}), and {free} are free."


def fit_of(need: Need, free: int) -> Fit:
    """In RAM, `free` bytes of it."""
    verdict = Verdict.FITS if need.total <= free else Verdict.SLOW if need.own <= free / 2 else Verdict.DOES_NOT_FIT
    return Fit(verdict=verdict, need=need, free=free)


SMALLEST_CONTEXT = 512


def what_would_fit(
    shape: ModelShape, wanted: ContextShape, free: int, reordered_kinds: Set[str] = frozenset()
) -> ContextShape | None:
    """The longest context that fits, halved from the one that was wanted; then one sequence. None: no context does."""
    for sequences in dict.fromkeys((wanted.sequences, 1)):
        tokens = wanted.context_tokens
        while tokens >= SMALLEST_CONTEXT:
            tried = ContextShape(
                context_tokens=tokens,
                sequences=sequences,
                step_tokens=wanted.step_tokens,
                kv_k=wanted.kv_k,
                kv_v=wanted.kv_v,
                flash_attention=wanted.flash_attention,
            )
            if need_of(shape, [tried], reordered_kinds).total <= free:
                return tried
            tokens //= 2
    return None


def advice(shape: ModelShape, wanted: ContextShape, free: int, reordered_kinds: Set[str] = frozenset()) -> str:
    """One sentence for a load that failed."""
    found = what_would_fit(shape, wanted, free, reordered_kinds)
    if found is None:
        need = need_of(shape, [wanted], reordered_kinds)
        return f"It takes {_gb(need.total)}, and {_gb(free)} are free: close other programs or choose a smaller model."
    return f"Close other programs, or retry with {found.context_tokens:,} tokens of context."


def _gb(n: int) -> str:
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{n / 1e6:.0f} MB"
