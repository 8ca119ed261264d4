"""Which bytes are missing: whatever is taken and fetched in whatever order, every byte comes once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.downloads.messages import RepositoryFile
from app.downloads.part_file import PartFile, done_bytes, part_of, state_of
from app.downloads.patience import Patience, asked_seconds
from app.downloads.quantisations import grouped, is_repository, is_safe, quantisation_of
from app.downloads.segments import Segments, are_sound


@given(st.integers(1, 100_000), st.integers(0, 1 << 32))
def test_every_byte_is_fetched_once(size: int, seed: int) -> None:
    chance = random.Random(seed)
    segments, fetched, working = Segments(size), bytearray(size), []
    while segments.done < size:
        span = segments.take(least_split=chance.randint(1, 1000))
        if span is not None:
            working.append(span)
        assert working, "bytes are missing, and nobody fetches them"
        span = chance.choice(working)
        n_bytes = min(span.missing, chance.randint(1, 5000))
        for at in range(span.position, span.position + n_bytes):
            fetched[at] += 1
        segments.advance(span, n_bytes)
        working = [one for one in working if one.missing]
        assert are_sound(segments.spans(), size)
        if chance.random() < 0.02:  # killed: what is known goes to the next process
            segments, working = Segments(size, segments.spans()), []
    assert bytes(fetched) == b"\1" * size


@pytest.mark.parametrize("spans", [[(0, 11)], [(5, 3)], [(4, 6), (5, 8)], [(-1, 2)], [(n, n + 1) for n in range(65)]])
def test_missing_bytes_that_can_not_be_are_not_believed(spans: list[tuple[int, int]]) -> None:
    assert not are_sound(spans, 10 if len(spans) < 65 else 1000)


def test_more_than_a_span_takes_is_a_fault() -> None:
    segments = Segments(10)
    span = segments.take()
    assert span is not None
    with pytest.raises(ValueError, match="11 bytes"):
        segments.advance(span, 11)


# the file


def write_some(file: Path, content: bytes, n_bytes: int, identity: str = "it") -> None:
    with PartFile(file, len(content), identity, lambda done: None) as part:
        span = part.take()
        assert span is not None
        part.write(span, content[span.position : span.position + n_bytes])


def test_what_was_written_is_known_to_the_next_process(tmp_path: Path) -> None:
    file, content = tmp_path / "m.gguf", bytes(range(100))
    write_some(file, content, 30)
    assert done_bytes(file, 100, "it") == 30
    write_some(file, content, 100)
    assert part_of(file).read_bytes() == content
    assert done_bytes(file, 100, "another") == 0


@pytest.mark.parametrize("damage", ["cut", "garbage", "another size"])
def test_a_state_that_is_damaged_means_that_nothing_is_there(tmp_path: Path, damage: str) -> None:
    file, content = tmp_path / "m.gguf", bytes(range(100))
    write_some(file, content, 30)
    state = state_of(file).read_bytes()
    state_of(file).write_bytes({"cut": state[:20], "garbage": b"\0" * 8192, "another size": state}[damage])
    assert done_bytes(file, 20 if damage == "another size" else 100, "it") == 0


def test_after_a_power_cut_only_what_was_on_the_disk_is_believed(tmp_path: Path, monkeypatch) -> None:
    file, content = tmp_path / "m.gguf", bytes(range(100))
    with PartFile(file, 100, "it", lambda done: None) as part:
        span = part.take()
        assert span is not None
        part.write(span, content[:40])
        part.checkpoint()
        part.write(span, content[40:70])
    assert done_bytes(file, 100, "it") == 70
    monkeypatch.setattr("psutil.boot_time", lambda: 1.0)
    assert done_bytes(file, 100, "it") == 40


# pauses


def test_pauses_double_and_end_and_are_not_all_the_same() -> None:
    patience = Patience(first_seconds=1, longest_seconds=30)
    assert [patience.pause(n, chance=lambda: 1.0) for n in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert [patience.pause(n, chance=lambda: 0.0) for n in (1, 2)] == [0.5, 1]
    assert patience.pause(1, 120, chance=lambda: 0.5) == 120.5
    assert patience.pause(1, 1e9, chance=lambda: 0.0) == 600


@pytest.mark.parametrize(
    ("said", "seconds"), [("30", 30.0), (None, None), ("", None), ("soon", None), ("9" * 20, None)]
)
def test_what_a_hub_says_of_waiting(said: str | None, seconds: float | None) -> None:
    assert asked_seconds(said) == seconds


# names


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Qwen3-4B-Q4_K_M.gguf", "Q4_K_M"),
        ("model.q8_0.gguf", "Q8_0"),
        ("UD-Q4_K_XL/m-00001-of-00002.gguf", "UD-Q4_K_XL"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("gemma-3-4b-it-f16.gguf", "F16"),
        ("m-IQ2_XXS.gguf", "IQ2_XXS"),
        ("m-BF16.gguf", "BF16"),
        ("Qwen3-0.6B.gguf", ""),
    ],
)
def test_the_quantisation_is_in_the_name(path: str, kind: str) -> None:
    assert quantisation_of(path) == kind


def test_split_files_are_one_and_what_is_no_model_is_none() -> None:
    names = [
        *(f"Q8_0/m-Q8_0-0000{n}-of-00003.gguf" for n in (3, 1, 2)),
        *("m-Q4_0.gguf", "mmproj-m-F16.gguf", "imatrix.gguf", "README.md"),
        *("half-00001-of-00002.gguf", "../../m.gguf", ".hidden.gguf", "a\\b.gguf", "C:m.gguf"),
    ]
    groups = grouped("a/b", "0" * 40, [RepositoryFile(path=name, size_bytes=10) for name in names])
    assert [(group.name, group.quantisation, group.size_bytes) for group in groups] == [
        ("m-Q4_0", "Q4_0", 10),
        ("m-Q8_0", "Q8_0", 30),
    ]
    assert [file.path for file in groups[1].files] == [f"Q8_0/m-Q8_0-0000{n}-of-00003.gguf" for n in (1, 2, 3)]


@pytest.mark.parametrize("path", ["", "/etc/x.gguf", "a/../x.gguf", "a//x.gguf", "x.gguf ", "con\0.gguf", "x" * 300])
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    assert not is_safe(path)


@pytest.mark.parametrize("name", ["..", "../x", "a/..", "a/b/c", "a", "", ".a/b", "a b/c"])
def test_what_is_no_repository(name: str) -> None:
    assert not is_repository(name)
