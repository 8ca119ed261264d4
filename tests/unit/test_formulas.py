"""Which dollars are formulas, and what the process makes of LaTeX."""

from __future__ import annotations

import re

import pytest
from markdown_it.token import Token

from app.formulas.messages import INK, DrawFormula, FormulaDrawn, FormulaRefused
from app.formulas.process import answer
from app.gui.transcript.formula_rules import source_of
from app.gui.transcript.markdown import parse

pytestmark = pytest.mark.filterwarnings("ignore:path is deprecated")  # as ziamath opens its font


def found(text: str) -> list[tuple[str, str]]:
    """(kind, LaTeX) of all formulas, in order."""
    tokens: list[Token] = []
    for token in parse(text):
        tokens += [token, *(token.children or [])]
    return [(token.type.removeprefix("math_"), token.content) for token in tokens if token.type.startswith("math_")]


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("so $x^2$ it is", [("inline", "x^2")]),
        (r"so \(x^2\) and \[y\] it is", [("inline", "x^2"), ("inline", "y")]),
        ("$a$, ($b$) and **$c$**.", [("inline", "a"), ("inline", "b"), ("inline", "c")]),
        ("$a_1 * b_2 * c_3$", [("inline", "a_1 * b_2 * c_3")]),
        ("in a line $$x$$ too", [("inline", "x")]),
        (r"$\$5$", [("inline", r"\$5")]),
        ("two\n$a\nb$ lines", [("inline", "a\nb")]),
        ("$5 and $6", []),
        ("$5-$6, or $ 7$ and $8 $", []),
        ("it costs $5 for two, not 6$ each", []),
        ("US$5 or AU$6", []),
        (r"\$5\$ and `$x$` and $`x`$", []),
        (r"\\(x\\)", []),
        ("$ $ and $$$$ and $", []),
        ("$5", []),
        ("$$\nx = 1\n$$", [("block", "x = 1")]),
        ("$$x = 1$$", [("block", "x = 1")]),
        ("$$ x\n= 1 $$.", [("block", "x\n= 1.")]),
        ("text\n\\[\nx\n\\]\nmore", [("block", "x")]),
        ("1. item\n   $$\n   x\n   $$\n2. other", [("block", "x")]),
        ("> $$\n> x\n> $$", [("block", "x")]),
        ("\\begin{align}\na &= b\n\\end{align}", [("block", "\\begin{align}\na &= b\n\\end{align}")]),
        ("$$\nx\n\ny\n$$", []),
        ("$$\nnot closed", []),
        ("```\n$$\nx\n$$\n```", []),
        ("    $$x$$", []),
    ],
)
def test_what_is_a_formula(text: str, formulas: list[tuple[str, str]]) -> None:
    assert found(text) == formulas


@pytest.mark.parametrize("text", ["$ x$".replace("$ ", "$"), r"\(a\)", "$$\nx\n$$", "\\begin{gather}x\\end{gather}"])
def test_its_source_is_what_was_written(text: str) -> None:
    tokens = [one for token in parse(text) for one in (token, *(token.children or []))]
    assert [source_of(token) for token in tokens if token.type.startswith("math_")] == [text]


def test_many_dollars_take_no_time_to_speak_of() -> None:
    assert found("$a " * 5_000) == []
    assert found("\\(a " * 5_000) == []


@pytest.mark.parametrize(
    "latex", [r"\frac{a}{b}", r"\sum_{i=1}^n i^2", r"\begin{pmatrix}1 & 0\\0 & 1\end{pmatrix}", r"x \text{ if } y"]
)
def test_latex_is_drawn(latex: str) -> None:
    drawn = answer(DrawFormula(latex=latex, is_display=True))
    assert isinstance(drawn, FormulaDrawn)
    assert drawn.svg.startswith("<svg")
    assert INK in drawn.svg
    assert 0.4 < drawn.width < 10
    assert 0.4 < drawn.ascent + drawn.descent < 5


def test_a_letter_stands_on_the_line_and_a_fraction_reaches_below_it() -> None:
    letter, fraction = (answer(DrawFormula(latex=latex, is_display=False)) for latex in ("x", r"\frac{1}{2}"))
    assert isinstance(letter, FormulaDrawn)
    assert isinstance(fraction, FormulaDrawn)
    assert abs(letter.descent) < 0.05 < fraction.descent


@pytest.mark.parametrize("latex", [r"\frac{", r"\foo{x}", "", "x^{" * 2_000, "{" * 3_000, "\ud800"])
def test_what_can_not_be_drawn_is_refused(latex: str) -> None:
    refused = answer(DrawFormula(latex=latex, is_display=True))
    assert isinstance(refused, FormulaRefused)
    assert refused.reason


def test_a_drawing_names_nothing_outside_itself() -> None:
    drawn = answer(DrawFormula(latex=r"\href{http://example.org/x}{y} + \includegraphics{z.png}", is_display=False))
    if isinstance(drawn, FormulaDrawn):
        addresses = re.findall(r"https?://[^\"' ]+", drawn.svg)
        assert set(addresses) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
