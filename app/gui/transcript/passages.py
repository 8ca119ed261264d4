"""What of documents a reply was made from: the places as buttons, and the text of the one that is open.

GUI thread only. Texts are built when they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from app.core.chat_views import PassageView
from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.composer.attachments import shortened
from app.gui.core_words import retold
from app.gui.flow import FlowLayout
from app.gui.tongue import tr
from app.gui.transcript.message_text import MessageText

_LINE = 24  # pixels


class Passages(QWidget):
    """Hidden where there are none."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[PassageView, ...] = ()
        self._open: int | None = None
        self._buttons: list[QPushButton] = []
        self._flow = FlowLayout(4)
        self.block: _Block | None = None
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._flow)
        self.hide()

    @property
    def places(self) -> list[QPushButton]:
        """One button a passage, in their order."""
        return list(self._buttons)

    def show_passages(self, passages: Sequence[PassageView]) -> None:
        if tuple(passages) == self._shown:
            return
        self._shown, self._open = tuple(passages), None
        self._close()
        self._flow.clear()
        self._buttons = []
        name = ""
        for number, passage in enumerate(self._shown):
            if passage.name != name:
                name = passage.name
                of = label(tr("From {name}:", name=shortened(name, 40)), role=fonts.SMALL, tone="muted")
                self._flow.addWidget(of)
            place = retold(passage.place)
            said = tr("Text of {label}", label=f"{name}, {place}")
            made = button(place, partial(self.toggle, number), kind="link", name=said, tip=said, role=fonts.SMALL)
            made.setCheckable(True)
            made.setMinimumHeight(max(_LINE, made.sizeHint().height()))
            self._buttons.append(made)
            self._flow.addWidget(made)
        for widget in self._flow.widgets():
            widget.show()
        self.setVisible(bool(passages))
        self.updateGeometry()

    def toggle(self, number: int) -> None:
        """Open one passage, or close it where it is open."""
        self._open = None if self._open == number else number
        for place, made in enumerate(self._buttons):
            made.setChecked(place == self._open)
        self._close()
        if self._open is not None:
            self.block = _Block(self._shown[self._open])
            self._column.addWidget(self.block)

    def _close(self) -> None:
        if self.block is not None:
            self.block.hide()
            self.block.deleteLater()
            self.block = None


class _Block(QFrame):
    """One passage."""

    def __init__(self, passage: PassageView) -> None:
        super().__init__()
        self.setObjectName("sourceBlock")
        where = f"{passage.name}, {retold(passage.place)}"
        self.text = MessageText()
        self.text.setAccessibleName(tr("Text of {label}", label=where))
        self.text.show_plain(passage.text)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(14, 10, 14, 12)
        inside.setSpacing(6)
        inside.addWidget(label(where, role=fonts.SMALL_STRONG, tone="muted"))
        inside.addWidget(self.text)
