"""The box to write in: drafts, long pastes, prompts after "/", documents after "@", chips, the context."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt

from app.core.chat_views import AttachmentUse, ContextUse, SavedPrompt
from app.gui.composer.gauge import explained
from app.gui.composer.suggestions import word_at_end
from tests.gui.conftest import Desk
from tests.gui.scripted_core import ScriptedCore

LONG = "A line of a report.\n" * 80


def paste(desk: Desk, text: str) -> None:
    mime = QMimeData()
    mime.setText(text)
    desk.window.conversation.composer.text.insertFromMimeData(mime)


def test_a_long_paste_becomes_a_document_and_undo_puts_it_back(desk: Desk) -> None:
    composer = desk.window.conversation.composer
    paste(desk, "short")
    assert composer.text.toPlainText() == "short"
    composer.text.clear()
    paste(desk, LONG)
    desk.until(lambda: [chip.view.name for chip in composer.attachments.chips] == ["Pasted text"])
    assert composer.text.toPlainText() == ""
    desk.qtbot.keyClick(composer.text, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.until(lambda: not composer.attachments.chips)
    assert composer.text.toPlainText() == LONG


def test_undo_at_once_leaves_no_document(desk: Desk) -> None:
    composer = desk.window.conversation.composer
    paste(desk, LONG)
    desk.qtbot.keyClick(composer.text, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.until(lambda: composer.text.toPlainText() == LONG)
    desk.until(lambda: len(desk.core.called("detach")) == 1)
    desk.until(lambda: not composer.attachments.chips)


def test_a_document_says_its_size_and_its_use_is_chosen(desk: Desk, tmp_path: Path) -> None:
    composer = desk.window.conversation.composer
    desk.window.conversation.desk.attach([tmp_path / "lease.pdf"])
    desk.until(lambda: composer.attachments.chips)
    (chip,) = composer.attachments.chips
    assert chip.main.accessibleName() == "lease.pdf, 1,204 tokens  ·  whole"
    passages = next(action for action in chip.menu().actions() if action.text().startswith("Passages"))
    passages.trigger()
    desk.until(lambda: [call[1] for call in desk.core.called("set_attachment_use")] == [AttachmentUse.PASSAGES])


def test_a_slash_finds_prompts_and_their_placeholders_are_selected_in_turn(desk: Desk) -> None:
    desk.core.prompt_views = [
        SavedPrompt(id="1", name="Translate", text="Translate {text} into {language}."),
        SavedPrompt(id="2", name="Shorten", text="Shorten this."),
    ]
    desk.window.start()
    edit = desk.window.conversation.composer.text
    desk.until(lambda: desk.window.conversation.desk.prompts)
    desk.qtbot.keyClicks(edit, "/tra")
    assert [each.text for each in desk.window.suggestions.shown] == ["Translate"]
    box, offered = desk.window.conversation.composer, desk.window.suggestions
    assert offered.width() == box.width()
    assert offered.mapToGlobal(QPoint(0, 0)).x() == box.mapToGlobal(QPoint(0, 0)).x()
    desk.qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert edit.toPlainText() == "Translate {text} into {language}."
    assert edit.textCursor().selectedText() == "{text}"
    desk.qtbot.keyClicks(edit, "it")
    desk.qtbot.keyClick(edit, Qt.Key.Key_Tab)
    assert edit.textCursor().selectedText() == "{language}"
    assert not desk.core.called("send")


def test_at_names_a_document_of_this_chat(desk: Desk, tmp_path: Path) -> None:
    edit = desk.window.conversation.composer.text
    desk.window.conversation.desk.attach([tmp_path / "lease.pdf"])
    desk.until(lambda: desk.window.conversation.composer.attachments.chips)
    desk.qtbot.keyClicks(edit, "What does @le")
    assert [each.text for each in desk.window.suggestions.shown] == ["lease.pdf"]
    desk.qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert edit.toPlainText() == "What does “lease.pdf” "


def test_only_the_beginning_of_a_message_is_a_command() -> None:
    assert word_at_end("/sum", ("/", "@")) == "/sum"
    assert word_at_end("and/or", ("/", "@")) == ""
    assert word_at_end("a @b", ("/", "@")) == "@b"
    assert word_at_end("mail a@b", ("/", "@")) == ""


def test_what_is_not_sent_is_there_when_the_chat_is_opened_again(desk: Desk) -> None:
    desk.core.add_chat("a", "A", ("user", "x"))
    desk.core.add_chat("b", "B", ("user", "x"))
    edit = desk.window.conversation.composer.text
    desk.window.open_chat("a")
    desk.until(lambda: desk.window.conversation.chat_id == "a")
    desk.qtbot.keyClicks(edit, "half a thought")
    desk.window.open_chat("b")
    desk.until(lambda: ("a", "half a thought") in desk.core.called("save_draft"))
    desk.until(lambda: edit.toPlainText() == "")


def test_a_new_temporary_chat_keeps_no_draft(desk: Desk) -> None:
    desk.window.new_chat(is_temporary=True)
    desk.qtbot.keyClicks(desk.window.conversation.composer.text, "secret")
    desk.window.new_chat()
    done: list[object] = []
    desk.bridge.call(lambda core: None, done=done.append)
    desk.until(lambda: done)
    assert not desk.core.called("save_draft")
    desk.window.new_chat(is_temporary=True)
    desk.qtbot.keyClicks(desk.window.conversation.composer.text, "secret")
    desk.qtbot.keyClick(desk.window.conversation.composer.text, Qt.Key.Key_Return)
    desk.until(lambda: desk.window.conversation.chat_id)
    assert desk.window.conversation._temporary.isVisible()


def test_ctrl_enter_sends_where_enter_is_a_new_line(desk: Desk) -> None:
    composer = desk.window.conversation.composer
    composer.set_enter_sends(False)
    desk.qtbot.keyClicks(composer.text, "a")
    desk.qtbot.keyClick(composer.text, Qt.Key.Key_Return)
    assert composer.text.toPlainText() == "a\n"
    desk.qtbot.keyClick(composer.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.until(lambda: desk.core.called("send") == [(None, "a")])


def test_the_gauge_says_what_fills_the_context(desk: Desk) -> None:
    gauge = desk.window.conversation.composer.gauge
    desk.until(gauge.isVisible)
    assert gauge.text() == " Context 1,306 of 8,192"
    use = ContextUse(system=6, history=1_300, documents=400, typed=9, reply=2_048, limit=8_192)
    assert explained(use).splitlines() == [
        "The model sees 8,192 tokens at once.",
        "System prompt: 6",
        "Conversation: 1,300",
        "Documents: 400",
        "Your message: 9",
        "Kept for the reply: 2,048",
        "Free: 4,429",
    ]


def until_delivered(desk: Desk, work: Callable[[ScriptedCore], object] = lambda core: None) -> None:
    """Until what Core was asked before has been answered, and `work` done."""
    done: list[bool] = []
    desk.bridge.call(lambda _: work(desk.core), done=lambda _: done.append(True))
    desk.until(lambda: done)


def test_a_count_that_comes_late_is_not_shown_for_what_is_typed_now(desk: Desk) -> None:
    """The engine counts between the steps of a job; what it has counted before is known at once."""
    gauge, text = desk.window.conversation.composer.gauge, desk.window.conversation.composer.text
    desk.core.uncounted = {"some long text": asyncio.Event()}
    text.setPlainText("some long text")
    desk.until(lambda: desk.core.called("count"))
    text.clear()
    desk.core.context = replace(desk.core.context, history=0)
    desk.until(lambda: gauge.text() == " Context 6 of 8,192")
    until_delivered(desk, lambda core: core.uncounted["some long text"].set())
    until_delivered(desk)
    assert gauge.text() == " Context 6 of 8,192"


def test_the_figures_of_a_chat_are_not_shown_in_the_next_one(desk: Desk) -> None:
    gauge, text = desk.window.conversation.composer.gauge, desk.window.conversation.composer.text
    desk.core.add_chat("c", "Chat", ("user", "q"))
    desk.window.open_chat("c")
    desk.until(lambda: gauge.text() == " Context 1,306 of 8,192")
    desk.core.uncounted = {"": asyncio.Event()}
    desk.window.new_chat()
    assert not gauge.isVisible()
    desk.until(lambda: desk.core.called("count"))
    desk.core.context = replace(desk.core.context, history=0)
    until_delivered(desk, lambda core: core.uncounted.pop("").set())
    desk.until(lambda: gauge.isVisible() and gauge.text() == " Context 6 of 8,192")
    text.setPlainText("two words")
    desk.until(lambda: gauge.text() == " Context 8 of 8,192")
