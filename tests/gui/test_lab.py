"""The lab's page over a session that answers what the test says: nothing is measured here."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget

from app.core.events import MeasurementAdvanced, ModelStateChanged
from app.engine.interface import ModelState
from app.engine.tuned import DECODE, PREFILL, TURN, Point, Setting, Tuned
from app.errors import ErrorKind, KnownError
from app.gui.lab import lab_words
from app.gui.lab.desk import LabDesk
from app.gui.lab.page import LabPage
from app.lab import calculator
from app.lab.calculator import Answer, Question
from app.lab.format import Trial
from app.lab.roofline import Roofline
from app.lab.session import LabView, Session
from tests.gui.conftest import Desk
from tests.gui.test_accessible import unnamed

STEPS = {1: 0.012, 2: 0.015, 4: 0.021, 8: 0.033, 16: 0.066}
ROOFLINE = Roofline(decode=0.7, prefill=0.3, bandwidth=2e10, operations=1e11)
TRIALS = (
    Trial(kind="Q4_1", n_bytes=98_000_000, read=700, written=80, written_wide=240, is_source=True),
    Trial(kind="Q8_0", n_bytes=144_000_000, read=1400, written=160, written_wide=480, divergence=0.002, agreement=0.99),
)


def points() -> list[Point]:
    found = [
        Point(setting=Setting(what=DECODE, threads=2, width=n), step_seconds=s, tokens_per_second=n / s)
        for n, s in STEPS.items()
    ]
    found.append(Point(setting=Setting(what=PREFILL, threads=2), step_seconds=0.5, tokens_per_second=1000))
    found.append(Point(setting=Setting(what=TURN, threads=2), step_seconds=0.1, tokens_per_second=1))
    return found


def view(*, is_measured: bool = True) -> LabView:
    tuned = Tuned(model="m", points=tuple(points()) if is_measured else ())
    return LabView(
        model="starter",
        kind="Q4_1",
        tuned=tuned,
        roofline=ROOFLINE if is_measured else None,
        slowdown=1.5,
        is_whole=is_measured,
    )


class ScriptedSession(Session):
    """Waits in the middle of a measurement until it is stopped or let go."""

    def __init__(self, first: LabView) -> None:
        super().__init__()
        self.view = first
        self.error: KnownError | None = None
        self.goes_on = asyncio.Event()
        self.stopped = 0

    async def look(self, core: Any) -> LabView:
        return self.view

    async def tune(self, core: Any) -> LabView | None:
        for n, point in enumerate(points()[:3]):
            core.emit(MeasurementAdvanced(what="tune", found=point, n_left=9 - n))
        return await self._until(view())

    async def try_kinds(self, core: Any, kinds: Sequence[str]) -> list[Trial] | None:
        for n, trial in enumerate(TRIALS):
            core.emit(MeasurementAdvanced(what="format", found=trial, n_left=1 - n))
        return await self._until(list(TRIALS))

    async def make(self, core: Any, kind: str) -> tuple[Path, float] | None:
        core.calls.append(("make", kind))
        return await self._until((Path(f"/models/starter.{kind}.gguf"), 0.002))

    def ask(self, core: Any, question: Question, currency: str) -> Answer:
        return calculator.answer(question, self.view.tuned)

    def stop(self) -> None:
        self.stopped += 1
        self.goes_on.set()

    async def _until(self, result: Any) -> Any:
        await self.goes_on.wait()
        if self.error is not None:
            raise self.error
        return None if self.stopped else result


def opened(desk: Desk, *, is_measured: bool = True) -> tuple[LabPage, ScriptedSession]:
    session = desk.window.lab.session = ScriptedSession(view(is_measured=is_measured))
    desk.window.lab.open()
    desk.until(lambda: isinstance(desk.window.stack.currentWidget(), LabPage))
    page = desk.window.lab.page
    assert page is not None
    desk.until(lambda: any("starter" in text for text in texts(page)))
    return page, session


def texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget)]


def says(widget: QWidget, part: str) -> bool:
    return any(part in text for text in texts(widget))


def go_on(desk: Desk, session: ScriptedSession) -> None:
    desk.bridge.call(lambda core: session.goes_on.set())


def test_the_page_shows_the_curve_and_explains_the_presets(desk: Desk) -> None:
    page, _ = opened(desk)
    assert page.curve.chart.isVisible()
    assert says(page, "Responsive: your reply has the machine to itself, 83 tok/s")
    assert says(page, "Batch: 8 texts at once, 242 tok/s in all")
    assert says(page, "Memory is the limit of writing")
    assert "Batch" in page.curve.chart.accessibleDescription()
    assert unnamed(page) == []
    desk.window.escape()
    assert desk.window.conversation.isVisible()


def test_a_model_that_was_not_measured_has_no_curve_and_says_so(desk: Desk) -> None:
    page, _ = opened(desk, is_measured=False)
    assert not page.curve.chart.isVisible()
    assert not page.limit.isVisible()
    assert says(page, "Not measured so far")
    assert page.curve.measure.text() == "Measure"


def test_what_was_left_in_the_middle_goes_on(desk: Desk) -> None:
    page, _ = opened(desk)
    assert page.curve.measure.text() == "Measure again"
    page.show_view(replace(view(), is_whole=False))
    assert page.curve.measure.text() == "Go on measuring"


def test_points_come_one_by_one_and_the_end_shows_all(desk: Desk) -> None:
    page, session = opened(desk, is_measured=False)
    page.curve.measure.click()
    desk.until(lambda: says(page, "7 measurements to come"))
    assert page.curve.chart.isVisible()
    assert page.curve.stop.isVisible()
    assert not page.curve.measure.isVisible()
    go_on(desk, session)
    desk.until(page.curve.measure.isVisible)
    assert says(page, "Batch: 8 texts at once")


def test_a_measurement_is_stopped_and_goes_on_another_time(desk: Desk) -> None:
    page, session = opened(desk, is_measured=False)
    page.curve.measure.click()
    desk.until(lambda: says(page, "to come"))
    page.curve.stop.click()
    desk.until(page.curve.measure.isVisible)
    assert session.stopped == 1


def test_what_fails_is_said_and_the_page_can_be_used_again(desk: Desk) -> None:
    page, session = opened(desk, is_measured=False)
    session.error = KnownError(ErrorKind.BUG, "The model could not be measured.")
    go_on(desk, session)
    page.curve.measure.click()
    desk.until(lambda: says(desk.window.notices, "The model could not be measured."))
    assert page.curve.measure.isVisible()


def test_the_arrow_keys_move_balanced_and_the_settings_follow(desk: Desk) -> None:
    page, _ = opened(desk)
    page.curve.chart.setFocus()
    desk.qtbot.keyClick(page.curve.chart, Qt.Key.Key_Right)
    desk.until(lambda: desk.core.called("change_settings"))
    assert desk.core.called("change_settings")[-1] == ({"balanced_slowdown": 1.55},)
    assert page.curve.slowdown.value() == pytest.approx(1.55)
    assert says(page, "a reply may take 1.55 times as long")


def test_the_name_of_balanced_does_not_lie_over_a_number(desk: Desk) -> None:
    page, _ = opened(desk)
    chart = page.curve.chart
    assert chart._curve is not None
    places = chart._curve.places
    chart.show_slowdown(places[1].seconds / places[0].seconds)
    assert [made.isVisible() for made in chart._labels[:3]] == [True, False, True]
    chart.show_slowdown(places[2].seconds / places[0].seconds)
    assert [made.isVisible() for made in chart._labels[:3]] == [True, True, False]


def test_balanced_is_dragged_along_the_curve_only(desk: Desk) -> None:
    page, _ = opened(desk)
    chart = page.curve.chart
    chart._handle.setPos(4 / 0.021, 0.021 * 1000 + 5)  # let go beside the curve, as a mouse would
    chart._handle.sigPositionChangeFinished.emit(chart._handle)
    desk.until(lambda: desk.core.called("change_settings"))
    (changes,) = desk.core.called("change_settings")[-1]
    assert 1.6 < changes["balanced_slowdown"] < 2.1
    assert chart._handle.pos().y() == pytest.approx(12 * changes["balanced_slowdown"], rel=0.02)


def test_the_calculator_names_every_source(desk: Desk) -> None:
    page, _ = opened(desk)
    card = page.calculator
    card.documents.setValue(40)
    card.watts.setValue(30)
    card.price.setValue(0.3)
    card.hosted_read.setValue(0.5)
    card.hosted_written.setValue(1.5)
    card.has_time.setChecked(True)
    card.asked.emit(card.question(card.by.time().addSecs(-60)), "€")
    desk.until(lambda: says(card, "estimated: the measured curve"))
    assert says(card, "estimated: watts as entered")
    assert says(card, "estimated: the energy, and the price of a kWh as entered")
    assert says(card, "estimated: tokens of the job, and the hosted price as entered")
    assert says(card, "measured: a question behind a long chat")
    assert says(card, "times as fast, or a smaller model")


def test_what_was_entered_before_is_there_again(desk: Desk) -> None:
    session = desk.window.lab.session = ScriptedSession(replace(view(), watts=45.0, currency="CHF"))
    desk.window.lab.open()
    desk.until(lambda: desk.window.lab.page is not None and desk.window.lab.page.calculator.watts.value() == 45.0)
    page = desk.window.lab.page
    assert page is not None
    assert page.calculator.currency.text() == "CHF"
    page.calculator.watts.setValue(50)
    session.view = replace(view(), model="other")
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="other"))
    desk.until(lambda: says(page, "other on this machine"))
    assert page.calculator.watts.value() == 50, "what somebody types is not taken away"


def test_kinds_are_tried_and_the_advised_one_is_made(desk: Desk) -> None:
    page, session = opened(desk)
    page.format.try_kinds.click()
    desk.until(lambda: says(page, "Q8_0 is 2.0 times as fast as this file here"))
    assert page.format.stop.isVisible()
    go_on(desk, session)
    desk.until(page.format.make.isVisible)
    assert page.format.kind.currentData() == "Q8_0"
    page.format.make.click()
    desk.until(lambda: says(page, "starter.Q8_0.gguf is there, with a loss of 0.002"))
    assert desk.core.called("make") == [("Q8_0",)]


def test_a_kind_that_is_faster_and_loses_something_is_named_and_not_advised() -> None:
    source = Trial(kind="Q8_0", n_bytes=200, read=100.0, written=10.0, written_wide=40.0, is_source=True)
    lossy = Trial(kind="Q4_0", n_bytes=100, read=200.0, written=20.0, written_wide=80.0, divergence=0.3)
    assert (
        lab_words.advice([source, lossy]) == "Keep this file: Q4_0 is 2.0 times as fast here, but it loses something."
    )
    assert "no kind of equal quality" in lab_words.advice([source, replace(lossy, read=90.0, written=9.0)])


@pytest.mark.parametrize("what", ["picture", "figures"])
def test_picture_and_figures_are_saved(desk: Desk, tmp_path: Path, what: str) -> None:
    page, _ = opened(desk)
    getattr(page.curve, what).click()
    dialog = desk.window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    file = tmp_path / "curve"
    dialog.fileSelected.emit(str(file))
    dialog.reject()
    desk.until(lambda: says(desk.window.notices, "Saved as"))
    if what == "picture":
        assert QImage(str(file), "PNG").width() >= page.curve.chart.width()
    else:
        assert len(file.read_text().splitlines()) == 1 + len(points())


def test_the_lab_is_made_when_it_is_wanted_and_not_by_the_first_model(desk: Desk) -> None:
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="m"))
    desk.until(lambda: desk.window.top_bar.picker.text() == "m ")
    assert desk.window.findChildren(LabDesk) == []


def test_the_window_does_not_wait_for_the_library_of_the_charts() -> None:
    """Which takes half a second to import; what `open` gives to another thread has to import it."""
    told = (
        "import sys; import app.gui.lab.desk as desk; assert 'pyqtgraph' not in sys.modules; desk._import_page(); "
        "assert desk._PAGE in sys.modules and 'pyqtgraph' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", told], check=True, timeout=60)
