"""The calculator: time, energy and money of a job, and what it needs to be in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.tuned import DECODE, PREFILL, Point, Setting, Tuned
from app.lab.energy import battery_watts, joules_between, power_of, read_rapl
from app.lab.sizing import Confidence, Job, Power, Speeds, seconds_for, size, speeds_of, what_it_needs

JOB = Job(n_items=80, read_tokens=100, written_tokens=50, shared_tokens=1000)
SPEEDS = Speeds(read=1000, written=200, width=8)


def tuned() -> Tuned:
    steps = {1: 0.01, 8: 0.04, 16: 0.064}
    points = [
        Point(setting=Setting(what=DECODE, threads=2, width=w), step_seconds=s, tokens_per_second=w / s)
        for w, s in steps.items()
    ]
    read = Point(setting=Setting(what=PREFILL, threads=2), step_seconds=0.5, tokens_per_second=1000)
    return Tuned(model="m", points=(*points, read))


def test_reading_and_writing_take_turns() -> None:
    assert seconds_for(JOB, SPEEDS) == pytest.approx((1000 + 8000) / 1000 + 80 * 50 / 200)


def test_a_job_that_does_not_fill_the_width_takes_longer_an_item() -> None:
    one = Job(n_items=1, read_tokens=0, written_tokens=50)
    eight = Job(n_items=8, read_tokens=0, written_tokens=50)
    assert seconds_for(eight, SPEEDS) / 8 < seconds_for(one, SPEEDS) <= seconds_for(eight, SPEEDS)


def test_between_two_widths_the_step_grows_evenly() -> None:
    found = speeds_of(tuned(), 12)
    assert found is not None
    assert found.written == pytest.approx(12 / 0.052)
    assert speeds_of(Tuned(model="m"), 8) is None


def test_energy_and_money_name_their_source() -> None:
    power = Power(watts=36.0, source="watts as entered", confidence=Confidence.ENTERED)
    found = size(
        JOB,
        SPEEDS,
        power,
        price_per_kilowatt_hour=0.30,
        hosted_per_million_read=1.0,
        hosted_per_million_written=2.0,
    )
    assert found.kilowatt_hours is not None
    assert found.cost is not None
    assert found.hosted_cost is not None
    assert found.kilowatt_hours.value == pytest.approx(36 * found.seconds.value / 3.6e6)
    assert found.cost.value == pytest.approx(found.kilowatt_hours.value * 0.30)
    assert found.hosted_cost.value == pytest.approx((80 * 1100 * 1.0 + 80 * 50 * 2.0) / 1e6)
    assert found.kilowatt_hours.confidence is Confidence.ENTERED
    assert "as entered" in found.kilowatt_hours.source


def test_without_watts_there_is_no_energy() -> None:
    found = size(JOB, SPEEDS, power_of(rapl_watts=None, battery=None, entered=None), price_per_kilowatt_hour=0.3)
    assert (found.kilowatt_hours, found.cost) == (None, None)


def test_what_it_takes_to_be_in_time() -> None:
    speeds = speeds_of(tuned(), 8)
    assert speeds is not None
    needed = seconds_for(JOB, speeds)
    assert "as it is" in what_it_needs(JOB, tuned(), 8, needed + 1)
    assert "16 items at once instead of 8" in what_it_needs(JOB, tuned(), 8, needed - 1)
    assert "2.0 times as fast" in what_it_needs(JOB, tuned(), 8, needed / 2)
    assert "rubato tune" in what_it_needs(JOB, Tuned(model="m"), 8, 1000)


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content)


def test_the_processors_meter_begins_again(tmp_path: Path) -> None:
    zone = tmp_path / "intel-rapl:0"
    write(zone, energy_uj="9000000\n", max_energy_range_uj="10000000\n")
    write(tmp_path / "intel-rapl:0:0", energy_uj="1\n", max_energy_range_uj="10000000\n")
    before = read_rapl(tmp_path)
    (zone / "energy_uj").write_text("2000000\n")
    after = read_rapl(tmp_path)
    assert before is not None
    assert after is not None
    assert joules_between(before, after) == pytest.approx(3.0)
    assert read_rapl(tmp_path / "none") is None


def test_a_battery_tells_while_it_is_used(tmp_path: Path) -> None:
    write(tmp_path / "BAT0", status="Discharging\n", current_now="2000000\n", voltage_now="12000000\n")
    assert battery_watts(tmp_path) == pytest.approx(24.0)
    (tmp_path / "BAT0" / "status").write_text("Charging\n")
    assert battery_watts(tmp_path) is None


def test_what_was_entered_counts_most() -> None:
    assert power_of(rapl_watts=10, battery=20, entered=30).watts == 30
    assert power_of(rapl_watts=10, battery=20, entered=None).source == "the battery"
    assert power_of(rapl_watts=10, battery=None, entered=None).confidence is Confidence.MEASURED
