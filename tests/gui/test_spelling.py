"""A word that may be misspelled is marked in the box to write in, and its menu says what may be meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.gui.composer.text import MessageEdit
from app.gui.spelling.asking import Spelling
from app.gui.spelling.marks import SpellingMarks
from app.gui.theme import Theme
from tests.gui.conftest import Desk


class English:
    """Knows a few words."""

    def __init__(self) -> None:
        self.words = {"the", "word", "is"}

    def knows(self, word: str) -> bool:
        return word in self.words

    def suggest(self, word: str) -> list[str]:
        return ["word", "world"]

    def learn(self, word: str) -> None:
        self.words.add(word)


@pytest.fixture
def edit(qtbot: QtBot, theme: Theme) -> Iterator[MessageEdit]:
    made = MessageEdit()
    qtbot.addWidget(made)
    made.resize(400, 60)
    made.show()
    spelling = Spelling(English, made)
    made.spelling = SpellingMarks(made, spelling, theme)
    yield made
    spelling.stop()


def marks(edit: MessageEdit) -> list[str]:
    """What is underlined."""
    return [selection.cursor.selectedText() for selection in edit.extraSelections()]


def menu_at(edit: MessageEdit, qtbot: QtBot, position: int) -> QMenu:
    cursor = edit.textCursor()
    cursor.setPosition(position)
    edit.setTextCursor(cursor)
    place = edit.cursorRect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, edit.viewport().mapToGlobal(place))
    QApplication.sendEvent(edit.viewport(), event)
    qtbot.waitUntil(lambda: bool(open_menus(edit)))
    return open_menus(edit)[-1]


def open_menus(edit: MessageEdit) -> list[QMenu]:
    return [menu for menu in edit.findChildren(QMenu) if menu.isVisible()]


def said(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_a_wrong_word_is_marked_when_it_is_written(edit: MessageEdit, qtbot: QtBot) -> None:
    typed: list[str] = []
    edit.textChanged.connect(lambda: typed.append(edit.toPlainText()))
    qtbot.keyClicks(edit, "the wrd")
    qtbot.waitUntil(lambda: edit.spelling._known.get("wrd") is False)
    assert marks(edit) == []  # it may not be whole
    qtbot.keyClicks(edit, " is")
    qtbot.waitUntil(lambda: marks(edit) == ["wrd"])
    assert typed[-1] == "the wrd is"
    assert len(typed) == len("the wrd is")  # no mark is a change of the text
    edit.clear()
    assert marks(edit) == []


def test_its_menu_puts_what_was_meant_and_learns_what_is_right(edit: MessageEdit, qtbot: QtBot) -> None:
    edit.setPlainText("the wrd is abc is")
    qtbot.waitUntil(lambda: marks(edit) == ["wrd", "abc"])
    menu = menu_at(edit, qtbot, 5)
    assert said(menu) == ["word", "world", "Add to the dictionary", "Check spelling"]
    menu.actions()[0].trigger()
    menu.close()
    assert edit.toPlainText() == "the word is abc is"
    qtbot.waitUntil(lambda: marks(edit) == ["abc"])
    menu = menu_at(edit, qtbot, 13)
    next(action for action in menu.actions() if action.text() == "Add to the dictionary").trigger()
    menu.close()
    qtbot.waitUntil(lambda: marks(edit) == [])


def test_where_nothing_is_wrong_the_menu_is_qts_own_and_switches_it_off(edit: MessageEdit, qtbot: QtBot) -> None:
    switched: list[bool] = []
    edit.spelling.switched.connect(switched.append)
    edit.setPlainText("the wrd is")
    qtbot.waitUntil(lambda: marks(edit) == ["wrd"])
    menu = menu_at(edit, qtbot, 1)
    assert any("Paste" in text for text in said(menu))
    next(action for action in menu.actions() if action.text() == "Check spelling").trigger()
    menu.close()
    assert switched == [False]
    edit.spelling.set_on(False)
    assert marks(edit) == []


def test_the_switch_is_a_setting_of_the_window(desk: Desk) -> None:
    desk.window.spelling.marks.switched.emit(False)
    desk.until(lambda: desk.core.called("change_settings")[-1:] == [({"checks_spelling": False},)])


def test_without_a_checker_there_is_no_switch_and_no_mark(qtbot: QtBot, theme: Theme) -> None:
    edit = MessageEdit()
    qtbot.addWidget(edit)
    edit.resize(400, 60)
    edit.show()
    asked: list[bool] = []
    spelling = Spelling(lambda: asked.append(True), edit)  # type: ignore[arg-type, return-value]
    edit.spelling = SpellingMarks(edit, spelling, theme)
    qtbot.keyClicks(edit, "the wrd is")
    qtbot.waitUntil(lambda: bool(asked))
    menu = menu_at(edit, qtbot, 5)
    assert "Check spelling" not in said(menu)
    menu.close()
    assert marks(edit) == []
