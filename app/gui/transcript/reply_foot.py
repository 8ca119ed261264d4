"""Below a reply: its figures and its quiet actions. GUI thread only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from app.core.chat_views import MessageState, MessageView
from app.gui import fonts, words
from app.gui.buttons import IconButton, button, label
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.message_menu import more_button
from app.gui.transcript.pin_mark import PinMark
from app.gui.transcript.versions import Versions

if TYPE_CHECKING:
    from app.gui.transcript.reply import Reply

_NARROW = 600


class ReplyFoot(QWidget):
    """In two lines where there is no room for one."""

    def __init__(self, theme: Theme, reply: Reply) -> None:
        super().__init__()
        self._reply = reply
        self.figures = label(role=fonts.SMALL, tone="muted")
        self._pinned = PinMark(theme)
        self.versions = Versions(theme, reply.asked)
        copy_it = button(tr("Copy"), reply.copy, kind="quiet", name=tr("Copy this reply"), role=fonts.SMALL)
        again = button(
            tr("Regenerate"), self._regenerate, kind="quiet", name=tr("Regenerate this reply"), role=fonts.SMALL
        )
        self._otherwise = IconButton(
            theme, "chevron-down", tr("Regenerate with another model or other settings"), self._ask_how, 24
        )
        more = more_button(theme, tr("More for this reply"), reply)
        for widget in (copy_it, self._otherwise):
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where the person writes
        self._about_text = (copy_it, again, self._otherwise, more)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        buttons.addWidget(self._pinned)
        buttons.addWidget(copy_it)
        buttons.addSpacing(4)
        for widget in (again, self._otherwise, more):
            buttons.addWidget(widget)
        buttons.addWidget(self.versions)
        buttons.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._row.addWidget(self.figures, 1)
        self._row.addLayout(buttons)

    def show_message(self, message: MessageView) -> None:
        """Nothing while it is being written."""
        self.setVisible(message.state is not MessageState.WRITING)
        for made in self._about_text:
            made.setVisible(bool(message.text) or message.state is not MessageState.FAILED)
        if message.figures is not None:
            self.figures.setText(words.figures(message.figures))
            who = tr("Written by {model}.", model=message.model_name) if message.model_name else ""
            self.figures.setToolTip("\n".join(filter(None, (words.figures_explained(message.figures), who))))
        self.versions.show_for(message)
        self._pinned.show_for(message.is_pinned)

    def fit(self, width: int) -> None:
        """To the width of the column."""
        is_narrow = width < fonts.scaled(_NARROW)
        way = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        if self._row.direction() != way:
            self._row.setDirection(way)
            self.figures.setWordWrap(is_narrow)
        for made in self._about_text:  # where a line wraps Qt gives its neighbours the least they take
            made.setMinimumHeight(made.sizeHint().height())
            self._row.setStretch(0, 0 if is_narrow else 1)

    def _regenerate(self) -> None:
        self._reply.asked.regenerate.emit(self._reply.message.id)

    def _ask_how(self) -> None:
        below = self._otherwise.mapToGlobal(QPoint(0, self._otherwise.height()))
        self._reply.asked.regenerate_menu.emit(self._reply.message.id, below)
