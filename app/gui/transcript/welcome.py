"""What an empty chat shows: one sentence and a hint, or what the window puts in their place. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label
from app.gui.down_area import DownArea
from app.gui.page import centred
from app.gui.tongue import mark, tr

_SENTENCE = mark("Ask anything. It stays on this machine.")


class Welcome(QWidget):
    """Quiet, in the middle of the page."""

    def __init__(self) -> None:
        super().__init__()
        self._instead: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 9, 0, 9)
        self._column.setSpacing(8)
        self._column.addStretch(2)
        self._lines = (
            label(tr(_SENTENCE), role=fonts.TITLE, wraps=True),
            label(
                tr("Drop documents on the window to ask about them, or to have them summarised."),
                tone="muted",
                wraps=True,
            ),
        )
        for line in self._lines:
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._column.addWidget(centred(line))
        self._column.addStretch(3)

    def put(self, widget: QWidget) -> None:
        """Something that can stand in their place; `show_instead` says when."""
        scrolls = DownArea()  # in a low window
        scrolls.setWidget(widget)
        scrolls.hide()
        widget.setObjectName("column")
        self._instead = scrolls
        self._column.insertWidget(1, scrolls, 100)

    def greet(self, greeting: str) -> None:
        """A persona's own words in place of the sentence; empty: as it was."""
        self._lines[0].setText(greeting or tr(_SENTENCE))

    @property
    def said(self) -> str:
        """The sentence."""
        return self._lines[0].text()

    def show_instead(self, is_shown: bool) -> None:
        if self._instead is not None:
            self._instead.setVisible(is_shown)
            for line in self._lines:
                line.setVisible(not is_shown)
