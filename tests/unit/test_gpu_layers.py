"""Layers over several GPUs: as they have room, or as a person wants it. Machines are data."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.devices import Gpu
from app.engine.gpu_layers import (
    check_split,
    is_split,
    layers_in_proportion,
    layers_with_room,
    read_split,
    shared_out,
    split_text,
)
from app.errors import ErrorKind, KnownError

GB = 10**9


def gpus(*free: int) -> list[Gpu]:
    return [Gpu(name="g", free_bytes=n) for n in free]


def test_layers_go_to_gpus_as_far_as_they_have_room() -> None:
    two = gpus(3 * GB, 5 * GB)
    assert layers_with_room([GB] * 20, two, GB // 2) == (2, 4)
    assert layers_with_room([GB] * 3, two, GB // 2) == (0, 3)
    assert layers_with_room([GB] * 20, two, 6 * GB) == (0, 0)
    assert layers_with_room([GB] * 20, [], 0) == ()


def test_in_proportion_as_many_go_as_fit_each_gpu() -> None:
    assert layers_in_proportion([GB] * 12, gpus(90 * GB, 90 * GB), 0, (3, 1)) == (9, 3)
    assert layers_in_proportion([GB] * 12, gpus(6 * GB, 90 * GB), 0, (3, 1)) == (6, 2)
    assert layers_in_proportion([GB] * 12, gpus(6 * GB, 90 * GB), GB, (3, 1)) == (5, 2)
    assert layers_in_proportion([GB] * 12, gpus(0, 90 * GB), 0, (0, 1)) == (0, 12)
    assert layers_in_proportion([GB] * 12, gpus(0, 90 * GB), 0, (1, 1)) == (0, 0)


LAYERS = st.lists(st.integers(1, 9), max_size=40)
MEMORY = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), min_size=2, max_size=5)


@given(LAYERS, MEMORY, st.integers(0, 10), st.booleans())
def test_no_gpu_is_given_more_than_it_has(
    layers: list[int], memory: list[tuple[int, int]], beside: int, is_wanted: bool
) -> None:
    found = gpus(*(free for free, _ in memory))
    wanted = [part for _, part in memory]
    counts = (
        layers_in_proportion(layers, found, beside, wanted) if is_wanted else layers_with_room(layers, found, beside)
    )
    begin = len(layers) - sum(counts)
    assert begin >= 0
    for count, gpu in zip(counts, found, strict=True):
        assert count == 0 or sum(layers[begin : begin + count]) + beside <= gpu.free_bytes
        begin += count


@given(st.integers(0, 200), st.lists(st.floats(0, 1e9), min_size=2, max_size=8).filter(lambda split: sum(split) > 0))
def test_all_layers_are_shared_out_and_each_gpu_gets_about_its_part(n_layers: int, split: list[float]) -> None:
    counts = shared_out(n_layers, split)
    assert sum(counts) == n_layers
    for count, part in zip(counts, split, strict=True):
        assert abs(count - n_layers * part / sum(split)) <= 1.001


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("3, 1", [3, 1]),
        ("3 1", [3, 1]),
        ("60/40", [60, 40]),
        ("0.7; 0.3", [0.7, 0.3]),
        ("٣، ١", [3, 1]),
        (" 0, 1 ", [0, 1]),
        ("", []),
        ("  ", []),
    ],
)
def test_what_is_typed_is_understood(text: str, split: list[float]) -> None:
    assert read_split(text, 2) == split
    assert read_split(split_text(split), 2) == split


@pytest.mark.parametrize("text", ["3", "3, 1, 2", "a, b", "-1, 2", "0, 0", "nan, 1", "inf, 1", "1e308, 1e308", "3, "])
def test_what_is_no_split_is_one_sentence_that_says_what_to_write(text: str) -> None:
    with pytest.raises(KnownError) as error:
        read_split(text, 2)
    assert error.value.kind is ErrorKind.BAD_REQUEST
    assert error.value.sentence == (
        f"“{text.strip()}” does not say how 2 GPUs share a model. Write a number for each, such as “3, 1”, or nothing."
    )


@pytest.mark.parametrize("split", [(), (1,), (1, 2, 3), (0, 0), (-1, 2)])
def test_a_split_from_a_file_is_held_to_the_same(split: Sequence[float]) -> None:
    assert not is_split(split, 2)
    with pytest.raises(KnownError, match="how 2 GPUs share a model"):
        check_split(split, 2)


def test_one_gpu_shares_with_nobody() -> None:
    assert not is_split((1,), 1)
    assert is_split((1, 1), 2)
