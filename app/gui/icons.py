"""Lucide icons from assets, tinted with a colour of the theme. GUI thread only.

Bundled, since `QIcon.fromTheme` is empty on many systems.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap, QTransform
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from app.gui import fonts
from app.gui.tongue import is_right_to_left
from app.paths import resource

_POINTING = ("arrow-left", "arrow-right", "chevron-left", "chevron-right", "panel-left", "panel-right")


PIXELS = 16  # at 100 %


def side() -> int:
    """How large an icon is now: it goes with the type."""
    return fonts.scaled(PIXELS)


def icon(name: str, colour: str) -> QIcon:
    """One icon at one, two and three times its size, with strokes of 1.5 px; mirrored where the page is."""
    return _made(name, colour, side(), name in _POINTING and is_right_to_left())


def set_icon(button: QAbstractButton, name: str, colour: str) -> None:
    """Beside its words, as large as they are; again after each change of the theme or the zoom."""
    button.setIcon(icon(name, colour))
    button.setIconSize(QSize(side(), side()))


@cache
def _made(name: str, colour: str, pixels: int, is_mirrored: bool) -> QIcon:
    source = resource("assets", "icons", f"{name}.svg").read_text(encoding="utf-8")
    stroke = 1.5 * 24 / PIXELS
    source = source.replace("currentColor", colour).replace('stroke-width="2"', f'stroke-width="{stroke:g}"')
    renderer = QSvgRenderer(QByteArray(source.encode()))
    made = QIcon()
    for scale in (1, 2, 3):
        pixmap = QPixmap(pixels * scale, pixels * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, pixels * scale, pixels * scale))
        painter.end()
        if is_mirrored:
            pixmap = pixmap.transformed(QTransform.fromScale(-1, 1))
        pixmap.setDevicePixelRatio(scale)
        made.addPixmap(pixmap)
    return made
