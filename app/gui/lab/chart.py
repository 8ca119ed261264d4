"""The curve as a picture: each token's wait over all tokens a second, the presets on it. Balanced can be dragged.

Imports pyqtgraph, which takes a while: the page has this module imported by another thread before it makes a chart.
"""

from __future__ import annotations

from math import ceil, log10
from typing import Any

import pyqtgraph
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from app.gui import fonts, words
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.lab.curve import LEAST_SLOWDOWN, Curve, Place

HEIGHT = 300
STEP = 0.05  # of the slowdown, by an arrow key
_EXPORT_SCALE = 2.0
_NEAR = 0.07  # of what an axis shows

pyqtgraph.setConfigOptions(exitCleanup=False, antialias=True)


class _Axis(pyqtgraph.AxisItem):  # type: ignore[misc]
    """Its numbers are the language's."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        digits = max(0, ceil(-log10(spacing * scale)))
        return [words.decimal(value * scale, digits) for value in values]


class CurveChart(pyqtgraph.PlotWidget):  # type: ignore[misc]
    """`dragged` with the slowdown while Balanced is moved, `chosen` when it is let go."""

    dragged = Signal(float)
    chosen = Signal(float)

    def __init__(self, theme: Theme) -> None:
        super().__init__(axisItems={side: _Axis(side) for side in ("left", "bottom")})
        self._theme = theme
        self._curve: Curve | None = None
        self._slowdown = 1.5
        self._is_moving = False
        self.setAccessibleName(tr("The curve of this model on this machine"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(HEIGHT)
        plot = self.getPlotItem()
        plot.setMouseEnabled(False, False)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # its axes are, on any page
        self._line = plot.plot([], [], symbol="o", symbolSize=8)
        self._labels: list[pyqtgraph.TextItem] = []
        self._marks = [pyqtgraph.ScatterPlotItem(size=14) for _ in range(2)]
        self._names = [pyqtgraph.TextItem() for _ in range(3)]
        self._handle = pyqtgraph.TargetItem(movable=True, size=18, symbol="o")
        for item in (*self._marks, *self._names, self._handle):
            plot.addItem(item)
            item.setZValue(10)
        self._handle.sigPositionChanged.connect(self._moved)
        self._handle.sigPositionChangeFinished.connect(lambda: self.chosen.emit(self._slowdown))
        theme.changed.connect(self._tint)
        self._tint()

    def show_curve(self, curve: Curve, slowdown: float) -> None:
        """Other points, and where Balanced stands."""
        self._curve = curve
        plot = self.getPlotItem()
        rates, waits = [p.rate for p in curve.places], [p.seconds * 1000 for p in curve.places]
        self._line.setData(rates, waits)
        for old in self._labels:
            plot.removeItem(old)
        self._labels = []
        for point, place in zip(curve.points, curve.places, strict=True):
            made = pyqtgraph.TextItem(words.number(point.setting.width), anchor=(1.15, 1.25))
            made.setPos(place.rate, place.seconds * 1000)
            plot.addItem(made)
            self._labels.append(made)
        room = max(rates) * 0.16 or 1.0
        plot.setXRange(0, max(rates) + room, padding=0)
        plot.setYRange(-0.1 * max(waits), max(waits) * 1.15, padding=0)  # names stand below points too
        self._set_mark(0, curve.responsive_place)
        self._set_mark(1, curve.batch_place)
        self.show_slowdown(slowdown)
        self._tint()

    def show_slowdown(self, slowdown: float) -> None:
        """Balanced stands elsewhere."""
        self._slowdown = slowdown
        if self._curve is None:
            return
        place = self._curve.balanced_place(slowdown)
        self._is_moving = True
        self._handle.setPos(place.rate, place.seconds * 1000)
        self._is_moving = False
        self._names[2].setPos(place.rate, place.seconds * 1000)
        for made, point in zip(self._labels, self._curve.places, strict=True):
            made.setVisible(not self._is_near(point, place))
        self.setAccessibleDescription(
            tr(
                "Responsive: {alone} a token, alone. Balanced: {balanced}. Batch: {batch}, {width} at once.",
                alone=_milliseconds(self._curve.responsive_place),
                balanced=_milliseconds(place),
                batch=_milliseconds(self._curve.batch_place),
                width=words.number(self._curve.batch),
            )
        )

    def image(self) -> QImage:
        """As it is shown, at twice the size."""
        made = QImage(self.size() * _EXPORT_SCALE, QImage.Format.Format_ARGB32)
        made.setDevicePixelRatio(_EXPORT_SCALE)
        made.fill(QColor(self._theme.tokens.raised))
        painter = QPainter(made)
        self.render(painter)
        painter.end()
        return made

    # what a person does

    def _moved(self, handle: Any) -> None:
        if self._is_moving or self._curve is None:
            return
        at: QPointF = handle.pos()
        self.show_slowdown(round(self._curve.slowdown_at(Place(at.x(), at.y() / 1000)), 2))
        self.dragged.emit(self._slowdown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys move Balanced."""
        by = {Qt.Key.Key_Left: -STEP, Qt.Key.Key_Down: -STEP, Qt.Key.Key_Right: STEP, Qt.Key.Key_Up: STEP}
        if self._curve is None or (step := by.get(Qt.Key(event.key()))) is None:
            super().keyPressEvent(event)
            return
        most = self._curve.most_slowdown
        self.show_slowdown(round(min(most, max(LEAST_SLOWDOWN, self._slowdown + step)), 2))
        self.chosen.emit(self._slowdown)

    def wheelEvent(self, event: Any) -> None:
        event.ignore()  # the page scrolls

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tint()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._tint()

    # how it looks

    def _is_near(self, one: Place, other: Place) -> bool:
        """So that their words would lie over each other."""
        assert self._curve is not None
        most_rate = max(place.rate for place in self._curve.places)
        most_seconds = max(place.seconds for place in self._curve.places)
        return (
            abs(one.rate - other.rate) < _NEAR * most_rate and abs(one.seconds - other.seconds) < _NEAR * most_seconds
        )

    def _set_mark(self, which: int, place: Place) -> None:
        self._marks[which].setData([place.rate], [place.seconds * 1000])
        self._names[which].setPos(place.rate, place.seconds * 1000)

    def _tint(self) -> None:
        tokens = self._theme.tokens
        small, plain = fonts.font(fonts.SMALL), fonts.font(fonts.SMALL)
        self.setBackground(QColor(tokens.raised))
        plot = self.getPlotItem()
        plot.showGrid(x=True, y=True, alpha=0.12)
        for side, text in (("bottom", tr("tokens a second, all together")), ("left", tr("ms until the next token"))):
            axis = plot.getAxis(side)
            axis.setPen(QColor(tokens.line))
            axis.setTextPen(QColor(tokens.muted))
            axis.setTickFont(plain)
            axis.setLabel(text, **{"color": tokens.muted, "font-size": f"{fonts.scaled(12)}px"})
            axis.enableAutoSIPrefix(False)
        pen = pyqtgraph.mkPen(QColor(tokens.muted), width=2)
        self._line.setPen(pen)
        self._line.setSymbolBrush(QColor(tokens.raised))
        self._line.setSymbolPen(pen)
        for made in self._labels:
            made.setColor(QColor(tokens.muted))
            made.setFont(small)
        strong: QFont = fonts.font(fonts.SMALL_STRONG)
        sides = ((0.3, -0.4), (-0.25, 0.5), (1.0, 1.6))
        titles = (tr("Responsive"), tr("Batch"), tr("Balanced"))
        for name, anchor, title in zip(self._names, sides, titles, strict=True):
            name.setText(title)
            name.setFont(strong)
            name.setAnchor(anchor)
            name.setColor(QColor(tokens.accent if title == titles[2] else tokens.text))
        for mark in self._marks:
            mark.setBrush(QColor(tokens.text))
            mark.setPen(pyqtgraph.mkPen(QColor(tokens.raised), width=2))
        ring = pyqtgraph.mkPen(QColor(tokens.raised), width=2)
        self._handle.setBrush(QColor(tokens.accent))
        self._handle.setHoverBrush(QColor(tokens.accent_hover))
        self._handle.setPen(pyqtgraph.mkPen(QColor(tokens.text), width=2) if self.hasFocus() else ring)
        self._handle.setHoverPen(ring)


def make_chart(theme: Theme) -> QWidget:
    return CurveChart(theme)


def _milliseconds(place: Place) -> str:
    return tr("{number} ms", number=words.decimal(place.seconds * 1000))
