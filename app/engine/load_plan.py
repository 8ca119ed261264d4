"""How a model is to be loaded: which layers go to which GPU, and what it then takes of the computer's own memory. Pure.

llama.cpp counts what makes the logits as one layer more, the last one.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from app.engine.devices import Gpu
from app.engine.fit import (
    SMALLEST_CONTEXT,
    ContextShape,
    Fit,
    Need,
    compute_bytes,
    fit_of,
    kv_bytes,
    need_of,
)
from app.engine.gpu_layers import is_split, layers_in_proportion, layers_with_room, shared_out
from app.engine.messages import AUTOMATIC_LAYERS
from app.engine.model_shape import ModelShape
from app.engine.verdict import Verdict

CHAT_SEQUENCES = 2


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """`n_layers` of llama.cpp's n_gpu_layers; `shares`: of each GPU, for its tensor_split. Empty: as llama.cpp does."""

    n_layers: int = 0
    shares: tuple[int, ...] = ()


ON_PROCESSOR = LayerPlan()


def layer_plan(
    shape: ModelShape,
    contexts: Sequence[ContextShape],
    gpus: Sequence[Gpu],
    wanted: int = AUTOMATIC_LAYERS,
    split: Sequence[float] = (),
) -> LayerPlan:
    """`wanted`: a person's own number, which is taken as it is. `split`: how the GPUs share it, in proportion; one that
    does not suit them, or none: by their memory.
    """
    most = len(shape.layers) + 1
    if not gpus:
        return ON_PROCESSOR
    is_shared = is_split(split, len(gpus))
    if wanted != AUTOMATIC_LAYERS:
        n_layers = min(max(wanted, 0), most)
        return LayerPlan(n_layers=n_layers, shares=shared_out(n_layers, split) if is_shared and n_layers else ())
    beside = sum(compute_bytes(shape, context) for context in contexts)
    layers = _layer_bytes(shape, contexts)
    counts = layers_in_proportion(layers, gpus, beside, split) if is_shared else layers_with_room(layers, gpus, beside)
    n_layers = sum(counts)
    return LayerPlan(n_layers=n_layers, shares=counts if n_layers else ())


def _layer_bytes(shape: ModelShape, contexts: Sequence[ContextShape]) -> list[int]:
    """Weights and KV of each, and at the end those of the output."""
    kv = sum(kv_bytes(shape, context) for context in contexts)
    numbers = sum(layer.k + layer.v for layer in shape.layers) or 1
    layers = [layer.weight_bytes + kv * (layer.k + layer.v) // numbers for layer in shape.layers]
    return [*layers, shape.other_bytes]


def own_need(need: Need, shape: ModelShape, contexts: Sequence[ContextShape], plan: LayerPlan) -> Need:
    """What is left for the computer's own memory, where the plan's layers are in that of GPUs."""
    layers = _layer_bytes(shape, contexts)
    gone = layers[len(layers) - plan.n_layers :] if plan.n_layers else []
    share = plan.n_layers / len(layers)
    weights = sum(layer.weight_bytes for layer in shape.layers[max(0, len(layers) - plan.n_layers) :]) if gone else 0
    weights += shape.other_bytes if gone else 0
    return replace(
        need,
        weights=max(0, need.weights - weights),
        reordered=round(need.reordered * (1 - share)),
        kv=max(0, need.kv - max(0, sum(gone) - weights)),
    )


@dataclass(frozen=True, kw_only=True)
class LoadPlan:
    """`fit` is of the computer's own memory; `context_tokens` is what was wanted, or less where only that fits."""

    context_tokens: int
    layers: LayerPlan
    fit: Fit
    total_bytes: int  # the GPUs' memory too

    @property
    def sentence(self) -> str:
        """The verdict with its figures."""
        return self.fit.sentence

    @property
    def gpu_bytes(self) -> int:
        """In the memory that GPUs have of their own."""
        return self.total_bytes - self.fit.need.total


def load_plan(
    shape: ModelShape,
    *,
    context_tokens: int,
    free_bytes: int,
    gpus: Sequence[Gpu] = (),
    gpu_layers: int = AUTOMATIC_LAYERS,
    gpu_split: Sequence[float] = (),
    reordered_kinds: Set[str] = frozenset(),
    kv: str = "F16",
    flash_attention: bool = False,
) -> LoadPlan:
    """With the context that is wanted where that fits, else with the longest that does, else the verdict on the first.

    A GPU that shares the computer's memory takes nothing off it.
    """
    wanted = min(context_tokens, shape.trained_context or context_tokens)

    def planned(tokens: int) -> LoadPlan:
        context = ContextShape(
            context_tokens=tokens, sequences=CHAT_SEQUENCES, kv_k=kv, kv_v=kv, flash_attention=flash_attention
        )
        layers = layer_plan(shape, [context], gpus, gpu_layers, gpu_split)
        return _planned(shape, context, free_bytes, gpus, layers, reordered_kinds)

    first = planned(wanted)
    if first.fit.verdict is Verdict.FITS:
        return first
    tokens = wanted // 2
    while tokens >= SMALLEST_CONTEXT:
        tried = planned(tokens)
        if tried.fit.verdict is Verdict.FITS:
            return tried
        tokens //= 2
    return first


def _planned(
    shape: ModelShape,
    context: ContextShape,
    free_bytes: int,
    gpus: Sequence[Gpu],
    layers: LayerPlan,
    reordered_kinds: Set[str],
) -> LoadPlan:
    contexts = [context]
    need = need_of(shape, contexts, reordered_kinds)
    is_apart = bool(gpus) and not all(gpu.is_unified for gpu in gpus)
    own = own_need(need, shape, contexts, layers) if is_apart else need
    return LoadPlan(
        context_tokens=context.context_tokens, layers=layers, fit=fit_of(own, free_bytes), total_bytes=need.total
    )
