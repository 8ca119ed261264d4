"""The calculator: time, energy and money of a job, and what it needs to be in time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.tuned import DECODE, PREFILL, Point, Setting, Tuned
from app.errors import KnownError
from app.lab.calculator import Question, answer, job_of
from app.lab.energy import Drawn, Meter, MeterReading, battery_watts, gpu_watts, joules_between, power_of, read_rapl
from app.lab.sizing import (
    Confidence,
    Job,
    Power,
    Prices,
    Speeds,
    outlook,
    seconds_for,
    size,
    speeds_of,
    what_it_needs,
)

JOB = Job(n_items=80, read_tokens=100, written_tokens=50, shared_tokens=1000)
SPEEDS = Speeds(width=8, steps=((1, 0.01), (8, 0.04)), read=0.001)


def tuned() -> Tuned:
    steps = {1: 0.01, 8: 0.04, 16: 0.064}
    points = [
        Point(setting=Setting(what=DECODE, threads=2, width=w), step_seconds=s, tokens_per_second=w / s)
        for w, s in steps.items()
    ]
    read = Point(setting=Setting(what=PREFILL, threads=2), step_seconds=0.5, tokens_per_second=1000)
    return Tuned(model="m", points=(*points, read))


def deeper(what: str, seconds: float) -> Point:
    setting = Setting(what=what, threads=2, width=8 if what == DECODE else 1, deeper=1024)
    return Point(setting=setting, step_seconds=seconds, tokens_per_second=1 / seconds)


def test_reading_and_writing_take_turns() -> None:
    assert seconds_for(JOB, SPEEDS) == pytest.approx((1000 + 8000) / 1000 + 10 * 49 * 0.04)


def test_a_job_that_does_not_fill_the_width_takes_longer_an_item() -> None:
    one = Job(n_items=1, read_tokens=0, written_tokens=50)
    eight = Job(n_items=8, read_tokens=0, written_tokens=50)
    assert seconds_for(eight, SPEEDS) / 8 < seconds_for(one, SPEEDS) <= seconds_for(eight, SPEEDS)


def test_between_two_widths_the_step_grows_evenly() -> None:
    found = speeds_of(tuned(), 12)
    assert found is not None
    assert found.written == pytest.approx(12 / 0.052)
    assert speeds_of(Tuned(model="m"), 8) is None


def test_what_stands_behind_many_tokens_takes_longer() -> None:
    points = (*tuned().points, deeper(PREFILL, 0.001 + 0.00102), deeper(DECODE, 0.04 + 8 * 0.01024))
    far = speeds_of(Tuned(model="m", points=points), 8)
    assert far is not None
    assert far.reading(100, 1024 + 206) == pytest.approx(100 * 0.00202, rel=0.01)
    assert far.step(8, 256 + 512) == pytest.approx(0.04 + 8 * 0.00512)
    assert seconds_for(JOB, far) > seconds_for(JOB, SPEEDS)


def test_what_was_learned_counts() -> None:
    found = speeds_of(tuned(), 8, learned=1.25)
    assert found is not None
    assert seconds_for(JOB, found) == pytest.approx(1.25 * seconds_for(JOB, SPEEDS))


def test_energy_and_money_name_their_source() -> None:
    power = Power(watts=36.0, source="watts as entered", confidence=Confidence.ENTERED)
    found = size(JOB, SPEEDS, power, Prices(kilowatt_hour=0.30, hosted_read=1.0, hosted_written=2.0))
    assert found.kilowatt_hours is not None
    assert found.cost is not None
    assert found.hosted_cost is not None
    assert found.kilowatt_hours.value == pytest.approx(36 * found.seconds.value / 3.6e6)
    assert found.cost.value == pytest.approx(found.kilowatt_hours.value * 0.30)
    assert found.hosted_cost.value == pytest.approx((80 * 1100 * 1.0 + 80 * 50 * 2.0) / 1e6)
    assert "as entered" in found.kilowatt_hours.source
    assert "as entered" in found.cost.source
    assert found.seconds.confidence is Confidence.ESTIMATED
    learned = size(JOB, replace(SPEEDS, learned=1.1), power, Prices())
    assert learned.seconds.confidence is Confidence.LEARNED


def test_without_watts_there_is_no_energy() -> None:
    found = size(JOB, SPEEDS, power_of(Drawn(), None), Prices(kilowatt_hour=0.3))
    assert (found.kilowatt_hours, found.cost) == (None, None)


def test_what_it_takes_to_be_in_time() -> None:
    speeds = speeds_of(tuned(), 8)
    assert speeds is not None
    needed = seconds_for(JOB, speeds)

    def said(seconds: float) -> str:
        return what_it_needs(JOB, outlook(JOB, speeds, seconds), 8)

    assert "as it is" in said(needed + 1)
    assert "16 items at once instead of 8" in said(needed - 1)
    assert "2.0 times as fast" in said(needed / 2)
    assert "40 of 80 items" in said(needed / 2)


@given(st.integers(1, 500), st.floats(0, 4000), st.floats(1, 500), st.integers(1, 64), st.floats(1, 1e5))
def test_an_outlook_is_enough_exactly_where_the_job_takes_no_longer(
    n: int, read: float, written: float, width: int, seconds: float
) -> None:
    speeds = replace(SPEEDS, width=width)
    job = Job(n_items=n, read_tokens=read, written_tokens=written)
    found = outlook(job, speeds, seconds)
    assert found.is_enough == (seconds_for(job, speeds) <= seconds)
    assert 0 <= found.n_done <= n
    assert seconds_for(replace(job, n_items=n + 1), speeds) >= found.needed_seconds * 0.999


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
    assert power_of(Drawn(20, is_of_battery=True), 30).watts == 30
    assert power_of(Drawn(20, is_of_battery=True), None).source == "the battery, while the model was measured"
    assert "without screen" in power_of(Drawn(10), None).source
    assert power_of(Drawn(10), None).confidence is Confidence.MEASURED
    assert power_of(Drawn(), None).watts is None


def test_the_mean_of_what_processor_and_gpus_take() -> None:
    readings = iter([MeterReading({"p": 100.0}, {"p": 1e9}), MeterReading({"p": 350.0}, {"p": 1e9})])
    clock = iter([0.0, 10.0])
    meter = Meter(read=lambda: next(readings), gpu=lambda: 40.0, battery=lambda: None, clock=lambda: next(clock))
    assert meter.drawn() == (pytest.approx(25.0 + 40.0), False)


def test_a_battery_that_is_used_tells_of_all_of_the_machine() -> None:
    flows = iter([30.0, 20.0, None])
    meter = Meter(read=lambda: None, gpu=lambda: 40.0, battery=lambda: next(flows))
    assert [meter.drawn() for _ in range(3)] == [(30.0, True), (25.0, True), (25.0, True)]


def test_what_the_machine_took_while_it_was_measured_is_what_a_job_is_said_to_take() -> None:
    found = answer(
        Question(documents=4, pages=3), msgspec.structs.replace(tuned(), watts=18.0, are_watts_of_battery=True)
    )
    assert found.sizing.kilowatt_hours is not None
    assert found.sizing.kilowatt_hours.value == pytest.approx(18.0 * found.sizing.seconds.value / 3.6e6)
    assert "battery" in found.sizing.kilowatt_hours.source


class Nvml:
    """Answers as the driver's library does, for two GPUs of which one does not tell."""

    def nvmlInit_v2(self) -> int:
        return 0

    def nvmlDeviceGetCount_v2(self, count) -> int:
        count._obj.value = 2
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: int, device) -> int:
        device._obj.value = index + 1
        return 0

    def nvmlDeviceGetPowerUsage(self, device, milliwatts) -> int:
        milliwatts._obj.value = 61_500
        return 0 if device.value == 1 else 3

    def nvmlShutdown(self) -> int:
        return 0


def test_gpus_tell_through_their_driver() -> None:
    assert gpu_watts(Nvml()) == pytest.approx(61.5)


def test_documents_and_pages_become_the_items_that_the_program_would_make() -> None:
    one = job_of(Question(documents=1, pages=1))
    assert one.n_items == 1
    many = job_of(Question(documents=400, pages=12))
    assert many.n_items >= 400 * 6
    assert many.n_items * many.read_tokens >= 400 * 12 * 600
    assert job_of(Question(documents=10, pages=1, kind="classify")).written_tokens < 5
    for wrong in (
        Question(documents=0, pages=1),
        Question(documents=1, pages=0),
        Question(documents=1, pages=1, kind="x"),
    ):
        with pytest.raises(KnownError):
            job_of(wrong)


def test_an_answer_has_the_time_and_what_is_known_besides() -> None:
    question = Question(documents=40, pages=3, watts=20.0, seconds=60.0)
    found = answer(question, tuned(), learned=1.5)
    assert found.sizing.seconds.value == pytest.approx(1.5 * answer(question, tuned()).sizing.seconds.value)
    assert found.sizing.kilowatt_hours is not None
    assert found.outlook is not None
    assert found.first_answer is None
    with pytest.raises(KnownError, match="rubato tune"):
        answer(question, Tuned(model="m"))
