"""How fast the model is here: measured, drawn, explained; where the presets stand. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QProgressBar, QVBoxLayout

from app.engine.tuned import Point, Tuned
from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.disclosure import Disclosure
from app.gui.form import at_least, settle_spin
from app.gui.lab import lab_words
from app.gui.lab.card import Card, flow_of
from app.gui.lab.chart import CurveChart
from app.gui.lab.table import FigureTable
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.lab.curve import LEAST_SLOWDOWN, MOST_SLOWDOWN, Curve


class CurveCard(Card):
    """`show_tuned` fills it; `began`, `advance` and `ended` follow a measurement."""

    measure_asked = Signal()
    stop_asked = Signal()
    slowdown_chosen = Signal(float)
    picture_asked = Signal()
    table_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(
            tr("How fast this model is here"),
            tr(
                "One reply at a time comes fastest. Several at once give more words in all, but each comes later. Each "
                "dot is a number of replies at once: further right is more work done, further down is less waiting."
            ),
        )
        self._curve: Curve | None = None
        self._n_total = 0
        self.chart = CurveChart(theme)
        self.slowdown = QDoubleSpinBox()
        self.slowdown.setRange(LEAST_SLOWDOWN, MOST_SLOWDOWN)
        self.slowdown.setSingleStep(0.05)
        self.slowdown.setDecimals(2)
        self.slowdown.setSuffix(tr(" times as long"))
        self.slowdown.setKeyboardTracking(False)
        self.slowdown.setAccessibleName(tr("In Balanced a reply may take"))
        settle_spin(self.slowdown)
        at_least(170, self.slowdown)
        self.measure = button(tr("Measure"), self.measure_asked.emit, kind="main", role=fonts.UI_STRONG)
        self.stop = button(tr("Stop"), self.stop_asked.emit, name=tr("Stop measuring"))
        self.picture = button(tr("Save picture…"), self.picture_asked.emit)
        self.figures = button(tr("Save figures…"), self.table_asked.emit)
        self._state = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("How far the measurement is"))
        self._presets = [label(wraps=True) for _ in range(3)]
        self._table = FigureTable([tr("At once"), tr("Until the next token"), tr("In all")])
        self._all = Disclosure(theme, tr("All figures"), self._table)
        self._lay_out()
        self.chart.dragged.connect(self._show_slowdown)
        self.chart.chosen.connect(self._choose)
        self.slowdown.valueChanged.connect(self._typed)
        self.show_tuned(Tuned(model=""), 1.5)
        self.ended()

    def show_tuned(self, found: Tuned, slowdown: float, *, is_whole: bool = False) -> None:
        """Another model, or more points of this one; `is_whole`: all of them."""
        self._curve = Curve.of(found)
        has_curve = self._curve is not None
        for part in (self.chart, self._all, self.picture, self.figures, self._balanced, self.slowdown):
            part.setVisible(has_curve)
        text = tr("Measure again") if is_whole else tr("Go on measuring") if found.points else tr("Measure")
        self.measure.setText(text)
        self.measure.setAccessibleName(text)
        if self._curve is None:
            self._state.setText(tr("Not measured so far. It takes some minutes, best while nothing else runs."))
        elif not found.is_quiet:
            self._state.setText(
                tr(
                    "Other programs used the processor meanwhile, so these figures are not used. Measure again when "
                    "they rest: only what was disturbed is measured."
                )
            )
        elif is_whole:
            self._state.setText(tr("Chats and jobs use what is fast here."))
        else:
            self._state.setText(tr("Some of it is measured; it goes on where it was left."))
        for line in self._presets:
            line.setVisible(has_curve)
        if self._curve is not None:
            self.chart.show_curve(self._curve, slowdown)
            self._table.show_rows(lab_words.curve_rows(self._curve))
            self._show_slowdown(slowdown)

    def began(self) -> None:
        self._n_total = 0
        self._bar.setRange(0, 0)
        self._set_running(True)
        self._state.setText(tr("Measuring. A chat interrupts this, and it goes on by itself."))

    def advance(self, point: Point, n_left: int) -> None:
        self._n_total = max(self._n_total, n_left + 1)
        self._bar.setRange(0, self._n_total)
        self._bar.setValue(self._n_total - n_left)
        self._state.setText(lab_words.point_measured(point, n_left))

    def ended(self) -> None:
        self._set_running(False)

    def _set_running(self, is_running: bool) -> None:
        self._bar.setVisible(is_running)
        self.stop.setVisible(is_running)
        self.measure.setVisible(not is_running)

    def _typed(self, slowdown: float) -> None:
        self.chart.show_slowdown(slowdown)
        self._choose(slowdown)

    def _choose(self, slowdown: float) -> None:
        self._show_slowdown(slowdown)
        self.slowdown_chosen.emit(slowdown)

    def _show_slowdown(self, slowdown: float) -> None:
        was_blocked = self.slowdown.blockSignals(True)
        self.slowdown.setValue(slowdown)
        self.slowdown.blockSignals(was_blocked)
        if self._curve is not None:
            for line, text in zip(self._presets, lab_words.presets(self._curve, slowdown), strict=True):
                line.setText(text)

    def _lay_out(self) -> None:
        self._balanced = label(tr("In Balanced a reply may take"))
        self._balanced.setMinimumHeight(self.slowdown.sizeHint().height())  # in the middle of its line
        lines = QVBoxLayout()
        lines.setSpacing(4)
        for line in self._presets:
            lines.addWidget(line)
        self.column.addWidget(self.chart)
        self.column.addLayout(lines)
        self.column.addLayout(flow_of(self._balanced, self.slowdown))
        self.column.addWidget(self._all)
        self.column.addWidget(self._bar)
        self.column.addWidget(self._state)
        self.column.addLayout(flow_of(self.measure, self.stop, self.picture, self.figures))
