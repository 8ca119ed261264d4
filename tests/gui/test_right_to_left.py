"""In Arabic the page begins at the right, in whatever language a text on it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from PySide6.QtCore import QLocale, QRect, Qt, QTime
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QLabel, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from app.core.views import DocumentView
from app.gui import fonts, tongue
from app.gui.bridge import Bridge
from app.gui.buttons import ElidedLabel, label
from app.gui.chat_row import state_of
from app.gui.chat_rows import Filter, Head, arranged
from app.gui.form import settle_spin, time_field
from app.gui.growing_text import GrowingText
from app.gui.job_actions import JobActions
from app.gui.job_card import JobCard
from app.gui.job_page.item_model import NAME, RESULT, ItemModel
from app.gui.job_page.item_table import ItemTable
from app.gui.lab.chart import CurveChart
from app.gui.new_job.document_list import DocumentList
from app.gui.text_line import elided, write_line
from app.gui.theme import Theme
from app.gui.transcript.reply_text import ReplyText
from app.gui.transcript.thought import Thought
from app.gui.window import Window
from app.settings import Settings
from tests.gui.scripted_core import ScriptedCore

RTL, LTR = Qt.LayoutDirection.RightToLeft, Qt.LayoutDirection.LeftToRight


@pytest.fixture
def arabic(qapp: QApplication) -> Iterator[QApplication]:
    tongue.speak(qapp, "ar")
    yield qapp
    tongue.speak(qapp, "en")


def inked(image: QImage) -> tuple[int, int]:
    """The first and the last column that is not white."""
    columns = [x for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).value() < 128]
    return min(columns), max(columns)


def dark(image: QImage, x: int) -> bool:
    return any(image.pixelColor(x, y).value() < 128 for y in range(image.height()))


@pytest.mark.parametrize("make", [label, ElidedLabel])
def test_english_on_an_arabic_page_stands_at_the_right(
    arabic: QApplication, theme: Theme, qtbot: QtBot, make: type[QLabel]
) -> None:
    made = make("Rubato")
    qtbot.addWidget(made)
    made.setStyleSheet("background: white; color: black")
    made.resize(300, 30)
    first, last = inked(made.grab().toImage())
    assert first > 150
    assert last > 290


def lines_of(image: QImage) -> list[QImage]:
    """The lines of a text, from the top."""
    rows = [any(image.pixelColor(x, y).value() < 128 for x in range(image.width())) for y in range(image.height())]
    tops = [y for y in range(1, len(rows)) if rows[y] and not rows[y - 1]]
    ends = [y for y in range(1, len(rows)) if rows[y - 1] and not rows[y]]
    found = [image.copy(0, top, image.width(), end - top) for top, end in zip(tops, ends, strict=True)]
    return [line for line in found if line.height() > 4]  # and not only the marks above letters


def shown(made: QLabel, width: int, height: int) -> QImage:
    made.setStyleSheet("background: white; color: black")
    made.resize(width, height)
    return made.grab().toImage()


def test_every_line_of_a_wrapped_text_begins_at_the_edge(arabic: QApplication, theme: Theme, qtbot: QtBot) -> None:
    made = label("\u0627\u0627\u0627\u0627\u0627 " * 40, wraps=True)
    qtbot.addWidget(made)
    begins = {inked(line)[1] for line in lines_of(shown(made, 200, 300))}
    assert len(lines_of(made.grab().toImage())) > 3
    assert max(begins) >= 196
    assert max(begins) - min(begins) <= 1


@pytest.mark.parametrize("make", [label, ElidedLabel])
@pytest.mark.parametrize("zoom", [1.0, 2.0])
def test_high_and_deep_letters_are_not_cut(
    arabic: QApplication, theme: Theme, qtbot: QtBot, make: type[QLabel], zoom: float
) -> None:
    fonts.set_zoom(arabic, zoom)
    try:
        made = make("\u0623\u0648\u0639\u062d\u0625")
        qtbot.addWidget(made)
        height = made.sizeHint().height()
        cut, whole = (ink(shown(made, 200, height + more), 0, 200) for more in (0, 40))
        assert cut == whole
    finally:
        fonts.set_zoom(arabic, 1.0)


def test_a_sentence_that_begins_with_a_latin_word_runs_from_the_right(
    arabic: QApplication, theme: Theme, qtbot: QtBot
) -> None:
    """A thick word, and a thin one behind it."""
    word, dashes = "MMMMMMMM", "\u0627 " * 8
    made = label(f"{word} {dashes}")
    qtbot.addWidget(made)
    image = shown(made, 300, 30)
    first, last = inked(image)
    middle = (first + last) // 2
    assert ink(image, middle, last) > ink(image, first, middle)


def ink(image: QImage, begin: int, end: int) -> int:
    return sum(image.pixelColor(x, y).value() < 128 for x in range(begin, end) for y in range(image.height()))


def test_what_is_left_out_is_at_the_end_of_the_line_and_not_of_a_name_in_it(arabic: QApplication) -> None:
    metrics = QFontMetrics(fonts.font(fonts.UI))
    text = f"\u0645\u0644\u062e\u0635 {tongue.apart('annual report 2025.pdf')}"
    cut = elided(metrics, text, metrics.horizontalAdvance(text) - 40)
    assert "\u2069…" in cut
    assert elided(metrics, text, metrics.horizontalAdvance(text) + 9) == text


def test_the_page_of_an_item_is_seen_however_long_its_documents_name_is(
    arabic: QApplication, theme: Theme, qtbot: QtBot
) -> None:
    table = ItemTable(theme, ItemModel(theme, lambda *_: None))
    qtbot.addWidget(table)
    option = QStyleOptionViewItem()
    option.initFrom(table)
    option.widget, option.rect = table, QRect(0, 0, 120, 32)  # type: ignore[attr-defined]
    names = QStandardItemModel(1, 2)
    for column in (NAME, RESULT):
        names.setItem(0, column, QStandardItem("annual report of the whole year 2025.pdf, page 12"))
    said = []
    for column in (NAME, RESULT):
        table.itemDelegate().initStyleOption(option, names.index(0, column))
        said.append(option.text)
    assert said[0].endswith("page 12\u2069")
    assert "…" in said[0]
    assert said[1].endswith("…\u2069")


def test_a_tag_has_its_sign_before_it(arabic: QApplication) -> None:
    core = ScriptedCore(lambda event: None)
    core.add_chat("c", "Chat")
    assert state_of(replace(core.chat_views["c"], tags=("kitchen",))).endswith("\u2068#kitchen\u2069")


def test_the_sidebar_floats_where_it_stands_otherwise(arabic: QApplication, theme: Theme, qtbot: QtBot) -> None:
    window = Window(Bridge(ScriptedCore), theme, Settings())
    qtbot.addWidget(window)
    window.resize(520, 640)
    window.show()
    window.frame.float_sidebar()
    assert window.sidebar.geometry().right() == window.frame.rect().right()


def test_a_chart_has_its_axis_at_the_left_and_the_languages_figures(
    arabic: QApplication, theme: Theme, qtbot: QtBot
) -> None:
    chart = CurveChart(theme)
    qtbot.addWidget(chart)
    chart.resize(600, 300)
    plot = chart.getPlotItem()
    plot.layout.activate()
    axis, inside = plot.getAxis("left"), plot.getViewBox()
    assert axis.geometry().right() <= inside.geometry().left()
    assert axis.tickStrings([0.0, 2.5], 1.0, 0.5) == [QLocale().toString(n, "f", 1) for n in (0.0, 2.5)]


def test_a_title_is_painted_in_its_own_direction_at_the_pages_side(qapp: QApplication) -> None:
    def painted(text: str, direction: Qt.LayoutDirection) -> QImage:
        image = QImage(400, 30, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        write_line(painter, QRect(0, 0, 400, 30), text, fonts.UI, "#000000", direction)
        painter.end()
        return image

    there, here = (painted("What is it?", direction) for direction in (LTR, RTL))
    assert inked(there)[0] < 10
    first, last = inked(here)
    assert last > 390
    begin, end = inked(there)
    same = [dark(here, x + first) == dark(there, x + begin) for x in range(end - begin + 1)]
    assert same.count(True) > 0.7 * len(same)  # the question mark is where it was; pixels differ by parts of one


def test_lines_that_divide_the_window_change_sides(arabic: QApplication, theme: Theme) -> None:
    assert "border-left: 1px" in arabic.styleSheet().split("#sidebar")[1].split("}")[0]
    tongue.speak(arabic, "en")
    assert "border-right: 1px" in arabic.styleSheet().split("#sidebar")[1].split("}")[0]


def test_figures_in_a_field_begin_where_the_page_does(arabic: QApplication, qtbot: QtBot) -> None:
    box = QDoubleSpinBox()
    qtbot.addWidget(box)
    settle_spin(box)
    assert box.lineEdit().alignment() & Qt.AlignmentFlag.AlignRight


def test_the_groups_of_chats_are_named_in_the_language(arabic: QApplication) -> None:
    core = ScriptedCore(lambda event: None)
    now = datetime.now()
    core.add_chat("c", "Chat", updated=now.timestamp())
    rows = arranged(core.chats(), [], (), Filter(), now)
    assert rows[0] == Head("اليوم")


def test_what_opens_a_job_is_a_link_in_every_language(arabic: QApplication, theme: Theme, qtbot: QtBot) -> None:
    actions = JobActions()
    card = JobCard(theme, actions)
    qtbot.addWidget(card)
    assert card._buttons["open"].property("kind") == "link"
    assert card._buttons["pause"].property("kind") == "quiet"


def test_a_bullet_stands_where_its_text_begins_whatever_the_page_does(qtbot: QtBot, theme: Theme) -> None:
    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    reply.setStyleSheet("background: white")
    reply.resize(400, 200)
    reply.show()
    for text, begins in (("- one", range(22)), ("- \u0648\u0627\u062d\u062f", range(378, 400))):
        reply.show_text(text)
        ends = inked(reply.grab().toImage())
        assert any(end in begins for end in ends)
        assert ends[1] - ends[0] < 100  # the bullet is beside its word


def test_a_quotation_has_its_bar_where_its_text_begins(qtbot: QtBot, theme: Theme) -> None:
    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    reply.resize(400, 200)
    reply.show()
    line = QColor(theme.tokens.line)
    for text, at in (("> one", 1), ("> \u0648\u0627\u062d\u062f", 398)):
        reply.show_text(text)
        assert reply.grab().toImage().pixelColor(at, 12) == line


def test_in_an_empty_box_the_cursor_stands_at_the_right(arabic: QApplication, qtbot: QtBot) -> None:
    box = GrowingText(4)
    qtbot.addWidget(box)
    box.resize(400, 40)
    box.show()
    assert box.cursorRect().left() > 380
    box.insertPlainText("English")
    assert box.cursorRect().left() < 100  # its own direction
    box.clear()
    assert box.cursorRect().left() > 380


def test_a_time_of_day_is_not_turned_round(arabic: QApplication, qtbot: QtBot) -> None:
    field = time_field("Not before", QTime(22, 0))
    qtbot.addWidget(field)
    assert field.text() == QLocale().toString(QTime(22, 0), "HH:mm")


def test_a_result_in_the_table_of_items_ends_with_its_full_stop(
    arabic: QApplication, theme: Theme, qtbot: QtBot
) -> None:
    table = ItemTable(theme, ItemModel(theme, lambda *_: None))
    qtbot.addWidget(table)
    shown = QStyleOptionViewItem()
    text = QStandardItemModel(1, 1)
    text.setItem(0, 0, QStandardItem("It is done."))
    table.itemDelegate().initStyleOption(shown, text.index(0, 0))
    assert shown.text == "\u2068It is done.\u2069"


def test_a_document_has_its_icon_before_its_name(arabic: QApplication, theme: Theme, qtbot: QtBot) -> None:
    shown = DocumentList(theme)
    qtbot.addWidget(shown)
    shown.setStyleSheet("background: white")
    shown.resize(400, 30)
    shown.show()
    shown.show_documents([DocumentView(name="lease.pdf", state="read", n_tokens=9)])
    image = shown.grab().toImage()
    assert any(dark(image, x) for x in range(400 - 16, 400))  # the icon
    assert any(dark(image, x) for x in range(300, 400 - 24))  # the name
    assert not any(dark(image, x) for x in range(150, 280))


def test_room_is_kept_free_where_lines_begin(arabic: QApplication, theme: Theme, qtbot: QtBot) -> None:
    thought = Thought(theme)
    qtbot.addWidget(thought)
    thought.show_thought("So.", 1)
    thought.fold.set_open(True)
    kept = thought._row.contentsMargins()
    assert (kept.left(), kept.right()) == (0, 14)  # the bar is at the right
