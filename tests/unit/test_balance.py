"""When bulk has its turns between a chat's tokens, by what both cost."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from statistics import mean

import pytest

from app.engine.process.balance import LONGEST_STEPS, USED, Balance

TOKENS = 600
LEARNING = 30  # tokens until sizes and costs have settled


@dataclass
class Machine:
    """A chat's step takes a second alone, bulk's `base` and `each` for a token; all of it varies by so much."""

    base: float
    each: float
    varies: float = 0.0
    width: int = 16
    reads: bool = False
    noise: random.Random = field(default_factory=lambda: random.Random(7))

    def time(self, seconds: float) -> float:
        return seconds * self.noise.uniform(1 - self.varies, 1 + self.varies)

    def tell(self, balance: Balance) -> tuple[list[float], list[float], int]:
        """A long reply: the gaps between its texts as they are told, the turns' seconds, the tokens of bulk."""
        now, told, gaps, turns, n_bulk = 0.0, 0.0, [], [], 0
        balance.begin()
        for _ in range(TOKENS):
            since = now
            budget = balance.turn(self.width)
            n = budget.read_tokens if self.reads else budget.write_sequences
            sizes = (n, 0) if self.reads else (0, n)
            if n and balance.covers(*sizes):
                seconds = self.time(self.base + self.each * n)
                balance.took_bulk(*sizes, seconds, seconds)
                turns.append(seconds)
                n_bulk += n
                since = now = now + seconds
            now += self.time(1.0)
            balance.took(now - since, is_told=True)
            due = max(now, told + balance.pace_seconds if told else now)
            gaps.append(due - told)
            told = due
        return gaps[LEARNING:], turns[LEARNING // 10 :], n_bulk


MACHINES = [(1.0, 0.2, False), (2.0, 0.1, False), (0.5, 0.05, True), (3.0, 0.9, False), (0.0, 1.0, True)]


@pytest.mark.parametrize(("base", "each", "reads"), MACHINES)
def test_the_reply_comes_evenly_and_bulk_gets_all_that_it_leaves(base: float, each: float, reads: bool) -> None:
    machine = Machine(base, each, reads=reads)
    gaps, turns, _ = machine.tell(Balance(slowdown=1.5))
    pace = 1 + USED * 0.5
    assert max(gaps) == pytest.approx(pace, abs=0.01)
    assert sum(turns) / sum(gaps) == pytest.approx(1 - 1 / pace, abs=0.02)


@pytest.mark.parametrize(("base", "each", "reads"), MACHINES)
@pytest.mark.parametrize("varies", [0.07, 0.2])
def test_a_machine_whose_steps_vary_tells_nearly_every_text_in_time(
    base: float, each: float, reads: bool, varies: float
) -> None:
    gaps, _, _ = Machine(base, each, varies, reads=reads).tell(Balance(slowdown=1.5))
    assert mean(gaps) <= 1.5
    assert sum(gap > 1.55 for gap in gaps) <= (0.01 if varies < 0.1 else 0.05) * len(gaps)
    assert max(gaps) < 2.0


@pytest.mark.parametrize("reads", [False, True])
def test_a_turn_is_as_wide_as_its_time_allows(reads: bool) -> None:
    _, turns, n_bulk = Machine(0.5, 0.1, width=64, reads=reads).tell(Balance())
    assert LONGEST_STEPS * 0.8 < max(turns) <= LONGEST_STEPS * 1.1
    _, narrow, n_narrow = Machine(0.5, 0.1, width=4, reads=False).tell(Balance())
    assert max(narrow) == pytest.approx(0.9)
    assert n_narrow < n_bulk, "the base is paid more often"


def test_one_sequence_has_its_turn_even_where_that_is_long() -> None:
    gaps, turns, n_bulk = Machine(6.0, 0.5).tell(Balance(slowdown=1.5))
    assert set(turns) == {6.5}
    assert n_bulk > TOKENS * 0.4 / 6.5 * 0.9, "of all that was put by"
    assert max(gaps) < 1.55


def test_the_share_is_the_persons() -> None:
    got = [Machine(1.0, 0.2).tell(Balance(slowdown=slowdown))[2] for slowdown in (1.05, 1.2, 1.5, 2.0, 5.0)]
    assert got == sorted(got)
    assert got[0] > 0
    assert got[-1] > 5 * got[1]


def test_before_anything_is_known_of_the_chat_bulk_waits() -> None:
    assert Balance().turn(16).write_sequences == 0


def test_what_one_reply_put_by_is_not_spent_in_the_next() -> None:
    balance = Balance()
    for _ in range(50):
        balance.took(1.0, is_told=True)
    assert balance.covers(0, 1)
    balance.took_bulk(0, 1, 2.0, 2.0)
    assert balance.covers(0, 1)
    balance.begin()
    assert not balance.covers(0, 1)


def test_what_a_step_costs_alone_is_known_from_replies_before_balanced_was_chosen() -> None:
    balance = Balance(slowdown=1.5)
    for _ in range(9):
        balance.took(1.0, is_told=False)
    assert not balance.covers(0, 1), "nothing was put by: they were not told at a pace"
    balance.took(3.0, is_told=True)  # a slow one
    assert balance.alone_seconds == 1.0


def test_a_step_just_after_bulk_says_nothing_of_what_one_costs_alone() -> None:
    balance = Balance()
    balance.took(1.0, is_told=True)
    for _ in range(20):
        balance.took_bulk(0, 4, 2.0, 2.0)
        balance.took(1.8, is_told=True)
    assert balance.alone_seconds == 1.0
