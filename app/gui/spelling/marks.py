"""Words of a message that may be misspelled: a line below each, and in its menu what may be meant. GUI thread only.

The text itself is not touched, so that nobody takes a mark for something that was typed.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QMenu, QPlainTextEdit, QTextEdit

from app.gui.spelling.asking import Spelling
from app.gui.spelling.words import Word, misspelled, words_of
from app.gui.theme import Theme
from app.gui.tongue import tr

_PAUSE_MS = 300
_LONGEST = 20_000  # characters: longer texts are not written by hand
_MOST_KNOWN = 5_000  # words that are remembered


class SpellingMarks(QObject):
    """Looks after one box to write in. `switched` when the person wants it on or off: answer with `set_on`."""

    switched = Signal(bool)

    def __init__(self, edit: QPlainTextEdit, spelling: Spelling, theme: Theme) -> None:
        super().__init__(edit)
        self._edit, self._spelling, self._theme = edit, spelling, theme
        self._known: dict[str, bool] = {}  # what was answered
        self._is_on = True
        self._is_offered = False  # until it is known
        self.marked: list[Word] = []
        self._menu_at: tuple[Word, QPoint] | None = None  # the menu that waits for suggestions
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._look)
        edit.textChanged.connect(self._changed)
        edit.cursorPositionChanged.connect(self._pause.start)
        spelling.opened.connect(self._offer)
        spelling.checked.connect(self._take)
        spelling.suggested.connect(self._open_menu)
        theme.changed.connect(self._show)

    def set_on(self, is_on: bool) -> None:
        self._is_on = is_on
        self._look()

    def ask_menu(self, place: QPoint, on_screen: QPoint) -> bool:
        """A menu for the word at a place of the box; False where no word is marked there."""
        at = self._edit.cursorForPosition(place).position()
        word = next((word for word in self.marked if word.start <= at <= word.end), None)
        if word is not None:
            self._menu_at = (word, on_screen)
            self._spelling.suggest(word.text)
        return word is not None

    # inside

    def _offer(self) -> None:
        self._is_offered = True

    def _changed(self) -> None:
        if not self._edit.toPlainText():
            self._look()  # it was sent: no mark stays behind
        self._pause.start()

    def _look(self) -> None:
        text = self._edit.toPlainText()
        words = words_of(text) if self._is_on and len(text) <= _LONGEST else []
        if new := {word.text for word in words} - self._known.keys():
            self._spelling.check(new)
        unknown = {word.text for word in words if not self._known.get(word.text, True)}
        self.marked = misspelled(words, unknown, self._edit.textCursor().position())
        self._show()

    def _take(self, answers: dict[str, bool]) -> None:
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known |= answers
        self._look()

    def _show(self) -> None:
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SpellCheckUnderline)
        look.setUnderlineColor(QColor(self._theme.tokens.danger))
        shown = []
        for word in self.marked:
            mark = QTextEdit.ExtraSelection()
            mark.format = look
            mark.cursor = self._cursor(word)
            shown.append(mark)
        self._edit.setExtraSelections(shown)

    def _cursor(self, word: Word) -> QTextCursor:
        cursor = QTextCursor(self._edit.document())
        cursor.setPosition(word.start)
        cursor.setPosition(word.end, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _open_menu(self, text: str, suggestions: list[str]) -> None:
        if self._menu_at is None or self._menu_at[0].text != text:
            return
        (word, place), self._menu_at = self._menu_at, None
        menu = self.menu(word, suggestions)
        menu.popup(place)

    def menu(self, word: Word, suggestions: list[str]) -> QMenu:
        """What may be meant, and that it is right as it is."""
        made = QMenu(self._edit)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for each in suggestions:
            made.addAction(each.replace("&", "&&")).triggered.connect(partial(self._put, word, each))
        if not suggestions:
            made.addAction(tr("No suggestions")).setEnabled(False)
        made.addSeparator()
        made.addAction(tr("Add to the dictionary")).triggered.connect(lambda: self._spelling.learn(word.text))
        self.add_switch(made)
        return made

    def add_switch(self, menu: QMenu) -> None:
        """Into a menu of the box, where the platform has a checker."""
        if self._is_offered:
            menu.addSeparator()
            action = menu.addAction(tr("Check spelling"))
            action.setCheckable(True)
            action.setChecked(self._is_on)
            action.triggered.connect(self.switched)

    def _put(self, word: Word, text: str, _checked: bool = False) -> None:
        cursor = self._cursor(word)
        if cursor.selectedText() == word.text:
            cursor.insertText(text)
