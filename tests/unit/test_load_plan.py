"""Which layers go to which GPU, and what a model then takes. Machines and models are data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.devices import Gpu
from app.engine.fit import ContextShape, need_of
from app.engine.load_plan import ON_PROCESSOR, layer_plan, load_plan, own_need
from app.engine.model_shape import Layer, ModelShape
from app.engine.verdict import Verdict

GB = 10**9
CONTEXT = [ContextShape(context_tokens=4096, sequences=2)]


def shape(n_layers: int = 32, layer_bytes: int = GB // 8, other_bytes: int = GB // 4) -> ModelShape:
    """A model of about 4 GB in 32 layers, as one of 8 billion parameters is in 4 bits."""
    return ModelShape(
        architecture="llama",
        name="Eight",
        trained_context=8192,
        n_embd=4096,
        n_vocab=128_000,
        head_width=4096,
        feed_forward=28_672,
        inner=0,
        groups=0,
        has_window=False,
        layers=tuple(Layer(weight_bytes=layer_bytes, n_head=32, k=1024, v=1024, state=0) for _ in range(n_layers)),
        other_bytes=other_bytes,
        repackable=(),
    )


def gpu(gb: float, *, is_unified: bool = False) -> Gpu:
    return Gpu(name="g", free_bytes=int(gb * GB), is_unified=is_unified)


@pytest.mark.parametrize(
    ("gpus", "wanted", "n_layers", "shares"),
    [
        ([], -1, 0, ()),
        ([gpu(24)], -1, 33, (33,)),
        ([gpu(2)], -1, 9, (9,)),
        ([gpu(0.5)], -1, 0, ()),
        ([gpu(4), gpu(4)], -1, 33, (11, 22)),
        ([gpu(2), gpu(24)], -1, 33, (0, 33)),
        ([gpu(24)], 0, 0, ()),
        ([gpu(24)], 10, 10, ()),
        ([gpu(24)], 99, 33, ()),
    ],
)
def test_layers_go_to_the_gpus_as_far_as_they_have_room(
    gpus: list[Gpu], wanted: int, n_layers: int, shares: tuple[int, ...]
) -> None:
    plan = layer_plan(shape(), CONTEXT, gpus, wanted)
    assert (plan.n_layers, plan.shares) == (n_layers, shares)


@pytest.mark.parametrize(
    ("gpus", "wanted", "split", "shares"),
    [
        ([gpu(24), gpu(24)], -1, (2, 1), (22, 11)),
        ([gpu(2), gpu(24)], -1, (2, 1), (10, 5)),  # as many as the first one takes of its share
        ([gpu(24), gpu(24)], 12, (2, 1), (8, 4)),
        ([gpu(2), gpu(2)], 30, (2, 1), (20, 10)),  # a person's own number is taken as it is
        ([gpu(24), gpu(24)], 12, (0, 1), (0, 12)),
        ([gpu(24), gpu(24)], 0, (2, 1), ()),
        ([gpu(24), gpu(24)], 12, (), ()),  # llama.cpp's own way
        ([gpu(24), gpu(24)], 12, (2, 1, 1), ()),  # of another machine
        ([gpu(24)], 12, (2, 1), ()),
        ([], 12, (2, 1), ()),
    ],
)
def test_a_persons_own_split_is_taken_where_it_suits_the_gpus(
    gpus: list[Gpu], wanted: int, split: tuple[float, ...], shares: tuple[int, ...]
) -> None:
    plan = layer_plan(shape(), CONTEXT, gpus, wanted, split)
    assert plan.shares == shares
    assert not shares or plan.n_layers == sum(shares)


def test_the_verdict_knows_of_the_split() -> None:
    two = [gpu(1), gpu(24)]
    by_memory = load_plan(shape(), context_tokens=4096, free_bytes=100 * GB, gpus=two)
    wanted = load_plan(shape(), context_tokens=4096, free_bytes=100 * GB, gpus=two, gpu_split=(1, 1))
    assert by_memory.gpu_bytes > wanted.gpu_bytes > 0


def test_a_model_that_is_too_large_for_the_memory_fits_with_a_gpu() -> None:
    alone = load_plan(shape(), context_tokens=4096, free_bytes=4 * GB)
    helped = load_plan(shape(), context_tokens=4096, free_bytes=4 * GB, gpus=[gpu(3)])
    assert alone.fit.verdict is not Verdict.FITS
    assert helped.fit.verdict is Verdict.FITS
    assert helped.layers.n_layers > 0
    assert helped.total_bytes == alone.total_bytes


def test_a_gpu_that_shares_the_computers_memory_takes_nothing_off_it() -> None:
    alone = load_plan(shape(), context_tokens=4096, free_bytes=4 * GB)
    shared = load_plan(shape(), context_tokens=4096, free_bytes=4 * GB, gpus=[gpu(4, is_unified=True)])
    assert shared.fit.need == alone.fit.need


def test_where_the_context_does_not_fit_the_longest_that_does_is_taken() -> None:
    whole = load_plan(shape(), context_tokens=8192, free_bytes=100 * GB)
    less = load_plan(shape(), context_tokens=8192, free_bytes=whole.total_bytes - 1)
    assert (whole.context_tokens, less.context_tokens) == (8192, 4096)
    assert less.fit.verdict is Verdict.FITS


def test_a_smaller_kind_of_kv_takes_more_context_into_the_same_memory() -> None:
    free = load_plan(shape(), context_tokens=8192, free_bytes=10**12).total_bytes - 1
    wide = load_plan(shape(), context_tokens=8192, free_bytes=free)
    small = load_plan(shape(), context_tokens=8192, free_bytes=free, kv="Q8_0", flash_attention=True)
    assert wide.context_tokens < small.context_tokens == 8192
    assert small.fit.need.kv < 0.6 * load_plan(shape(), context_tokens=8192, free_bytes=10**12).fit.need.kv


def test_no_more_context_than_the_model_was_trained_for() -> None:
    assert load_plan(shape(), context_tokens=131_072, free_bytes=100 * GB).context_tokens == 8192


@given(
    st.lists(st.floats(0, 12), max_size=4),
    st.integers(-1, 40),
    st.integers(1, 40),
    st.lists(st.integers(0, 9), max_size=4),
)
def test_nothing_is_counted_twice_and_nothing_is_lost(
    sizes: list[float], wanted: int, n_layers: int, split: list[float]
) -> None:
    model = shape(n_layers)
    plan = layer_plan(model, CONTEXT, [gpu(size) for size in sizes], wanted, split)
    assert 0 <= plan.n_layers <= n_layers + 1
    assert plan.shares == () or sum(plan.shares) == plan.n_layers
    need = need_of(model, CONTEXT)
    own = own_need(need, model, CONTEXT, plan)
    assert 0 <= own.weights <= need.weights
    assert 0 <= own.kv <= need.kv
    assert (own == need) is (plan == ON_PROCESSOR)
