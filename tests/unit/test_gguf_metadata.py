"""What is read from a model's file, and the one sentence for each that is damaged or hostile."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import pytest
from gguf.constants import GGML_QUANT_SIZES

from app.engine.gguf_header import HeaderFault, Passed, read_header
from app.engine.gguf_metadata import read_metadata
from app.engine.gguf_types import TENSOR_KINDS
from app.errors import KnownError
from tests.model.tiny_models import KINDS
from tests.unit.gguf_files import GOOD_TENSORS, GOOD_VALUES, array, gguf, split, string, tensor, text, u32

GOOD = gguf(GOOD_VALUES, GOOD_TENSORS)


def sentence_for(data: bytes, folder: Path, name: str = "model.gguf") -> str:
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(KnownError) as caught:
        read_metadata(path)
    return caught.value.sentence


def test_values_and_tensors_are_read(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(GOOD)
    found = read_metadata(path)
    assert (found.architecture, found.version, found.text("general.name")) == ("llama", 3, "Small")
    assert (found.whole("block_count"), found.whole("nothing", 7)) == (2, 7)
    assert found.each("attention.head_count_kv", 3, 9) == (2, 0, 9)
    assert found.each("context_length", 2) == (2048, 2048)
    assert found.n_vocabulary == 20
    assert [(t.name, t.shape, t.n_bytes) for t in found.tensors] == [
        ("token_embd.weight", (8, 20), 640),
        ("output_norm.weight", (32,), 34),
    ]
    assert found.file_bytes == len(GOOD)


@pytest.mark.parametrize("kind", KINDS)
def test_every_byte_of_a_real_writers_file_is_accounted_for(kind: str, tmp_path: Path) -> None:
    found = read_metadata(KINDS[kind](tmp_path / "tiny.gguf"))
    assert found.text("general.name").startswith("Tiny")
    assert 0 < found.file_bytes - sum(tensor.n_bytes for tensor in found.tensors) < 40_000


def test_the_kinds_of_weights_are_those_of_the_format() -> None:
    theirs = {int(kind): tuple(sizes) for kind, sizes in GGML_QUANT_SIZES.items()}
    assert {number: (kind.block, kind.block_bytes) for number, kind in TENSOR_KINDS.items()} == theirs


@pytest.mark.parametrize(
    ("data", "said"),
    {
        "nothing": (b"", "is not a GGUF model"),
        "a web page": (b"<!doctype html><title>Login</title>", "is not a GGUF model"),
        "newer": (gguf(GOOD_VALUES, GOOD_TENSORS, version=4), "newer than this program knows"),
        "much newer": (gguf(GOOD_VALUES, version=0x7FFFFFFF), "newer than this program knows"),
        "older": (gguf(GOOD_VALUES, version=1), "no longer read"),
        "the other byte order": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "other byte order"),
        "many values": (gguf(GOOD_VALUES, n_values=1 << 60), "it says that it has"),
        "many tensors": (gguf(GOOD_VALUES, n_tensors=1 << 63), "it says that it has"),
        "more values than bytes": (gguf(GOOD_VALUES, n_values=60_000), "is cut short"),
        "long text": (gguf({"a": (8, struct.pack("<Q", 1 << 62))}), "a text of"),
        "text beyond the end": (gguf({"a": (8, struct.pack("<Q", 1 << 20))}), "is cut short"),
        "long list": (gguf({"a": array(4, [], n=1 << 40)}), "elements"),
        "list beyond the end": (gguf({"a": array(4, [], n=1 << 20)}), "is cut short"),
        "lists in lists": (gguf({"a": array(9, [])}), "lists within lists"),
        "unknown kind of value": (gguf({"a": (99, b"")}), "no kind of value with the number 99"),
        "a value twice": (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + 2 * (text("a") + struct.pack("<II", 4, 1)),
            "“a” twice",
        ),
        "odd alignment": (gguf(GOOD_VALUES | {"general.alignment": u32(33)}), "no power of two"),
        "no alignment": (gguf(GOOD_VALUES | {"general.alignment": u32(0)}), "no power of two"),
        "alignment as text": (gguf(GOOD_VALUES | {"general.alignment": string("32")}), "no power of two"),
        "dimensions": (gguf(GOOD_VALUES, [tensor("t", (1,) * 5)]), "5 dimensions"),
        "overflow": (gguf(GOOD_VALUES, [tensor("t", (1 << 32, 1 << 32))]), "larger than anything"),
        "large": (gguf(GOOD_VALUES, [tensor("t", (1 << 63,))]), "larger than anything"),
        "unknown weights": (gguf(GOOD_VALUES, [tensor("t", (32,), kind=77)]), "of a kind (77)"),
        "half a block": (gguf(GOOD_VALUES, [tensor("t", (33,), kind=8)]), "within a block"),
        "long name": (gguf(GOOD_VALUES, [tensor("t" * 64, (1,))]), "a text of 64 bytes"),
        "a tensor twice": (gguf(GOOD_VALUES, [tensor("t", (1,))] * 2), "tensor “t” twice"),
        "offset": (gguf(GOOD_VALUES, [tensor("t", (1,), offset=1 << 63)]), "is cut short"),
        "crooked offset": (gguf(GOOD_VALUES, [tensor("t", (1,), offset=4)]), "no round place"),
        "weights cut off": (gguf(GOOD_VALUES, GOOD_TENSORS, data=b"\0" * 100), "not all of its weights"),
        "no kind of model": (gguf({"a": u32(1)}, GOOD_TENSORS), "what kind of model"),
        "no weights": (gguf(GOOD_VALUES), "no weights"),
    }.values(),
)
def test_a_bad_file_gets_one_sentence(data: bytes, said: str, tmp_path: Path) -> None:
    sentence = sentence_for(data, tmp_path)
    assert said in sentence
    assert sentence.startswith("model.gguf ")
    assert sentence.endswith("Download it again or choose another model.")


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gguf", tmp_path, tmp_path / "nul\0l"):
        with pytest.raises(KnownError):
            read_metadata(path)


def test_cut_short_anywhere(tmp_path: Path) -> None:
    """Padding is all that may be missing."""
    whole = gguf(GOOD_VALUES, GOOD_TENSORS, data=b"\0" * 674)
    for n in range(len(whole)):
        with pytest.raises(HeaderFault):
            read_header(io.BytesIO(whole[:n]), n, "little")


def test_what_is_long_is_passed_over_and_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "long.gguf"
    tokens = array(8, [text("x" * 100)] * 200_000)
    numbers = array(5, [b"\1\0\0\0"] * 1_000_000)
    path.write_bytes(gguf({"general.architecture": string("a"), "s": tokens, "n": numbers}, GOOD_TENSORS))
    tracemalloc.start()
    try:
        found = read_metadata(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert found.values["s"] == Passed(200_000)
    assert found.values["n"] == Passed(1_000_000)


# parts


def write_parts(folder: Path, n_parts: int = 3, *, without: int | None = None) -> Path:
    for number in range(n_parts):
        values = (GOOD_VALUES if number == 0 else {}) | split(number, n_parts, n_parts)
        if number != without:
            (folder / f"big-{number + 1:05}-of-{n_parts:05}.gguf").write_bytes(
                gguf(values, [tensor(f"t{number}", (8,))])
            )
    return folder / f"big-00001-of-{n_parts:05}.gguf"


def test_parts_are_one_model(tmp_path: Path) -> None:
    first = write_parts(tmp_path)
    found = read_metadata(first)
    assert [tensor.name for tensor in found.tensors] == ["t0", "t1", "t2"]
    assert len(found.parts) == 3
    assert found.file_bytes == sum(part.stat().st_size for part in found.parts)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    first = write_parts(tmp_path, without=1)
    with pytest.raises(KnownError, match=r"Part 2 of 3 of this model, big-00002-of-00003.gguf, is missing"):
        read_metadata(first)


def test_the_first_part_is_the_one_to_choose(tmp_path: Path) -> None:
    write_parts(tmp_path)
    with pytest.raises(KnownError, match=r"Choose big-00001-of-00003.gguf"):
        read_metadata(tmp_path / "big-00002-of-00003.gguf")


def test_a_part_that_was_renamed(tmp_path: Path) -> None:
    first = write_parts(tmp_path)
    with pytest.raises(KnownError, match="Name it as it was"):
        read_metadata(first.rename(tmp_path / "mine.gguf"))


def test_a_part_of_another_model(tmp_path: Path) -> None:
    first = write_parts(tmp_path)
    second = tmp_path / "big-00002-of-00003.gguf"
    second.write_bytes(gguf(split(1, 3, 3), [tensor("t0", (8,))]))
    with pytest.raises(KnownError, match="does not belong to the other parts"):
        read_metadata(first)
    second.write_bytes(gguf(split(2, 3, 3), [tensor("t1", (8,))]))
    with pytest.raises(KnownError, match="is not part 2 of 3"):
        read_metadata(first)
    second.write_bytes(gguf(split(1, 3, 3), [tensor("t1", (8,)), tensor("t9", (8,))]))
    with pytest.raises(KnownError, match="says that it has 3 tensors in all its parts, and they have 4"):
        read_metadata(first)
