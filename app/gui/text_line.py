"""One painted line of text: on the side where the page begins, and each text in its own direction. GUI thread only.

A title may be in another language than the page: "What is this?" keeps its question mark at its end.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QTextLayout, QTextOption

from app.gui import fonts
from app.gui.tongue import ISOLATE, ISOLATE_END

_ELLIPSIS_SLACK = 4


def elided(metrics: QFontMetrics, text: str, width: int, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> str:
    """With … where there is no room. What is `apart` ends before the …, which stands where the line is cut."""
    shown = metrics.elidedText(text, mode, width)
    cut = next((n for n, (was, now) in enumerate(zip(text, shown, strict=False)) if was != now), len(shown))
    n_open = shown.count(ISOLATE, 0, cut) - shown.count(ISOLATE_END, 0, cut)
    return shown[:cut].rstrip() + ISOLATE_END * n_open + shown[cut:] if n_open > 0 else shown


def write_line(
    painter: QPainter,
    rect: QRect,
    text: str,
    role: fonts.FontRole,
    colour: str,
    direction: Qt.LayoutDirection,
    formats: Sequence[QTextLayout.FormatRange] = (),
) -> None:
    """In the middle of `rect`, with … where there is no room. `direction` is the page's."""
    font = fonts.font(role)
    room = rect.width() - _ELLIPSIS_SLACK
    shown = elided(QFontMetrics(font), text.replace("\n", " "), room)
    is_rtl = direction is Qt.LayoutDirection.RightToLeft
    side = Qt.AlignmentFlag.AlignRight if is_rtl else Qt.AlignmentFlag.AlignLeft
    option = QTextOption(side | Qt.AlignmentFlag.AlignAbsolute)
    option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    layout = QTextLayout(shown, font)
    layout.setTextOption(option)
    layout.setFormats([one for one in formats if one.start < len(shown)])
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(rect.width())
    layout.endLayout()
    painter.setPen(QColor(colour))
    layout.draw(painter, QPointF(rect.left(), rect.top() + (rect.height() - line.height()) / 2))
