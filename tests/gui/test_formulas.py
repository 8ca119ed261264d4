"""Formulas in replies: drawn by a process of their own, which may hang or crash; and read, copied, marked as LaTeX."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QElapsedTimer
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.gui import fonts
from app.gui.theme import Theme
from app.gui.transcript.formula_object import FORMULA, LETTER
from app.gui.transcript.formulas import Drawing, Formulas, formulas
from app.gui.transcript.reply_text import ReplyText

SLOW = "a" * 4_000  # takes a minute


@pytest.fixture
def drawer(qtbot: QtBot) -> Iterator[Formulas]:
    made = Formulas(limit_ms=30_000)
    yield made
    made.end()


def drawn(of: Formulas, qtbot: QtBot, *latex: str) -> list[Drawing | None]:
    """What there is when all of these are settled."""
    keys = [(one, False) for one in latex]
    for key in keys:
        of.get(key)
    qtbot.waitUntil(lambda: all(of.is_settled(key) for key in keys))
    return [of.get(key) for key in keys]


@pytest.fixture
def shown(theme: Theme, qtbot: QtBot) -> ReplyText:
    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    reply.resize(600, 100)
    reply.show()
    return reply


def show(reply: ReplyText, text: str, qtbot: QtBot) -> None:
    """Until all of it is drawn."""
    reply.show_text(text)
    qtbot.waitUntil(lambda: not reply._formulas._pending)


def width_of_formula(reply: ReplyText) -> float:
    """Of the first one, on the page."""
    at = reply.toPlainText().index(LETTER)
    left, right = QTextCursor(reply.document()), QTextCursor(reply.document())
    left.setPosition(at)
    right.setPosition(at + 1)
    return reply.cursorRect(right).left() - reply.cursorRect(left).left()


def test_formulas_are_drawn_once_and_kept(drawer: Formulas, qtbot: QtBot) -> None:
    first, refused = drawn(drawer, qtbot, "x^2", r"\foo")
    assert isinstance(first, Drawing)
    assert refused is None
    assert first.renderer("#112233").isValid()
    process = drawer._process
    assert drawer.get(("x^2", False)) is first
    assert drawer._process is process
    assert drawer._asked is None


def test_one_that_takes_too_long_is_refused_and_the_next_is_drawn(drawer: Formulas, qtbot: QtBot) -> None:
    drawn(drawer, qtbot, "x")  # the process is there
    clock = QElapsedTimer()
    clock.start()
    drawer._limit_ms = 1_500
    (slow,) = drawn(drawer, qtbot, SLOW)
    drawer._limit_ms = 30_000
    assert clock.elapsed() < 8_000  # after 10 s it would end itself
    (quick,) = drawn(drawer, qtbot, "y")
    assert slow is None
    assert isinstance(quick, Drawing)


def test_a_process_that_crashes_takes_one_formula_with_it(drawer: Formulas, qtbot: QtBot) -> None:
    drawn(drawer, qtbot, "x")
    assert drawer._process is not None
    drawer.get((SLOW, False))
    qtbot.waitUntil(lambda: drawer._asked == (SLOW, False))
    drawer._process.kill()
    assert drawn(drawer, qtbot, SLOW) == [None]
    assert isinstance(drawn(drawer, qtbot, "z")[0], Drawing)


@pytest.mark.parametrize(
    "command", [["/nowhere/at/all"], [sys.executable, "-c", ""], [sys.executable, "-c", "print(1)"]]
)
def test_a_process_that_never_starts_is_given_up(
    command: list[str], qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    made = Formulas(command=command)
    assert drawn(made, qtbot, "x") == [None]
    qtbot.waitUntil(lambda: made._n_bad_starts >= 3)
    assert made.get(("y", False)) is None
    assert made.is_settled(("y", False))
    assert made._process is None
    assert "did not start" in caplog.text
    caplog.clear()


def test_the_source_stands_there_until_the_drawing_comes(shown: ReplyText, qtbot: QtBot) -> None:
    source = r"$u_{pending} + \frac{1}{2}$"
    shown.show_text(f"So {source} it is.")
    before = width_of_formula(shown)
    assert shown._formulas._pending
    assert shown.plain_text() == f"So {source} it is."
    qtbot.waitUntil(lambda: not shown._formulas._pending)
    assert width_of_formula(shown) < before  # the source is longer
    assert shown.toPlainText() == f"So {LETTER} it is."
    assert shown.plain_text() == f"So {source} it is."


def test_what_is_copied_is_latex(shown: ReplyText, qtbot: QtBot) -> None:
    show(shown, "So $x^2$ is\n\n$$\ny\n$$\n\nand \\(z\\)", qtbot)
    shown.selectAll()
    shown.copy()
    assert QGuiApplication.clipboard().text() == "So $x^2$ is\n$$\ny\n$$\nand \\(z\\)"
    assert shown.selected() == "So $x^2$ is\n$$\ny\n$$\nand \\(z\\)"


def test_formulas_follow_the_zoom_and_the_theme(
    shown: ReplyText, theme: Theme, qtbot: QtBot, qapp: QApplication
) -> None:
    show(shown, "$x^2 + y^2$", qtbot)
    before = width_of_formula(shown)
    light = shown.grab().toImage()
    theme.choose("dark")
    qtbot.waitUntil(lambda: shown.grab().toImage() != light)
    try:
        fonts.set_zoom(qapp, 2.0)
        theme.changed.emit()
        assert 1.8 < width_of_formula(shown) / before < 2.2
    finally:
        fonts.set_zoom(qapp, 1.0)
        theme.choose("light")


def test_a_letter_of_a_formula_stands_on_the_line(shown: ReplyText, qtbot: QtBot) -> None:
    """The lowest ink of n in a formula is where that of n in the text is."""
    show(shown, "n $n$ n $n^2$", qtbot)
    image = shown.grab().toImage()

    def lowest(at: int) -> int:
        left, right = QTextCursor(shown.document()), QTextCursor(shown.document())
        left.setPosition(at)
        right.setPosition(at + 1)
        columns = range(shown.cursorRect(left).left() + 1, shown.cursorRect(right).left())
        return max(y for x in columns for y in range(image.height()) if image.pixelColor(x, y).alpha() > 100)

    lines = [lowest(at) for at in (0, 2, 4, 6)]
    assert max(lines) - min(lines) <= 1


def test_a_wide_formula_fits_the_column(shown: ReplyText, qtbot: QtBot) -> None:
    show(shown, "$$\n" + " + ".join(f"x_{{{n}}}" for n in range(18)) + "\n$$", qtbot)
    assert 300 < width_of_formula(shown) <= 600


def test_the_window_asks_one_process_for_all(qapp: QApplication) -> None:
    assert formulas() is formulas()
    assert FORMULA > 0
