"""What is said to the process that draws formulas, and what it answers: one line each, in order."""

from __future__ import annotations

from app.wire import Message

INK = "#010203"  # the colour in a drawing that stands for the one of the text


class DrawFormula(Message, frozen=True, kw_only=True):
    """LaTeX without its delimiters; `is_display`: as it stands on a line of its own."""

    latex: str
    is_display: bool


class FormulaDrawn(Message, frozen=True, kw_only=True):
    """`svg` in `INK`. What it takes, in the size of the letters: to the right, above and below the base line."""

    svg: str
    width: float
    ascent: float
    descent: float


class FormulaRefused(Message, frozen=True, kw_only=True):
    """It is no LaTeX, or has commands that are not known."""

    reason: str


class FormulasReady(Message, frozen=True, kw_only=True):
    """The first line: what comes now takes milliseconds."""


Answer = FormulaDrawn | FormulaRefused | FormulasReady
