"""A chat in the window: sending, streaming, stopping, following the end, editing, versions, failures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QMessageBox, QPushButton, QWidget

from app.core.chat_views import MessageState, Role
from app.core.events import MessagesReplaced, ModelStateChanged, PromptProgressed, ReplyEnded
from app.core.model_lists import ModelLists
from app.engine.interface import ModelState
from app.errors import ErrorKind, KnownError
from app.gui import dialogs
from app.gui.transcript.reply import Reply
from tests.gui.conftest import Desk
from tests.gui.scripted_core import message
from tests.gui.scripted_models import local


def type_and_send(desk: Desk, text: str) -> None:
    composer = desk.window.conversation.composer
    desk.qtbot.keyClicks(composer.text, text)
    desk.qtbot.keyClick(composer.text, Qt.Key.Key_Return)


def last(desk: Desk) -> Reply:
    reply = desk.window.conversation.transcript.last_reply()
    assert reply is not None
    return reply


def begin(desk: Desk, text: str = "Hello") -> tuple[str, str]:
    """Send a first message; (chat, reply) when the reply has begun."""
    type_and_send(desk, text)
    desk.until(lambda: desk.window.conversation.transcript.last_reply())
    desk.until(lambda: desk.core.messages)
    chat_id = next(iter(desk.core.messages))
    return chat_id, desk.core.messages[chat_id][-1].id


def button(desk: Desk, name: str) -> QPushButton:
    return next(
        made for made in desk.window.findChildren(QPushButton) if made.accessibleName() == name and made.isVisible()
    )


def shown(part: QWidget) -> list[str]:
    """The buttons in it that can be seen."""
    return [made.accessibleName() for made in part.findChildren(QPushButton) if made.isVisible()]


def test_a_reply_streams_and_ends_with_its_figures(desk: Desk) -> None:
    chat, reply = begin(desk)
    assert desk.core.called("send") == [(None, "Hello")]
    for piece in ("It is **tw", "elve**", ".\n\n- a\n", "- b"):
        desk.core.grow(chat, reply, piece)
    desk.until(lambda: last(desk).text.toPlainText() == "It is twelve.\na\nb")
    desk.core.end(chat, reply)
    desk.until(lambda: last(desk).foot.figures.isVisible())
    assert last(desk).foot.figures.text() == "TTFT 0.16 s  ·  84 tok/s  ·  212 tokens  ·  1,306 of 1,342 cached"


def test_waiting_says_for_what_and_how_far(desk: Desk) -> None:
    desk.core.emit(ModelStateChanged(state=ModelState.LOADING, name="m", fraction=0.43))
    desk.until(lambda: desk.window.top_bar._note.text() == "Loading, 43 %")
    chat, reply = begin(desk)
    assert last(desk)._waiting.text() == "Loading the model, 43 %"
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="m"))
    desk.core.emit(PromptProgressed(chat_id=chat, message_id=reply, n_read=43, n_total=100))
    desk.until(lambda: last(desk)._waiting.text() == "Reading the prompt, 43 %")
    desk.core.grow(chat, reply, "x")
    desk.until(lambda: not last(desk)._waiting.isVisible())


def test_esc_and_the_stop_button_stop(desk: Desk) -> None:
    chat, reply = begin(desk)
    desk.until(lambda: button(desk, "Stop the reply"))
    desk.qtbot.keyClick(desk.window.conversation.composer.text, Qt.Key.Key_Escape)
    desk.until(lambda: desk.core.called("stop") == [(chat,)])
    button(desk, "Stop the reply").click()
    desk.until(lambda: len(desk.core.called("stop")) == 2)
    desk.core.grow(chat, reply, "so far")
    desk.core.end(chat, reply, MessageState.STOPPED)
    desk.until(lambda: last(desk)._why.text() == "Stopped.")
    button(desk, "Continue").click()
    desk.until(lambda: desk.core.called("continue_reply") == [(reply,)])
    desk.core.grow(chat, reply, " and on")
    desk.until(lambda: last(desk).text.toPlainText() == "so far and on")
    assert not last(desk)._why_row.isVisible()
    assert button(desk, "Stop the reply")


def test_the_end_is_followed_only_while_it_is_in_view(desk: Desk) -> None:
    chat, reply = begin(desk)
    transcript = desk.window.conversation.transcript
    bar = transcript._page.verticalScrollBar()
    desk.core.grow(chat, reply, "line\n\n" * 80)
    desk.until(lambda: bar.maximum() > 500 and bar.value() == bar.maximum())
    assert not transcript._to_end.isVisible()
    bar.setValue(200)
    before = bar.maximum()
    desk.core.grow(chat, reply, "line\n\n" * 80)
    desk.until(lambda: bar.maximum() > before + 500)
    assert bar.value() == 200
    assert transcript._to_end.isVisible()
    transcript._to_end.click()
    assert bar.value() == bar.maximum()
    before = bar.maximum()
    desk.core.grow(chat, reply, "line\n\n" * 80)
    desk.until(lambda: bar.maximum() > before + 500 and bar.value() == bar.maximum())


def test_of_a_long_chat_what_is_near_the_view_is_built(desk: Desk) -> None:
    turns = [("user" if n % 2 == 0 else "assistant", f"message {n}\n\nmore") for n in range(200)]
    desk.core.add_chat("long", "Long", *turns)
    desk.window.open_chat("long")
    transcript = desk.window.conversation.transcript
    desk.until(lambda: "long-199" in transcript._widgets)
    bar = transcript.scroll_bar
    assert bar.maximum() > 10_000
    assert bar.value() == bar.maximum()
    assert len(transcript._widgets) < 40
    first = next(iter(transcript._widgets.values()))
    bar.setValue(bar.value() - first.mapTo(transcript, first.rect().topLeft()).y() * -1 - 100)
    seen_at = first.mapTo(transcript, first.rect().topLeft()).y()
    desk.until(lambda: next(iter(transcript._widgets.values())) is not first)
    assert first.mapTo(transcript, first.rect().topLeft()).y() == seen_at


def test_a_failed_reply_says_why_where_it_happened(desk: Desk) -> None:
    chat, reply = begin(desk)
    desk.core.end(chat, reply, MessageState.FAILED, "The prompt is 12 tokens too long. Shorten it.")
    desk.until(lambda: last(desk)._why.isVisible())
    assert last(desk)._why.text() == "The prompt is 12 tokens too long. Shorten it."
    button(desk, "Try again").click()
    desk.until(lambda: desk.core.called("regenerate") == [(reply,)])


def test_what_could_not_be_sent_comes_back(desk: Desk) -> None:
    desk.core.error = KnownError(ErrorKind.DISK_FULL, "The disk is full.")
    type_and_send(desk, "Keep me")
    conversation = desk.window.conversation
    desk.until(lambda: desk.window.notices.sentences == ["The disk is full."])
    assert conversation.composer.text.toPlainText() == "Keep me"
    assert button(desk, "Send").isEnabled()


def test_what_is_sent_meanwhile_waits_as_a_chip_that_can_be_changed(desk: Desk) -> None:
    chat, _ = begin(desk)
    type_and_send(desk, "And then?")
    composer = desk.window.conversation.composer
    desk.until(lambda: desk.core.called("queue_turn") == [(chat, "And then?")])
    desk.until(lambda: composer.queued.texts == ["And then?"])
    button(desk, "Edit the waiting message").click()
    editor = desk.window.focusWidget()
    desk.qtbot.keyClicks(editor, " And why?")
    desk.qtbot.keyClick(editor, Qt.Key.Key_Return)
    desk.until(lambda: [call[1] for call in desk.core.called("edit_queued")] == ["And then? And why?"])
    assert composer.text.hasFocus()
    button(desk, "Do not send the waiting message").click()
    desk.until(lambda: not composer.queued.texts)


def test_esc_stops_the_reply_and_what_waits_is_sent_by_hand(desk: Desk) -> None:
    chat, reply = begin(desk)
    composer = desk.window.conversation.composer
    type_and_send(desk, "And then?")
    desk.until(lambda: composer.queued.texts == ["And then?"])
    desk.qtbot.keyClicks(composer.text, "More")
    desk.qtbot.keyClick(composer.text, Qt.Key.Key_Escape)
    desk.until(lambda: desk.core.called("stop") == [(chat,)])
    desk.core.end(chat, reply, MessageState.STOPPED)
    desk.until(lambda: last(desk)._why.text() == "Stopped.")
    assert len(desk.core.called("send")) == 1
    assert composer.text.toPlainText() == "More"
    button(desk, "Send now").click()
    desk.until(lambda: desk.core.called("send_queued"))


def test_shift_enter_is_a_new_line_and_the_box_grows(desk: Desk) -> None:
    composer = desk.window.conversation.composer
    low = composer.text.height()
    for _ in range(12):
        desk.qtbot.keyClick(composer.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert composer.text.toPlainText().count("\n") == 12
    assert low * 4 < composer.text.height() < low * 9
    assert not desk.core.called("send")


def test_up_in_an_empty_composer_edits_the_last_message(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "teh question"), ("assistant", "?"))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    desk.qtbot.keyClick(desk.window.conversation.composer.text, Qt.Key.Key_Up)
    mine = desk.window.conversation.transcript.last_user_message()
    assert mine is not None
    assert mine._editor is not None
    mine._editor.text.setPlainText("the question")
    desk.qtbot.keyClick(mine._editor.text, Qt.Key.Key_Return)
    desk.until(lambda: desk.core.called("edit") == [("c-0", "the question")])


def test_another_version_replaces_what_follows_and_keeps_what_is_before(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "q"), ("assistant", "first"), ("user", "more"), ("assistant", "old"))
    messages = desk.core.messages["c"]
    messages[3] = replace(messages[3], n_versions=2, version=2)
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    desk.until(lambda: len(desk.window.conversation.transcript._widgets) == 4)
    kept = next(iter(desk.window.conversation.transcript._widgets.values()))
    button(desk, "Version before").click()
    desk.until(lambda: desk.core.called("choose_version") == [("c-3", 1)])
    other = replace(messages[3], id="c-9", text="other", version=1)
    desk.core.emit(MessagesReplaced(chat_id="c", messages=(*messages[:3], other)))
    desk.until(lambda: last(desk).text.toPlainText() == "other")
    assert next(iter(desk.window.conversation.transcript._widgets.values())) is kept


def test_events_of_other_chats_are_not_shown(desk: Desk) -> None:
    chat, reply = begin(desk)
    desk.core.emit(ReplyEnded(message=message("z", "foreign", chat_id="other")))
    desk.core.grow(chat, reply, "mine")
    desk.until(lambda: last(desk).text.toPlainText() == "mine")
    assert len(desk.window.conversation.transcript._widgets) == 2


def test_the_context_gauge_is_asked_for_when_a_reply_has_ended(desk: Desk) -> None:
    chat, reply = begin(desk)
    gauge = desk.window.conversation.composer.gauge
    desk.core.context = replace(desk.core.context, history=1_554)
    desk.core.end(chat, reply)
    desk.until(lambda: gauge.text() == " Context 1,560 of 8,192")


def test_a_reply_that_failed_for_want_of_a_model_offers_to_choose_one(desk: Desk) -> None:
    desk.core.lists = ModelLists(local=(local("m"),))
    chat, reply = begin(desk)
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="x", sentence="x.gguf is not a model."))
    desk.core.end(chat, reply, MessageState.FAILED, "x.gguf is not a model.")
    desk.until(lambda: shown(last(desk).ended) == ["Choose a model"])
    button(desk, "Choose a model").click()
    desk.until(lambda: desk.window.top_bar.findChild(QMenu))
    desk.window.top_bar.findChild(QMenu).close()
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="m"))
    desk.until(lambda: shown(last(desk).ended) == ["Try again"])


def test_a_persons_text_is_never_markup(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "<b>x</b> **y**\n# z"))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    mine = desk.window.conversation.transcript.last_user_message()
    assert mine is not None
    assert mine.text.toPlainText() == "<b>x</b> **y**\n# z"
    assert mine.message.role is Role.USER


def test_a_link_asks_before_it_opens_and_only_leads_to_the_web(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(dialogs.QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    link = desk.window.conversation.transcript.actions_asked.open_link
    link.emit("https://example.org/page")
    box = desk.window.findChild(QMessageBox)
    assert box is not None
    assert "https://example.org/page" in box.informativeText()
    assert not opened
    box.button(QMessageBox.StandardButton.Open).click()
    assert opened == ["https://example.org/page"]
    desk.until(lambda: desk.window.findChild(QMessageBox) is None)
    link.emit("file:///etc/passwd")
    box = desk.window.findChild(QMessageBox)
    assert box is not None
    assert box.button(QMessageBox.StandardButton.Open) is None
    box.close()


def test_what_is_typed_is_read_ahead_under_the_id_that_the_chat_will_have(desk: Desk) -> None:
    composer = desk.window.conversation.composer
    desk.qtbot.keyClicks(composer.text, "What does the")
    desk.until(lambda: desk.core.read_aheads)
    (id, typed), *_ = desk.core.read_aheads
    assert "What does the".startswith(typed)
    assert typed
    desk.qtbot.keyClick(composer.text, Qt.Key.Key_Return)
    desk.until(lambda: desk.core.called("send"))
    assert desk.core.new_id == id


def test_an_opened_chat_is_read_ahead(desk: Desk) -> None:
    desk.core.add_chat("old", "Old", ("user", "Hi"), ("assistant", "Hello."))
    desk.window.open_chat("old")
    desk.until(lambda: ("old", "") in desk.core.read_aheads)
