"""What jobs took teaches the next estimates; what was disturbed is shown and teaches nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.estimate_log import LEAST, MOST, Ended, EstimateLog
from app.core.job_options import JobOptions
from app.core.kinds.summarize import SummarizeParams
from app.core.views import JobState
from tests.unit.test_estimate import report
from tests.unit.test_job_service import desk, document


def ended(
    took: float, *, id: str = "1", kind: str = "summarize", by_speeds: float = 100.0, quiet: bool = True
) -> Ended:
    return Ended(job_id=id, model="m", kind=kind, by_speeds=by_speeds, told=by_speeds, took=took, is_undisturbed=quiet)


def test_the_next_estimate_is_as_much_longer_as_the_last_jobs_were() -> None:
    log = EstimateLog()
    for n, took in enumerate((120.0, 120.0)):
        log.add(ended(took, id=str(n)))
    assert log.factor("m", "summarize") == pytest.approx(1.2)
    assert log.factor("m", "classify") == log.factor("other", "summarize") == 1.0


def test_what_was_disturbed_and_what_was_over_at_once_teaches_nothing() -> None:
    log = EstimateLog()
    log.add(ended(900.0, quiet=False))
    log.add(ended(3.0, id="2", by_speeds=1.0))
    assert log.factor("m", "summarize") == 1.0
    found = log.of("1")
    assert found is not None
    assert found.took == 900.0


def test_it_is_there_after_a_restart_and_a_broken_file_is_as_none(tmp_path: Path) -> None:
    file = tmp_path / "tuning" / "estimates.json"
    EstimateLog(file).add(ended(150.0))
    again = EstimateLog(file)
    assert again.factor("m", "summarize") == pytest.approx(1.5)
    assert again.of("1") is not None
    file.write_bytes(b"[{")
    assert EstimateLog(file).factor("m", "summarize") == 1.0


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.booleans()), max_size=12))
def test_whatever_was_recorded_the_factor_stays_within_bounds(records: list[tuple[float, float, bool]]) -> None:
    log = EstimateLog()
    for n, (by_speeds, took, quiet) in enumerate(records):
        log.add(ended(took, id=str(n), by_speeds=by_speeds, quiet=quiet))
    assert LEAST * 0.999 <= log.factor("m", "summarize") <= MOST * 1.001


def test_a_job_that_is_done_says_what_it_was_to_take_and_what_it_took(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path, 0.0002) as d:
            await d.engine.load(Path("fake.gguf"))
            id = d.jobs.add(
                "summarize", SummarizeParams(), [document(tmp_path, "Water and wind. " * 4000)], JobOptions()
            )
            await d.until_job(lambda job: job.documents_read == 1)
            speeds = {"bulk_read_seconds": 10.0, "bulk_written_tokens": 1_000, "bulk_written_seconds": 10.0}
            d.jobs.engine_reported(report(bulk_read_tokens=10_000, **speeds))
            preview = await d.jobs.preview(id)
            d.jobs.start(id)
            done = await d.done(id)
            assert done.state is JobState.DONE
            assert preview.seconds is not None
            assert done.estimated_seconds == pytest.approx(preview.seconds, rel=0.5)
            assert done.took_seconds is not None
            assert done.took_seconds > 0
            assert [job.took_seconds for job in d.jobs.all()] == [done.took_seconds], "asked again, the same"

    asyncio.run(story())
