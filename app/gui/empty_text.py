"""Where the cursor of a box stands in which nothing is written: where the page begins. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit

from app.gui.tongue import is_right_to_left


def begin_with_the_page(edit: QPlainTextEdit) -> None:
    """From now on. Qt has an empty text begin at the left, whatever its placeholder does."""

    flag = Qt.AlignmentFlag

    def turn() -> None:
        is_turned = edit.document().isEmpty() and is_right_to_left()
        option = edit.document().defaultTextOption()
        wanted = flag.AlignRight | flag.AlignAbsolute if is_turned else flag.AlignLeft
        if option.alignment() != wanted:
            option.setAlignment(wanted)
            edit.document().setDefaultTextOption(option)

    edit.textChanged.connect(turn)
    turn()
