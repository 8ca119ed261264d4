"""Is the machine the limit, or the settings?"""

from __future__ import annotations

import pytest

from app.engine.tuned import DECODE, PREFILL, Point, Setting, Tuned
from app.lab.roofline import Limit, Work, roofline

WORK = Work(bytes_read=1e8, operations=2e8)


def measured(*, written: float, read: float, bandwidth: float = 1e10, operations: float = 1e11) -> Tuned:
    """Tokens a second."""
    step = Point(setting=Setting(what=DECODE, threads=2), step_seconds=1 / written, tokens_per_second=written)
    prefill = Point(setting=Setting(what=PREFILL, threads=2), step_seconds=512 / read, tokens_per_second=read)
    return Tuned(model="m", points=(step, prefill), bandwidth=bandwidth, operations=operations)


@pytest.mark.parametrize(
    ("written", "read", "limits", "said"),
    [
        (80, 400, (Limit.MACHINE, Limit.MACHINE), "the machine is the limit"),
        (80, 100, (Limit.MACHINE, Limit.SETTINGS), "memory is the limit of writing"),
        (20, 400, (Limit.SETTINGS, Limit.MACHINE), "the cores are the limit of reading"),
        (20, 100, (Limit.SETTINGS, Limit.SETTINGS), "the format of the file is the limit"),
    ],
)
def test_what_is_near_its_roof_is_limited_by_the_machine(
    written: float, read: float, limits: tuple[Limit, Limit], said: str
) -> None:
    found = roofline(WORK, measured(written=written, read=read))
    assert found is not None
    assert found.decode == pytest.approx(written / 100)
    assert found.prefill == pytest.approx(read * 2e8 / 1e11)
    assert (found.decode_limit, found.prefill_limit) == limits
    assert said in found.sentence


def test_without_a_measurement_nothing_is_said() -> None:
    assert roofline(WORK, Tuned(model="m")) is None
    assert roofline(WORK, measured(written=80, read=400, bandwidth=0.0)) is None
