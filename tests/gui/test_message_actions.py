"""What can be done with a message of a chat: by its menu, by the keyboard, and what of it reaches Core."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeySequence, QTextCursor
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from app.core.chat_views import ChatOptions, SamplingChoice
from app.core.events import MessageChanged, MessagesReplaced
from app.core.model_lists import ModelLists
from app.gui.transcript.message_menu import message_menu
from app.gui.transcript.regenerate_dialog import RegenerateDialog
from app.gui.transcript.reply import Reply
from app.gui.transcript.user_message import UserMessage
from tests.gui.conftest import Desk
from tests.gui.scripted_models import local
from tests.gui.test_accessible import unnamed
from tests.gui.test_conversation import button, last

MODELS = ModelLists(local=(local("small"), local("large"), local("odd", problem="It is damaged.")))


@pytest.fixture
def chat(desk: Desk) -> Desk:
    desk.core.add_chat("c", "Chat", ("user", "Why?"), ("assistant", "Because **it** is.\n\n- one\n- two"))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    return desk


def mine(desk: Desk) -> UserMessage:
    found = desk.window.conversation.transcript.last_user_message()
    assert found is not None
    return found


def choose(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()


def open_menu(desk: Desk) -> QMenu:
    """The one that is open."""
    desk.until(lambda: QApplication.activePopupWidget())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def of(desk: Desk, shown: Reply | UserMessage, text: str) -> None:
    choose(message_menu(desk.window, desk.window._theme, shown), text)


def test_a_reply_is_copied_as_text_and_as_markdown(chat: Desk) -> None:
    of(chat, last(chat), "Copy as text")
    assert QGuiApplication.clipboard().text() == "Because it is.\none\ntwo"
    of(chat, last(chat), "Copy as Markdown")
    assert QGuiApplication.clipboard().text() == "Because **it** is.\n\n- one\n- two"


def test_the_selection_is_quoted_from_the_keyboard(chat: Desk) -> None:
    text = last(chat).text
    text.setFocus()
    text.moveCursor(QTextCursor.MoveOperation.Start)
    for _ in range(3):
        chat.qtbot.keyClick(
            text, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
        )
    assert text.selected() == "Because it is"
    chat.qtbot.keySequence(chat.window, QKeySequence("Ctrl+Shift+Q"))
    composer = chat.window.conversation.composer
    assert composer.text.toPlainText() == "> Because it is\n\n"
    assert composer.text.hasFocus()


def test_the_menu_key_opens_the_menu_of_a_message(chat: Desk) -> None:
    text = last(chat).text
    text.setFocus()
    text.selectAll()
    QApplication.sendEvent(text, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), QPoint(5, 5)))
    menu = open_menu(chat)
    choose(menu, "Quote the selection")
    menu.close()
    assert chat.window.conversation.composer.text.toPlainText() == "> Because it is.\n> one\n> two\n\n"


def test_a_message_without_a_selection_is_quoted_whole(chat: Desk) -> None:
    of(chat, mine(chat), "Quote")
    assert chat.window.conversation.composer.text.toPlainText() == "> Why?\n\n"


def test_a_message_is_pinned_and_says_so(chat: Desk) -> None:
    for shown, place in ((last(chat), 1), (mine(chat), 0)):
        of(chat, shown, "Pin")
        chat.until(lambda place=place: (f"c-{place}", True) in chat.core.called("pin_message"))
        chat.core.emit(MessageChanged(message=replace(chat.core.messages["c"][place], is_pinned=True)))
        chat.until(lambda shown=shown: shown.message.is_pinned)
    assert last(chat).foot._pinned.isVisible()
    assert mine(chat)._pinned.isVisible()
    of(chat, last(chat), "Unpin")
    chat.until(lambda: chat.core.called("pin_message")[-1] == ("c-1", False))


def test_pinned_messages_are_found_from_the_menu_of_their_chat(chat: Desk) -> None:
    side = chat.window.sidebar.asked
    side.show_pinned.emit("c")
    chat.until(lambda: chat.window.notices.sentences == ["No message of this chat is pinned."])
    chat.core.messages["c"][0] = replace(chat.core.messages["c"][0], is_pinned=True)
    side.show_pinned.emit("c")
    menu = open_menu(chat)
    assert [action.text() for action in menu.actions()] == ["You: Why?"]
    n_opened = len(chat.core.called("open_chat"))
    led_to = []
    chat.window.pinned.chosen.connect(lambda *ids: led_to.append(ids))
    choose(menu, "You: Why?")
    menu.close()
    chat.until(lambda: len(chat.core.called("open_chat")) > n_opened)
    assert led_to == [("c", "c-0")]


def test_what_is_deleted_can_be_taken_back(chat: Desk) -> None:
    of(chat, last(chat), "Delete with what follows")
    chat.until(lambda: chat.core.called("delete_message") == [("c-1",)])
    chat.core.emit(MessagesReplaced(chat_id="c", messages=tuple(chat.core.messages["c"][:1])))
    chat.until(lambda: chat.window.conversation.transcript.last_reply() is None)
    button(chat, "Undo").click()
    chat.until(lambda: chat.core.called("restore_message") == [("c-1",)])


def test_a_reply_is_edited_into_another_version(chat: Desk) -> None:
    of(chat, last(chat), "Edit")
    editor = last(chat)._editor
    assert editor is not None
    assert editor.text.toPlainText() == "Because **it** is.\n\n- one\n- two"
    assert not last(chat).foot.isVisible()
    editor.text.setPlainText("So.")
    chat.qtbot.keyClick(editor.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    chat.until(lambda: chat.core.called("edit") == [("c-1", "So.")])
    assert last(chat).text.isVisible()
    assert last(chat).foot.isVisible()


def test_a_reply_is_made_again_by_another_model(chat: Desk) -> None:
    chat.core.lists = MODELS
    chat.qtbot.keySequence(chat.window, QKeySequence("Ctrl+Shift+R"))
    menu = open_menu(chat)
    assert [action.text() for action in menu.actions() if action.text()] == [
        "With small",
        "With large",
        "With other settings…",
    ]
    choose(menu, "With large")
    menu.close()
    chat.until(lambda: chat.core.called("regenerate") == [("c-1", ChatOptions(model="large.gguf"))])


def test_a_reply_is_made_again_with_other_settings(chat: Desk) -> None:
    chat.core.lists = MODELS
    button(chat, "Regenerate with another model or other settings").click()
    menu = open_menu(chat)
    choose(menu, "With other settings…")
    menu.close()
    dialog = chat.window.findChild(RegenerateDialog)
    assert isinstance(dialog, RegenerateDialog)
    assert unnamed(dialog) == []
    dialog.fields._boxes["temperature"].setValue(1.5)  # type: ignore[arg-type]
    next(made for made in dialog.findChildren(QPushButton) if made.isDefault()).click()
    chat.until(
        lambda: chat.core.called("regenerate") == [("c-1", ChatOptions(sampling=SamplingChoice(temperature=1.5)))]
    )
