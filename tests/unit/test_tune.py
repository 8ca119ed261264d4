"""The sweep: resumed where it was left, interrupted by a chat at once, and what follows from its points."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from app.engine import tuned
from app.engine.tuned import DECODE, PREFILL, Point, Setting, Tuned
from app.errors import ErrorKind, KnownError
from app.lab.tune import plan, tune


def point(what: str = DECODE, width: int = 1, piece: int = 512, threads: int = 4, rate: float = 1.0, kv: str = "F16"):
    setting = Setting(what=what, threads=threads, width=width, piece=piece, kv=kv)
    return Point(setting=setting, step_seconds=width / rate, tokens_per_second=rate)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"weights")
    return path


class Machine:
    """Takes a turn of the loop for a point; a chat may come after some."""

    def __init__(self, chat_after: int = 10_000) -> None:
        self.measured: list[Setting] = []
        self.chat_after = chat_after
        self.is_chatting = False

    async def measure(self, settings: Sequence[Setting], keep: Callable[[Point], None]) -> None:
        for setting in settings:
            if len(self.measured) == self.chat_after:
                self.is_chatting, self.chat_after = True, 10_000
                try:
                    await asyncio.Event().wait()  # a native step that takes for ever, unless it is ended for the chat
                finally:
                    asyncio.get_running_loop().call_later(0.05, self.chat_ends)
            assert not self.is_chatting
            await asyncio.sleep(0)
            self.measured.append(setting)
            keep(Point(setting=setting, step_seconds=1.0, tokens_per_second=setting.width))

    def chat_ends(self) -> None:
        self.is_chatting = False


def run(model: Path, machine: Machine, settings: list[Setting], other_cores: float = 0.0) -> Tuned:
    sweep = tune(
        model,
        model.parent / "tuning",
        settings,
        measure=machine.measure,
        is_chatting=lambda: machine.is_chatting,
        other_cores=lambda: other_cores,
        said=lambda point, n_left: None,
    )
    return asyncio.run(sweep)


def test_every_setting_is_measured_once_and_kept(model: Path) -> None:
    settings, machine = plan(4), Machine()
    found = run(model, machine, settings)
    assert machine.measured == settings
    assert tuned.load(model.parent / "tuning", model) == found


def test_a_sweep_goes_on_where_it_was_left(model: Path) -> None:
    settings = plan(4)
    run(model, Machine(), settings[:5])
    again = Machine()
    run(model, again, settings)
    assert again.measured == settings[5:]


def test_a_chat_ends_the_measurement_and_the_point_is_measured_again(model: Path) -> None:
    settings, machine = plan(2), Machine(chat_after=3)
    run(model, machine, settings)
    assert machine.measured == settings


def test_what_was_disturbed_is_not_used_and_measured_again(model: Path) -> None:
    settings = plan(1)
    assert run(model, Machine(), settings, other_cores=1.0).bulk_width() is None
    again = Machine()
    assert run(model, again, settings).bulk_width() == 64
    assert again.measured == settings


def test_a_way_that_a_model_does_not_have_is_left_out(model: Path) -> None:
    class WithoutSmallKv(Machine):
        async def measure(self, settings: Sequence[Setting], keep: Callable[[Point], None]) -> None:
            if settings[0].kv != "F16":
                raise KnownError(ErrorKind.MODEL_UNREADABLE, "There is no such context.")
            await super().measure(settings, keep)

    machine = WithoutSmallKv()
    found = run(model, machine, plan(2))
    assert machine.measured == [setting for setting in plan(2) if setting.kv == "F16"]
    assert found.choice().kv == "F16"


def test_a_model_that_can_not_be_measured_at_all_is_an_error(model: Path) -> None:
    class Broken(Machine):
        async def measure(self, settings: Sequence[Setting], keep: Callable[[Point], None]) -> None:
            raise KnownError(ErrorKind.MODEL_UNREADABLE, "It is damaged.")

    with pytest.raises(KnownError, match="damaged"):
        run(model, Broken(), plan(2))


def test_what_follows_from_the_points_is_measured_too(model: Path) -> None:
    more, machine = Setting(what=DECODE, threads=1, width=3), Machine()
    sweep = tune(
        model,
        model.parent / "tuning",
        plan(1)[:2],
        then=lambda found: [more] if len(found.points) >= 2 else [],
        measure=machine.measure,
        is_chatting=lambda: False,
        said=lambda point, n_left: None,
    )
    assert asyncio.run(sweep).has(more)
    assert machine.measured == [*plan(1)[:2], more]


def test_another_file_of_the_same_name_has_its_own_points(model: Path) -> None:
    run(model, Machine(), plan(1)[:2])
    model.write_bytes(b"others!")
    assert tuned.load(model.parent / "tuning", model).points == ()


def test_a_broken_file_is_as_none(model: Path) -> None:
    run(model, Machine(), plan(1)[:2])
    (file,) = (model.parent / "tuning").glob("*.json")
    file.write_bytes(b"{")
    assert tuned.load(model.parent / "tuning", model).points == ()


def test_the_narrowest_width_that_is_nearly_the_fastest() -> None:
    rates = {1: 100.0, 2: 150.0, 4: 198.0, 8: 200.0, 16: 120.0}
    points = tuple(point(width=width, rate=rate) for width, rate in rates.items())
    others = (point(width=32, rate=900.0, kv="Q8_0"), point(width=2, rate=999.0, threads=1))
    found = Tuned(model="m", points=(*others, *points))
    assert found.bulk_width() == 4
    assert [p.setting.width for p in found.curve()] == [1, 2, 4, 8, 16]


def test_the_smallest_piece_that_is_nearly_as_fast() -> None:
    points = tuple(point(PREFILL, piece=piece, rate=rate) for piece, rate in ((64, 50.0), (128, 99.0), (512, 100.0)))
    assert (Tuned(model="m", points=points).read_piece(), Tuned(model="m", points=points).read_rate()) == (128, 100.0)
    assert (Tuned(model="m").read_piece(), Tuned(model="m").bulk_width()) == (None, None)
