"""When a job may run."""

from __future__ import annotations

from app.core.job_options import JobOptions
from app.core.machine import Machine, MachineState, why_not


def state(**facts: float | bool | None) -> MachineState:
    return MachineState(**{"now_seconds": 1_000.0, **facts})  # type: ignore[arg-type]


def test_a_job_without_conditions_runs_on_any_machine() -> None:
    assert why_not(JobOptions(), state(on_mains=False, quiet_seconds=0, other_cores=8)) == ""


def test_not_before_its_hour() -> None:
    options = JobOptions(not_before_seconds=1_001)
    assert why_not(options, state()).startswith("Waits until ")
    assert why_not(options, state(now_seconds=1_001)) == ""


def test_only_on_mains() -> None:
    options = JobOptions(only_on_mains=True)
    assert "mains" in why_not(options, state(on_mains=False))
    assert why_not(options, state(on_mains=True)) == ""
    assert why_not(options, state(on_mains=None)) == "", "a machine without a battery"


def test_only_when_nobody_works() -> None:
    options = JobOptions(only_when_idle=True)
    assert "chatted" in why_not(options, state(quiet_seconds=10))
    assert "other programs" in why_not(options, state(quiet_seconds=100, other_cores=1.5))
    assert why_not(options, state(quiet_seconds=100, other_cores=0.1)) == ""


def test_a_chat_makes_the_machine_busy_for_a_while() -> None:
    now = 100.0
    machine = Machine(monotonic=lambda: now)
    assert machine.state().quiet_seconds > 1e6
    machine.chatted()
    now += 30
    assert machine.state().quiet_seconds == 30
