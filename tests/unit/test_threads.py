"""Threads by what other programs use."""

from __future__ import annotations

import pytest

from app.engine.messages import Priority
from app.engine.process.threads import Reading, ThreadPolicy, read_clocks


class Machine:
    """Clocks that are told how busy others are."""

    def __init__(self) -> None:
        self.wall = self.busy = self.own = 0.0
        self.n_wanting: int | None = None
        self.n_looks = 0

    def pass_time(self, seconds: float, *, others: float, own: float = 1.0) -> None:
        self.wall += seconds
        self.own += seconds * own
        self.busy += seconds * (own + others)

    def read(self) -> Reading:
        return Reading(self.wall, self.busy, self.own)

    def others(self) -> int | None:
        self.n_looks += 1
        return self.n_wanting


def policy_of(n_cores: int) -> tuple[ThreadPolicy, Machine]:
    machine = Machine()
    policy = ThreadPolicy(
        n_most=n_cores, n_cores=n_cores, read=machine.read, others=machine.others, clock=lambda: machine.wall
    )
    policy.threads(Priority.INTERACTIVE)
    return policy, machine


@pytest.mark.parametrize(
    ("n_cores", "others", "chat", "bulk"),
    [(2, 0.0, 2, 2), (2, 0.2, 2, 2), (2, 1.0, 1, 1), (2, 2.0, 1, 1), (8, 0.3, 8, 8), (8, 1.0, 7, 6), (8, 3.1, 5, 4)],
)
def test_a_thread_has_a_core_of_its_own_and_bulk_leaves_one_more(
    n_cores: int, others: float, chat: int, bulk: int
) -> None:
    policy, machine = policy_of(n_cores)
    machine.pass_time(1.0, others=others)
    assert policy.threads(Priority.INTERACTIVE) == chat
    assert policy.threads(Priority.BULK) == bulk


def test_when_the_others_stop_the_whole_machine_is_used_again() -> None:
    policy, machine = policy_of(4)
    machine.pass_time(1.0, others=3.0)
    assert policy.threads(Priority.INTERACTIVE) == 1
    machine.pass_time(0.3, others=0.0)
    assert policy.threads(Priority.INTERACTIVE) == 4


def test_after_a_long_rest_what_runs_now_counts_and_not_the_mean_of_the_rest() -> None:
    policy, machine = policy_of(2)
    machine.pass_time(600.0, others=0.0, own=0.0)
    machine.n_wanting = 2
    assert policy.threads(Priority.INTERACTIVE) == 1
    assert policy.is_crowded


def test_what_has_just_ended_is_no_reason_to_hold_back() -> None:
    policy, machine = policy_of(2)
    machine.pass_time(1.0, others=2.0)
    machine.n_wanting = 0
    assert policy.threads(Priority.INTERACTIVE) == 2


def test_on_a_quiet_machine_nobody_looks_who_wants_to_run() -> None:
    """That takes milliseconds where a window draws meanwhile what is written."""
    policy, machine = policy_of(2)
    n_before = machine.n_looks
    for _ in range(20):
        machine.pass_time(0.3, others=0.2)
        assert policy.threads(Priority.INTERACTIVE) == 2
    assert machine.n_looks == n_before


def test_the_machines_own_clocks_go_forward() -> None:
    first, second = read_clocks(), read_clocks()
    assert second.wall >= first.wall
    assert second.busy >= first.busy
    assert second.own >= first.own > 0
