"""Words are found in all messages of a chat, counted, marked and scrolled to, also where nothing is built."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QTextCursor
from PySide6.QtWidgets import QLabel

from app.gui.theme import Theme
from app.gui.transcript.find_bar import FindBar
from app.gui.transcript.reply_text import ReplyText
from app.gui.transcript.shown_text import as_qt_counts, matches, may_have, reply_text
from tests.gui.conftest import Desk
from tests.gui.scripted_core import message
from tests.gui.test_conversation import begin
from tests.gui.test_incremental import markdown


def bar(desk: Desk) -> FindBar:
    found = desk.window.findChild(FindBar)
    assert found is not None
    return found


def said(desk: Desk) -> str:
    """What the bar says about how many."""
    counts = [made.text() for made in bar(desk).findChildren(QLabel)]
    return counts[0]


def find(desk: Desk, text: str) -> None:
    desk.qtbot.keySequence(desk.window, QKeySequence("Ctrl+F"))
    bar(desk).line.clear()
    desk.qtbot.keyClicks(bar(desk).line, text)


def marked(desk: Desk, message_id: str) -> list[str]:
    """What is marked in a message that is built."""
    widget = desk.window.conversation.transcript.built_widget_of(message_id)
    assert widget is not None
    return [made.cursor.selectedText() for made in widget.text.extraSelections()]


def current(desk: Desk) -> tuple[str, int] | None:
    return desk.window.conversation.finder._current


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=markdown)
def test_what_is_searched_is_what_is_shown(text: str, theme: Theme) -> None:
    reply = ReplyText(theme)
    reply.show_text(text)
    assert reply_text(text).split() == reply.toPlainText().split()
    reply.deleteLater()


@settings(max_examples=150, deadline=None)
@given(text=markdown, query=st.text("aitem 1.-*bcod", min_size=1, max_size=4))
def test_no_search_that_is_spared_would_have_found_something(text: str, query: str) -> None:
    if matches(reply_text(text), query):
        assert may_have(message("m", text), query)


def test_places_are_counted_as_qt_does() -> None:
    text = "a😀b ß Ab 𝕏ab"
    spans = matches(text, "AB")
    assert [text[start:end] for start, end in spans] == ["Ab", "ab"]
    raw = text.encode("utf-16-le")
    assert [raw[2 * start : 2 * end].decode("utf-16-le") for start, end in as_qt_counts(text, spans)] == ["Ab", "ab"]
    assert matches("one\n  two", "one two") == [(0, 9)]
    assert matches("anything", "  ") == []


@pytest.fixture
def long_chat(desk: Desk) -> Desk:
    turns = [("user", f"question {n} 😀 Needle") if n % 2 == 0 else ("assistant", f"answer {n}") for n in range(60)]
    turns[7] = (
        "assistant",
        "A nee**dle** here.\n\n```\nneedle = 1\n```\n" + "more\n\n" * 40 + "and a needle far below",
    )
    desk.core.add_chat("long", "Long", *turns)
    desk.window.open_chat("long")
    desk.until(lambda: desk.window.conversation.chat_id == "long")
    return desk


def test_all_messages_are_searched_and_the_way_leads_through_them(long_chat: Desk) -> None:
    desk = long_chat
    find(desk, "needle")
    desk.until(lambda: said(desk).endswith(" of 33"))
    found, start = current(desk), said(desk)
    assert found is not None
    assert found[0] >= "long-40"  # in view: the chat is seen from its end
    assert marked(desk, found[0]) == ["Needle"]
    for _ in range(33):
        desk.qtbot.keyClick(bar(desk).line, Qt.Key.Key_Return)
    assert (current(desk), said(desk)) == (found, start)
    desk.qtbot.keySequence(desk.window, QKeySequence("F3"))
    assert current(desk) != found
    desk.qtbot.keySequence(desk.window, QKeySequence("Shift+F3"))
    assert current(desk) == found
    while said(desk) != "6 of 33":
        desk.qtbot.keyClick(bar(desk).line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert current(desk) == ("long-7", 1)
    assert marked(desk, "long-7") == ["needle", "needle", "needle"]


def test_a_match_is_scrolled_to_within_a_long_message(long_chat: Desk) -> None:
    desk = long_chat
    transcript = desk.window.conversation.transcript
    find(desk, "needle far below")
    desk.until(lambda: said(desk) == "1 of 1")
    widget = transcript.built_widget_of("long-7")
    assert widget is not None
    cursor = QTextCursor(widget.text.document())
    cursor.setPosition(widget.text.toPlainText().index("needle far"))
    view = transcript.page_viewport

    def y() -> int:
        return widget.text.viewport().mapTo(view, widget.text.cursorRect(cursor).center()).y()

    desk.until(lambda: 0 < y() < view.height())
    assert marked(desk, "long-7") == ["needle far below"]


def test_words_with_marks_of_markdown_in_them_are_found(long_chat: Desk) -> None:
    find(long_chat, "needle here")
    long_chat.until(lambda: said(long_chat) == "1 of 1")
    assert marked(long_chat, "long-7") == ["needle here"]


def test_esc_takes_every_mark_away_and_gives_the_keyboard_back(long_chat: Desk) -> None:
    desk = long_chat
    find(desk, "needle")
    desk.until(lambda: said(desk).endswith(" of 33"))
    assert marked(desk, "long-58") == ["Needle"]
    desk.qtbot.keyClick(bar(desk).line, Qt.Key.Key_Escape)
    assert not bar(desk).isVisible()
    assert marked(desk, "long-58") == []
    assert desk.window.conversation.composer.text.hasFocus()
    assert not desk.core.called("stop")


def test_nothing_found_is_said(long_chat: Desk) -> None:
    find(long_chat, "haystack")
    long_chat.until(lambda: said(long_chat) == "Nothing found")
    bar(long_chat).line.clear()
    long_chat.until(lambda: said(long_chat) == "")


def test_what_a_reply_says_meanwhile_is_found_too(desk: Desk) -> None:
    chat, reply = begin(desk, "needle")
    find(desk, "needle")
    desk.until(lambda: said(desk) == "1 of 1")
    desk.core.grow(chat, reply, "A needle, ")
    desk.until(lambda: said(desk) == "1 of 2")
    desk.core.grow(chat, reply, "no: two *needles*.")
    desk.until(lambda: said(desk) == "1 of 3")
    assert marked(desk, reply) == ["needle", "needle"]


def test_what_is_selected_is_looked_for(long_chat: Desk) -> None:
    mine = long_chat.window.conversation.transcript.last_user_message()
    assert mine is not None
    mine.text.setFocus()
    mine.text.selectAll()
    long_chat.qtbot.keySequence(long_chat.window, QKeySequence("Ctrl+F"))
    long_chat.until(lambda: said(long_chat) == "1 of 1")
    assert bar(long_chat).line.text() == "question 58 😀 Needle"
