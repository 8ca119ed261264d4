"""A model file in another kind of numbers: made, compared and timed by the real quantiser; nothing is left behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.children import Child
from app.core.core import Core
from app.engine.fake import fake_engine
from app.engine.format_messages import FormatAnswer, Requantise
from app.engine.gguf_metadata import read_metadata
from app.engine.roof import measure_roof
from app.errors import ErrorKind, KnownError
from app.lab.format import Trial, advice, advised, base_name, check_room, expected_bytes, kind_of, make, try_kinds
from app.lab.program import program
from app.lab.roofline import work_of
from app.lab.turn import measuring
from app.paths import profile_paths
from tests.model.tiny_models import full_attention


@asynccontextmanager
async def core_with(folder: Path) -> AsyncIterator[tuple[Core, Path]]:
    """A whole program over the fake engine, and a tiny model beside it."""
    model = full_attention(folder / "tiny-F32.gguf")
    async with program(folder / "profile", fake_engine(), model) as running:
        yield running.core, model


def left(core: Core) -> list[str]:
    return sorted(file.name for file in core.paths.models.rglob("*"))


def test_each_kind_is_timed_and_compared_and_nothing_is_left(tmp_path: Path) -> None:
    async def story() -> None:
        async with core_with(tmp_path) as (core, model):
            before, told = model.read_bytes(), []
            trials = await try_kinds(core, model, ["Q8_0", "Q4_0"], lambda trial, n: told.append((trial.kind, n)))
            assert told == [("F32", 2), ("Q8_0", 1), ("Q4_0", 0)]
            source, large, small = trials
            assert source.is_source
            assert source.n_bytes == model.stat().st_size > large.n_bytes > small.n_bytes
            assert 0 < large.divergence < small.divergence
            assert large.agreement >= small.agreement
            assert all(trial.read > 0 and trial.written > 0 for trial in trials)
            assert model.read_bytes() == before
            assert left(core) == []

    asyncio.run(story())


def test_a_file_is_made_beside_the_one_that_was(tmp_path: Path) -> None:
    async def story() -> None:
        async with core_with(tmp_path) as (core, model):
            made, loss = await make(core, model, "Q8_0")
            assert (made.name, left(core)) == ("tiny.Q8_0.gguf", ["tiny.Q8_0.gguf"])
            assert kind_of(read_metadata(made)) == "Q8_0"
            assert 0 < loss < 0.1
            assert model.exists()
            with pytest.raises(KnownError, match="is there already"):
                await make(core, model, "Q8_0")

    asyncio.run(story())


def test_what_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with core_with(tmp_path) as (core, model):
            making = asyncio.create_task(make(core, model, "Q8_0"))
            while not (core.paths.models / ".format").exists():  # noqa: ASYNC110
                await asyncio.sleep(0)
            making.cancel()
            with pytest.raises(asyncio.CancelledError):
                await making
            assert left(core) == []
            with measuring(core):
                pass  # its turn is over

    asyncio.run(story())


def test_a_damaged_file_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with core_with(tmp_path) as (core, model):
            model.write_bytes(model.read_bytes()[:-5000])
            with pytest.raises(KnownError) as refused:
                await make(core, model, "Q8_0")
            assert refused.value.sentence.count(".") <= 4
            assert left(core) == []

    asyncio.run(story())


def test_two_measurements_at_once_would_measure_each_other(tmp_path: Path) -> None:
    async def story() -> None:
        async with core_with(tmp_path) as (core, model):
            with measuring(core), pytest.raises(KnownError, match="already"):
                await try_kinds(core, model, ["Q8_0"], lambda trial, n: None)

    asyncio.run(story())


def test_what_was_left_by_a_kill_is_gone_at_the_next_start(tmp_path: Path) -> None:
    left_over = profile_paths(tmp_path / "profile").trials / "x" / "Q4_0.gguf"
    left_over.parent.mkdir(parents=True)
    left_over.write_bytes(b"half a model")

    async def story() -> None:
        async with core_with(tmp_path) as (core, _):
            assert left(core) == []

    asyncio.run(story())


def test_where_the_program_is_gone_the_quantiser_ends_and_takes_its_file_with_it(
    tmp_path: Path, starter_model: Path
) -> None:
    async def story() -> None:
        child: Child[FormatAnswer] = await Child.start("format", received=FormatAnswer, log_file=tmp_path / "log")
        target = tmp_path / "out.gguf"
        command = Requantise(source=os.fsencode(starter_model), target=os.fsencode(target), kind="Q6_K", n_threads=1)
        child.send(command)
        while not target.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert await child.close(patience_seconds=60) == 0
        assert not target.exists()

    asyncio.run(story())


def test_a_disk_without_room_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(KnownError) as refused:
        check_room(tmp_path, 10**18)
    assert refused.value.kind is ErrorKind.DISK_FULL
    check_room(tmp_path, 1)


def test_the_size_is_known_before(tmp_path: Path) -> None:
    metadata = read_metadata(full_attention(tmp_path / "m.gguf"))
    assert kind_of(metadata) == "F32"
    assert expected_bytes(metadata, "Q4_0") < expected_bytes(metadata, "Q8_0") < (tmp_path / "m.gguf").stat().st_size


def test_a_name_loses_its_kind() -> None:
    names = ("a-135M.Q4_1.gguf", "a-135M-Q4_K_M.gguf", "a-135M-IQ4_NL.gguf", "a-135M-F16.gguf", "a-135M.gguf")
    assert {base_name(Path(name)) for name in names} == {"a-135M"}
    assert base_name(Path("Q4_0.gguf")) == "Q4_0"


SOURCE = Trial(kind="Q4_1", n_bytes=100, read=100, written=10, written_wide=40, is_source=True)


def trial(kind: str, faster: float, divergence: float) -> Trial:
    return Trial(
        kind=kind,
        n_bytes=90,
        read=100 * faster,
        written=10 * faster,
        written_wide=40 * faster,
        divergence=divergence,
    )


def test_the_fastest_of_equal_quality_is_advised() -> None:
    trials = [SOURCE, trial("Q4_0", 3.0, 0.5), trial("IQ4_NL", 2.0, 0.01), trial("Q8_0", 1.5, 0.001)]
    best = advised(trials)
    assert best is not None
    assert best.kind == "IQ4_NL"
    assert "2.0 times as fast" in advice(trials)


def test_what_is_faster_but_loses_is_named_and_not_advised() -> None:
    trials = [SOURCE, trial("Q4_0", 3.0, 0.5)]
    assert advised(trials) is None
    assert "Q4_0 is 3.0 times as fast here, but it loses" in advice(trials)
    assert "Keep this file: no kind" in advice([SOURCE, trial("Q8_0", 1.02, 0.0)])


def test_the_roof_of_this_machine_is_over_what_a_model_reaches(tmp_path: Path) -> None:
    roof = asyncio.run(measure_roof(tmp_path, 1))
    assert roof.bandwidth > 1e8
    assert roof.operations > 1e8
    assert work_of(read_metadata(full_attention(tmp_path / "m.gguf"))).operations > 0
