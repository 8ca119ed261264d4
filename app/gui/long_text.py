"""A text that may be very long: its beginning, and the rest when it is asked for. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.gui import fonts, words
from app.gui.buttons import button
from app.gui.tongue import tr
from app.gui.transcript.message_text import MessageText

AT_FIRST = 6_000  # characters


class LongText(QWidget):
    """Plain, and as high as what is shown of it."""

    def __init__(self, name: str, *, is_code: bool = False) -> None:
        super().__init__()
        self._text = ""
        self.shown = MessageText()
        self.shown.setAccessibleName(name)
        fonts.set_role(self.shown, fonts.SMALL_CODE if is_code else fonts.UI)
        self._more = button(tr("Show all of it"), self.show_all, kind="link", role=fonts.SMALL)
        self.setFocusProxy(self.shown)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.shown)
        column.addWidget(self._more)

    def show_text(self, text: str) -> None:
        """Another text, from its beginning."""
        if text == self._text:
            return
        self._text = text
        is_long = len(text) > AT_FIRST
        self.shown.show_plain(f"{text[:AT_FIRST]}…" if is_long else text)
        said = tr("Show all of it, {count} characters", count=words.number(len(text)))
        self._more.setText(said)
        self._more.setAccessibleName(said)
        self._more.setVisible(is_long)

    def show_all(self) -> None:
        self.shown.show_plain(self._text)
        self.shown.setFocus()
        self._more.hide()
