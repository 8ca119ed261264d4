"""At 200 % nothing is cut off: what stands beside the type grows with it, and what has no room gives way."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QScrollArea, QWidget

from app.core.chat_views import ContextUse
from app.core.events import StatusChanged
from app.core.views import StatusView
from app.gui import fonts
from app.gui.buttons import IconButton, IconLabel
from app.gui.disclosure import Disclosure
from app.gui.form import Form
from app.gui.job_page.item_model import TOKENS
from app.gui.jobs_pane import WIDTH as JOBS_WIDTH
from app.gui.keys import KeysDialog
from app.gui.settings_dialog import SettingsDialog
from app.gui.theme import Theme
from tests.gui.conftest import Desk
from tests.gui.test_window import middle

BUSY = StatusView(jobs_done=34, jobs_total=120, kv_used_fraction=0.19, n_threads=2, last_ttft_seconds=0.16)

USE = ContextUse(system=36, history=0, documents=0, typed=0, reply=2_048, limit=8_192)


@pytest.fixture
def large(desk: Desk) -> Iterator[Desk]:
    """The window at 200 %."""
    desk.window.resize(1_320, 860)
    desk.window.settings.set_zoom(2.0)
    yield desk
    desk.window.settings.set_zoom(1.0)


def test_icons_and_their_buttons_grow_with_the_type(large: Desk) -> None:
    for made in large.window.findChildren(IconButton):
        assert made.iconSize().width() == 32, made.accessibleName()
        assert made.width() >= 32, made.accessibleName()
    gauge = large.window.conversation.composer.gauge
    gauge.show_use(USE)
    assert gauge.iconSize().width() == 32


def test_an_icon_that_is_made_later_is_as_large(large: Desk, theme: Theme) -> None:
    made = IconLabel(theme, "check")
    assert made.pixmap().deviceIndependentSize().width() == 32
    assert made.width() == 32


def test_fields_and_buttons_are_as_high_as_their_text(large: Desk) -> None:
    side = large.window.sidebar
    large.window.library.toggle_parameters()
    parameters = large.window.conversation.parameters
    fields = [side.search, large.window.top_bar.picker, parameters.persona, parameters.model.list]
    large.until(lambda: all(field.height() >= QFontMetrics(field.font()).height() + 8 for field in fields))
    assert {field.font().pixelSize() for field in fields} == {fonts.UI.pixels * 2}
    prompt = parameters.findChild(QPlainTextEdit)
    assert prompt.height() >= 5 * QFontMetrics(prompt.font()).height()


def test_send_is_never_squeezed_for_the_hint(large: Desk) -> None:
    composer = large.window.conversation.composer
    composer.gauge.show_use(USE)
    large.window.resize(480, 860)
    large.until(lambda: not composer._hint.isVisible())
    assert composer._send.width() >= composer._send.sizeHint().width()
    large.window.resize(1_320, 860)
    large.until(composer._hint.isVisible)


def test_the_status_bar_leaves_out_what_has_no_room_whole(large: Desk) -> None:
    bar = large.window.status_bar
    large.core.emit(StatusChanged(status=BUSY))
    large.until(lambda: "34/120" in bar._machine.text())
    assert not bar._turn.isVisible()  # its figures stand under the reply
    large.window.resize(900, 860)
    large.until(lambda: bar._machine.text() == "Jobs 34/120")
    assert "2 threads" in bar._machine.accessibleName()
    large.window.settings.set_zoom(1.0)
    large.window.resize(1_320, 860)
    large.until(lambda: bar._turn.isVisible() and "2 threads" in bar._machine.text())


def test_the_key_of_the_search_gives_way_to_its_words(large: Desk) -> None:
    search = large.window.sidebar.search
    search.resize(400, 46)
    assert search.shows_key
    search.resize(260, 46)
    assert not search.shows_key
    assert search.text() == "Search chats"
    search.resize(120, 46)
    assert search.text().endswith("…")
    assert search.accessibleName() == "Search chats"


def test_the_jobs_take_more_room_where_type_is_large(large: Desk) -> None:
    large.window.show_jobs_pane(True)
    assert large.window.jobs_pane.width() > JOBS_WIDTH
    assert large.window.conversation.isVisible()


@pytest.mark.parametrize(("open_it", "kind"), [("settings.open", SettingsDialog), ("open_keys", KeysDialog)])
def test_a_dialog_that_is_higher_than_the_screen_scrolls_above_its_buttons(
    large: Desk, open_it: str, kind: type[QDialog]
) -> None:
    attrgetter(open_it)(large.window)()
    dialog = large.window.findChild(kind)
    for part in dialog.findChildren(Disclosure):
        part.set_open(True)
    room = dialog.screen().availableGeometry()
    large.until(lambda: dialog.findChild(QScrollArea).verticalScrollBar().maximum() > 0)
    assert dialog.height() <= room.height()
    assert dialog.width() <= room.width()
    for made in dialog.findChildren(QPushButton):
        if made.text() in ("Save", "Close"):
            assert made.mapTo(dialog, made.rect().bottomLeft()).y() < dialog.height()
            assert made.height() >= QFontMetrics(made.font()).height() + 8
    dialog.close()


def test_the_figures_of_items_and_their_rows_grow_with_the_type(large: Desk) -> None:
    table = large.window.job_pages.items.table
    assert table.verticalHeader().defaultSectionSize() == 64
    tokens = table._widths[TOKENS]
    assert tokens >= QFontMetrics(fonts.font(fonts.SMALL)).horizontalAdvance("1,234,567")
    large.window.settings.set_zoom(1.0)
    assert table._widths[TOKENS] == tokens // 2
    assert table.verticalHeader().defaultSectionSize() == 32


def test_what_is_written_in_a_narrow_box_is_whole_words(large: Desk) -> None:
    composer = large.window.conversation.composer
    composer.gauge.show_use(USE)
    assert composer.gauge.text() == " Context 36 of 8,192"
    large.window.resize(480, 860)
    large.until(lambda: composer.gauge.text() == " 36 / 8,192")
    assert composer.text.placeholderText() == "Ask anything"
    assert composer.gauge.width() >= composer.gauge.sizeHint().width()
    large.window.resize(1_320, 860)
    large.until(lambda: composer.gauge.text() == " Context 36 of 8,192")
    assert composer.text.placeholderText() == "Ask anything, or drop documents here"


def test_a_name_stays_beside_its_field_when_the_type_grows(large: Desk) -> None:
    large.window.settings.set_zoom(1.0)
    holder, form, field = QWidget(large.window), Form(), QLineEdit()
    form.add("Name", field)
    holder.setLayout(form)
    holder.resize(600, 200)
    holder.show()
    title = holder.findChild(QLabel)
    assert title is not None
    large.window.settings.set_zoom(2.0)
    large.until(lambda: title.height() > 40 and abs(middle(title, holder) - middle(field, holder)) <= 1)
