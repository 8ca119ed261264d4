"""Where the keyboard is after what a person did: never on something that came in the place of what was pressed."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from shiboken6 import isValid

from app.core.chat_views import MessageState
from app.core.events import JobChanged
from app.core.views import JobState
from app.gui.focus_ring import FocusRing
from tests.gui.conftest import Desk
from tests.gui.scripted_core import job
from tests.gui.test_conversation import begin, button, last
from tests.gui.test_window import SUMMARY


def click(desk: Desk, pressed: QPushButton) -> None:
    desk.qtbot.mouseClick(pressed, Qt.MouseButton.LeftButton)


def test_pause_becomes_resume_under_the_keyboard(desk: Desk) -> None:
    desk.window.show_jobs_pane(True)
    desk.core.emit(JobChanged(job=job("j", "Summary", JobState.RUNNING, 1, 9)))
    desk.until(lambda: desk.window.jobs_pane._cards)
    buttons = desk.window.jobs_pane._cards["j"]._buttons
    buttons["pause"].setFocus()
    desk.qtbot.keyClick(buttons["pause"], Qt.Key.Key_Space)
    desk.until(lambda: desk.core.called("pause_job") == [("j",)])
    for state, expected in (
        (JobState.PAUSED, "resume"),
        (JobState.QUEUED, "pause"),
        (JobState.DONE, "open"),
    ):
        desk.core.emit(JobChanged(job=job("j", "Summary", state, 1, 9)))
        desk.until(buttons[expected].hasFocus)


def visited(desk: Desk, start: QWidget) -> list[str]:
    """The names of what Tab comes to, until it is back at the start."""
    start.setFocus()
    names = []
    while not names or not start.hasFocus():
        now = QApplication.focusWidget()
        assert now is not None, names
        assert len(names) < 60
        names.append(now.accessibleName())
        desk.qtbot.keyClick(now, Qt.Key.Key_Tab)
    return names


def test_tab_goes_through_the_window_as_it_is_read(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "x"), ("assistant", "y"))
    desk.window.show_jobs_pane(True)
    desk.core.emit(JobChanged(job=job("j", "Summary", JobState.RUNNING, 1, 9)))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c" and desk.window.jobs_pane._cards)
    desk.until(desk.window.conversation.composer.gauge.isVisible)
    assert visited(desk, desk.window.conversation.composer.text) == [
        "Message",
        "Add documents, jobs and prompts",
        "Context: 1,306 / 8,192 tokens",
        "New job…",
        "Close the jobs",
        "Jobs",
        "Open",
        "Pause",
        "Cancel",
        "More about this job",
        "How chat and jobs share the machine: Responsive",
        "New chat",
        "Hide the sidebar",
        "Search chats",
        "More about chats",
        "Chats",
        "Jobs",
        "Lab",
        "Settings",
        "Model: none",
        "Persona and settings of this chat",
        "Conversation",
        "Your message",
        "Copy your message",
        "Edit your message",
        "More for your message",
        "Reply",
        "Copy this reply",
        "Regenerate this reply",
        "Regenerate with another model or other settings",
        "More for this reply",
    ]
    desk.window.conversation.composer.text.setFocus()
    desk.qtbot.keyClick(desk.window.conversation.composer.text, Qt.Key.Key_Backtab)
    assert QApplication.focusWidget().accessibleName() == "More for this reply"


def test_tab_goes_down_the_summary(desk: Desk) -> None:
    desk.core.summaries["j"] = SUMMARY
    desk.window.job_pages.open_summary("j")
    desk.until(desk.window.job_pages.summary.isVisible)
    names = visited(desk, desk.window.job_pages.summary._back)
    assert names[:11] == [
        "Back to the chat",
        "Items",
        "Ask about it",
        "Copy the summary",
        "Save as Markdown…",
        "Summary",
        "Paragraph",
        "Paragraph",  # its link to the text it came from
        "Paragraph",
        "Paragraph",
        "How chat and jobs share the machine: Responsive",
    ]


def test_tab_stays_in_a_sidebar_that_floats(desk: Desk) -> None:
    desk.window.resize(600, 500)
    desk.window.show_sidebar(True)
    names = visited(desk, desk.window.sidebar.search)
    assert names == [
        "Search chats",
        "More about chats",
        "Chats",
        "Jobs",
        "Lab",
        "Settings",
        "New chat",
        "Hide the sidebar",
    ]


def test_the_editor_of_a_message_is_as_high_as_its_text(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "x"))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    mine = desk.window.conversation.transcript.last_user_message()
    assert mine is not None
    mine.begin_edit()
    assert mine._editor is not None
    text = mine._editor.text
    line = text.fontMetrics().lineSpacing()
    desk.until(lambda: line <= text.height() < 2 * line)
    text.setPlainText("x\n" * 4 + "x")
    desk.until(lambda: 5 * line <= text.height() < 6 * line)
    text.setPlainText("x\n" * 100)
    desk.until(lambda: text.height() < 13 * line)


def test_what_goes_gives_the_keyboard_to_the_composer(desk: Desk) -> None:
    window = desk.window
    text = window.conversation.composer.text
    for width in (1_320, 600):
        window.resize(width, 600)
        window.show_sidebar(True)
        window.sidebar.search.setFocus()
        desk.qtbot.keyClick(window.sidebar.search, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
        assert text.hasFocus()
        window.show_jobs_pane(True)
        window.jobs_pane.focus()
        desk.qtbot.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
        assert text.hasFocus()
    window.show_sidebar(True)
    assert window.sidebar.search.hasFocus()
    desk.qtbot.keyClick(window.sidebar.search, Qt.Key.Key_Escape)
    assert not window.sidebar.isVisible()
    assert text.hasFocus()


def test_ctrl_j_takes_the_keyboard_to_the_jobs_and_back(desk: Desk) -> None:
    window = desk.window
    text, pane = window.conversation.composer.text, window.jobs_pane
    window.resize(1_320, 800)
    text.setFocus()
    desk.qtbot.keyClick(text, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert pane.has_keyboard
    desk.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert text.hasFocus()
    assert pane.isVisible()
    window.jobs_pane.focus()
    desk.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert text.hasFocus()
    assert not pane.isVisible()
    window.show_jobs_pane(True)  # a job has begun, say: who writes goes on writing
    assert text.hasFocus()


def test_a_ring_goes_with_the_message_that_tab_came_to(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "x"), ("assistant", "line\n\n" * 60))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    transcript, ring = desk.window.conversation.transcript, desk.window.findChild(FocusRing)
    reply, page = transcript.last_reply(), transcript._page
    assert reply is not None
    assert ring is not None
    desk.until(lambda: len(transcript._widgets) == 2)
    page.setFocus()
    for name in ("Your message", "Copy your message", "Edit your message", "More for your message", "Reply"):
        desk.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget().accessibleName() == name
        assert ring.isVisible() == ("essage" not in name or name == "Your message")
    bar = page.verticalScrollBar()
    for value in (0, bar.maximum() // 2, bar.maximum()):
        bar.setValue(value)
        view = QRect(page.viewport().mapTo(desk.window, QPoint(0, 0)), page.viewport().size())
        text = QRect(reply.text.mapTo(desk.window, QPoint(0, 0)), reply.text.size()).adjusted(-5, -5, 5, 5)
        assert ring.geometry() == text.intersected(view)
    desk.window.conversation.new_chat()  # the message goes, and its ring with it
    assert not ring.isVisible()
    desk.qtbot.waitUntil(lambda: not isValid(reply))
    desk.qtbot.keyClick(desk.window.conversation.composer.text, Qt.Key.Key_Backtab)
    assert page.hasFocus()
    assert ring.isVisible()
    desk.window.conversation.composer.text.setFocus()
    assert not ring.isVisible()


def test_after_continue_what_is_typed_goes_into_the_next_message(desk: Desk) -> None:
    chat, reply = begin(desk)
    desk.core.grow(chat, reply, "so far")
    desk.core.end(chat, reply, MessageState.STOPPED)
    text = desk.window.conversation.composer.text
    desk.until(lambda: last(desk)._why.isVisible())
    click(desk, button(desk, "Continue"))
    assert text.hasFocus()
    click(desk, button(desk, "Regenerate this reply"))
    assert text.hasFocus()


def test_after_an_edit_that_was_sent_or_not_the_composer_has_the_keyboard(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "teh question"), ("assistant", "?"))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    text = desk.window.conversation.composer.text
    mine = desk.window.conversation.transcript.last_user_message()
    assert mine is not None
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        desk.qtbot.keyClick(text, Qt.Key.Key_Up)
        assert mine._editor is not None
        assert mine._editor.text.hasFocus()
        mine._editor.text.setPlainText("the question")
        desk.qtbot.keyClick(mine._editor.text, key)
        assert text.hasFocus()
    desk.until(lambda: desk.core.called("edit") == [("c-0", "the question")])


def test_a_click_on_copy_leaves_the_keyboard_and_letters_go_to_the_composer_anyway(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "x"), ("assistant", "```\ncode\n```"))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    text = desk.window.conversation.composer.text
    for name in ("Copy this reply", "Copy your message", "Copy this code"):
        click(desk, button(desk, name))
        assert text.hasFocus(), name
    copy = button(desk, "Copy this reply")
    copy.setFocus()  # as Tab does
    desk.qtbot.keyClicks(copy, "H")
    assert text.hasFocus()
    reply = desk.window.conversation.transcript.last_reply()
    assert reply is not None
    reply.text.setFocus()
    desk.qtbot.keyClicks(reply.text, "i")
    assert text.toPlainText() == "Hi"
    reply.text.setFocus()
    desk.qtbot.keyClick(reply.text, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert text.toPlainText() == "Hi"
