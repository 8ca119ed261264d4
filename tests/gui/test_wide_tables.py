"""A table that has no room is scrolled aside; its words are not torn."""

from __future__ import annotations

from PySide6.QtGui import QTextTable
from pytestqt.qtbot import QtBot

from app.gui.theme import Theme
from app.gui.transcript.columns import longest_words
from app.gui.transcript.reply_text import ReplyText

TABLE = """| Department | January | February | March | April | Sum |
|---|--:|--:|--:|--:|--:|
| Research and development | 12,400 | 11,900 | 13,020 | 12,800 | 75,553 |
| Sales | 8,100 | 7,950 | 8,400 | 8,220 | 49,120 |
"""


def lines_of(reply: ReplyText, row: int, column: int) -> int:
    """How many lines the text of a cell takes."""
    table = next(frame for frame in reply.document().rootFrame().childFrames() if isinstance(frame, QTextTable))
    return table.cellAt(row, column).firstCursorPosition().block().layout().lineCount()


def test_words_of_a_narrow_table_stay_whole(qtbot: QtBot, theme: Theme) -> None:
    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    reply.resize(800, 400)
    reply.show()
    reply.append(TABLE)
    reply.finish(TABLE)
    assert reply.horizontalScrollBar().maximum() == 0
    reply.resize(320, 400)
    assert reply.horizontalScrollBar().maximum() > 0
    assert reply.horizontalScrollBar().isVisible()
    assert {lines_of(reply, 0, column) for column in range(6)} == {1}
    assert {lines_of(reply, 1, column) for column in range(1, 6)} == {1}
    assert reply.height() >= reply.document().size().height() + reply.horizontalScrollBar().height()
    reply.resize(800, 400)
    assert reply.horizontalScrollBar().maximum() == 0
    assert not reply.horizontalScrollBar().isVisible()


def test_a_table_that_streams_into_a_narrow_page_is_scrolled_too(qtbot: QtBot, theme: Theme) -> None:
    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    reply.resize(320, 400)
    reply.show()
    for line in TABLE.splitlines(keepends=True):
        reply.append(line)
    reply.finish(TABLE)
    qtbot.waitUntil(lambda: reply.horizontalScrollBar().maximum() > 0)
    assert lines_of(reply, 2, 1) == 1


def test_an_address_in_a_cell_is_torn_before_it_makes_a_page_wide() -> None:
    rows = [["a", "https://example.org/" + "x" * 200], ["of two words", "b"]]
    assert longest_words(rows) == ["words", "https://example.org/xx"]
