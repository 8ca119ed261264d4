"""The spelling of what is written in the window. GUI thread only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject
from PySide6.QtWidgets import QWidget

from app.gui.composer.text import MessageEdit
from app.gui.spelling.asking import Spelling
from app.gui.spelling.marks import SpellingMarks
from app.gui.theme import Theme

if TYPE_CHECKING:
    from app.gui.spelling.enchant import Checker


class SpellingDesk(QObject):
    """In the languages of the window and of the system."""

    def __init__(self, window: QWidget, theme: Theme, edit: MessageEdit, *, is_on: bool) -> None:
        super().__init__(window)
        self._spelling = Spelling(_open, self)
        self.marks = SpellingMarks(edit, self._spelling, theme)
        self.marks.set_on(is_on)
        edit.spelling = self.marks

    def stop(self) -> None:
        """The window closes."""
        self._spelling.stop()


def _open() -> Checker | None:
    """In the thread that will ask: what reads dictionaries is imported there too."""
    from app.gui.spelling.enchant import open_dictionaries

    return open_dictionaries([QLocale().name(), *QLocale.system().uiLanguages()])
