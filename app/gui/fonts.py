"""Type: Inter for the interface and JetBrains Mono for code, from assets, figures tabular. GUI thread only.

Fonts are set on widgets by role (`fonts.set_role(label, fonts.SMALL)`), never in the style sheet: so all of them follow
the zoom.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from app.logs import topic
from app.paths import resource

_FAMILIES = ["Inter", "Noto Sans", "DejaVu Sans"]
_CODE_FAMILIES = ["JetBrains Mono", "DejaVu Sans Mono", "monospace"]


@dataclass(frozen=True)
class FontRole:
    """A size in pixels and a weight that the interface uses."""

    pixels: int
    weight: QFont.Weight = QFont.Weight.Normal
    is_capitals: bool = False
    is_code: bool = False


UI = FontRole(14)
UI_STRONG = FontRole(14, QFont.Weight.DemiBold)
BRAND = FontRole(15, QFont.Weight.DemiBold)
SMALL = FontRole(12)
SMALL_STRONG = FontRole(12, QFont.Weight.DemiBold)
GROUP = FontRole(11, QFont.Weight.DemiBold, is_capitals=True)
MESSAGE = FontRole(15)
TITLE = FontRole(20, QFont.Weight.DemiBold)
CODE = FontRole(13, is_code=True)
SMALL_CODE = FontRole(12, is_code=True)

ZOOMS = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
_ROLE = "fontRole"
_FIELDS = (QLineEdit, QPlainTextEdit, QAbstractSpinBox, QComboBox, QCheckBox, QAbstractItemView)
_zoom = 1.0


def load(app: QApplication) -> None:
    """Bring the bundled fonts in and make Inter the program's font; without them the system's serves."""
    for file in sorted(resource("assets", "fonts").glob("*.ttf")):
        if QFontDatabase.addApplicationFont(str(file)) < 0:
            topic("window").warning("font not read: %s", file.name)
    app.setFont(font(UI))


def zoom() -> float:
    """How large type is; 1.0 as it was drawn."""
    return _zoom


def set_zoom(app: QApplication, value: float) -> None:
    """All type larger or smaller, from now on and in every widget that has a role."""
    global _zoom
    _zoom = min(max(value, ZOOMS[0]), ZOOMS[-1])
    app.setFont(font(UI))
    for widget in app.allWidgets():
        if isinstance(role := widget.property(_ROLE), FontRole):
            widget.setFont(font(role))
        elif isinstance(widget, _FIELDS):  # the program's font does not reach those that a style sheet draws
            widget.setFont(font(UI))


def scaled(pixels: int) -> int:
    """A height that goes with the type."""
    return round(pixels * _zoom)


def font(role: FontRole) -> QFont:
    """The font of a role, its figures all of one width so that they don't dance while they change."""
    return code_font(role.pixels) if role.is_code else QFont(_made(role, scaled(role.pixels)))


@lru_cache(64)
def _made(role: FontRole, pixels: int) -> QFont:
    made = QFont(_FAMILIES)
    made.setPixelSize(pixels)
    made.setWeight(role.weight)
    made.setFeature(QFont.Tag("tnum"), 1)
    if role.is_capitals:
        made.setCapitalization(QFont.Capitalization.AllUppercase)
        made.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.2)
    return made


def code_font(pixels: int = 13) -> QFont:
    """The font for code: every letter of one width, no ligatures."""
    made = QFont(_CODE_FAMILIES)
    made.setPixelSize(scaled(pixels))
    made.setStyleHint(QFont.StyleHint.Monospace)
    return made


def set_role(widget: QWidget, role: FontRole) -> None:
    """Give a widget the font of a role, and the size that it has at each zoom."""
    widget.setProperty(_ROLE, role)
    widget.setFont(font(role))
