"""The text of the next message: what its keys do, and what becomes of what is pasted into it. GUI thread only."""

from __future__ import annotations

import re

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QKeySequence, QTextCursor

from app.gui.drop_overlay import files_of
from app.gui.growing_text import GrowingText
from app.gui.spelling.marks import SpellingMarks
from app.gui.summary_drag import summary_of
from app.gui.tongue import tr

_LINES_AT_MOST = 8
LONG_CHARACTERS, LONG_LINES = 4_000, 60
_PLACEHOLDER = re.compile(r"\{[^{}\n]{1,60}\}")
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class MessageEdit(GrowingText):
    """Asks, and does nothing to chats itself."""

    send_asked = Signal()
    edit_last_asked = Signal()
    pages_asked = Signal(int)  # scroll the conversation by so many pages
    long_pasted = Signal(str)  # a text that is too long to be written in here
    paste_undone = Signal()  # the text that was pasted just now is wanted here after all
    files_pasted = Signal(list)
    focused = Signal(bool)

    def __init__(self) -> None:
        super().__init__(_LINES_AT_MOST)
        self.enter_sends = True  # else Ctrl+Enter does, and Enter is a new line
        self._can_undo_paste = False
        self.suggestions: Suggests | None = None
        self.spelling: SpellingMarks | None = None
        self.setObjectName("composerText")
        self.setAccessibleName(tr("Message"))
        self.textChanged.connect(self._typed)

    def _typed(self) -> None:
        self._can_undo_paste = False

    # keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.suggestions is not None and self.suggestions.takes_key(event):
            return
        key = Qt.Key(event.key())
        if key in _ENTERS and self._sends(event.modifiers()):
            self.send_asked.emit()
        elif key in _ENTERS:
            self.insertPlainText("\n")
            self.ensureCursorVisible()
        elif key == Qt.Key.Key_Up and not self.toPlainText():
            self.edit_last_asked.emit()
        elif key == Qt.Key.Key_PageUp:
            self.pages_asked.emit(-1)
        elif key == Qt.Key.Key_PageDown:
            self.pages_asked.emit(1)
        elif event.matches(QKeySequence.StandardKey.Undo) and self._can_undo_paste:
            self._can_undo_paste = False
            self.paste_undone.emit()
        else:
            super().keyPressEvent(event)

    def _sends(self, held: Qt.KeyboardModifier) -> bool:
        if held & Qt.KeyboardModifier.ControlModifier:
            return True
        return self.enter_sends and not held & Qt.KeyboardModifier.ShiftModifier

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes to the next {placeholder} of a saved prompt, where there is one."""
        return (next and self.select_placeholder()) or super().focusNextPrevChild(next)

    # text

    def put_at_cursor(self, text: str, replaced: int) -> None:
        """Write in place of the characters before the cursor; the first placeholder of it is selected."""
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, replaced)
        begin = cursor.selectionStart()
        cursor.insertText(text)
        if _PLACEHOLDER.search(text):
            cursor.setPosition(begin)
            self.setTextCursor(cursor)
            self.select_placeholder()
        else:
            self.setTextCursor(cursor)

    def select_placeholder(self) -> bool:
        """The next one from the cursor on; False where there is none."""
        cursor = self.textCursor()
        found = _PLACEHOLDER.search(self.toPlainText(), cursor.selectionEnd())
        if found is None:
            return False
        cursor.setPosition(found.start())
        cursor.setPosition(found.end(), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        return True

    def before_cursor(self) -> str:
        """The text up to the cursor."""
        return self.toPlainText()[: self.textCursor().position()]

    # what is pasted

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """What is dragged: files and summaries are for the whole window, not for the text."""
        is_for_window = source.hasUrls() or summary_of(source) is not None
        return not is_for_window and super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if files := files_of(source):
            self.files_pasted.emit(files)
            return
        text = source.text()
        if is_long(text):
            self.long_pasted.emit(text)
            self._can_undo_paste = True
        else:
            self.insertPlainText(text)
            self.ensureCursorVisible()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of a word that may be misspelled, what was meant; else Qt's own."""
        is_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        place = self.cursorRect().center() if is_key else event.pos()
        on_screen = self.viewport().mapToGlobal(place)
        if self.spelling is not None and self.spelling.ask_menu(place, on_screen):
            return
        menu = self.createStandardContextMenu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self.spelling is not None:
            self.spelling.add_switch(menu)
        menu.popup(on_screen)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focused.emit(False)


class Suggests:
    """What may take a key before the text does: a list that is open over it."""

    def takes_key(self, event: QKeyEvent) -> bool:
        """True where the key was for the list."""
        raise NotImplementedError


def is_long(text: str) -> bool:
    """Whether a pasted text is better a document than a part of the message."""
    return len(text) > LONG_CHARACTERS or text.count("\n") >= LONG_LINES
