"""Ctrl+F: a line to write in, how many there are, and the way to the next. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit

from app.gui import fonts, words
from app.gui.buttons import IconButton, label
from app.gui.keys import native
from app.gui.margins import margins
from app.gui.theme import Theme
from app.gui.tongue import tr


class FindBar(QFrame):
    """Says what is wanted; `show_count` what there is of it."""

    changed = Signal(str)
    step_asked = Signal(int)  # 1: the next, -1: the one before
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("findBar")
        self.line = QLineEdit()
        self.line.setObjectName("findLine")
        self.line.setPlaceholderText(tr("Find in this chat"))
        self.line.setAccessibleName(tr("Find in this chat"))
        self.line.installEventFilter(self)
        fonts.set_role(self.line, fonts.UI)
        self.count = label(role=fonts.SMALL, tone="muted")
        before = IconButton(
            theme, "chevron-up", f"{tr('The one before')}   {native('Shift+F3')}", lambda: self.step_asked.emit(-1), 28
        )
        before.setAccessibleName(tr("The one before"))
        following = IconButton(
            theme, "chevron-down", f"{tr('The next one')}   {native('F3')}", lambda: self.step_asked.emit(1), 28
        )
        following.setAccessibleName(tr("The next one"))
        row = QHBoxLayout(self)
        row.setContentsMargins(*margins(12, 4, 8, 4))
        row.setSpacing(4)
        row.addWidget(self.line, 1)
        row.addWidget(self.count)
        row.addSpacing(4)
        for made in (before, following, IconButton(theme, "x", tr("Close the search"), self.closed.emit, 28)):
            row.addWidget(made)
        self.line.textChanged.connect(self.changed)
        self.hide()

    def show_count(self, place: int, count: int, *, is_all: bool) -> None:
        """The one that is shown, from 1 on, of how many; not `is_all`: so far."""
        if not self.line.text().strip():
            said = ""
        elif count:
            more = "" if is_all else "…"
            said = tr("{number} of {total}", number=words.number(place), total=words.number(count) + more)
        else:
            said = tr("Nothing found") if is_all else tr("Searching…")
        self.count.setText(said)

    def open(self, text: str) -> None:
        """Take the keyboard; `text` is what to look for, where it is not empty."""
        self.show()
        if text:
            self.line.setText(text)
        self.line.setFocus()
        self.line.selectAll()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() is QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
            event.accept()  # it is for the bar, not for the window, where it stops the reply
            return True
        if event.type() is QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.closed.emit()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.step_asked.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
        return False
