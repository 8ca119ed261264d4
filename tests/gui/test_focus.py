"""Where the keyboard is after what a person did: never on something that came in the place of what was pressed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from app.core.events import JobChanged
from app.core.views import JobState, MessageState
from tests.gui.conftest import Desk
from tests.gui.scripted_core import job
from tests.gui.test_conversation import begin, button, last


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
        desk.until(buttons[expected].isVisible)
        assert buttons[expected].hasFocus()


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
