"""A box to write in that is as high as its text, up to so many lines; then it scrolls. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy

from app.gui import fonts
from app.gui.empty_text import begin_with_the_page


class GrowingText(QPlainTextEdit):
    """In the type of messages, without a frame."""

    def __init__(self, lines_at_most: int) -> None:
        super().__init__()
        self._lines_at_most = lines_at_most
        self.setFrameShape(QFrame.Shape.NoFrame)
        fonts.set_role(self, fonts.MESSAGE)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        begin_with_the_page(self)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.viewport().setFont(self.font())  # which writes the placeholder
            self._fit()

    def _fit(self) -> None:
        line = self.fontMetrics().lineSpacing()
        n_lines = max(1, int(self.document().size().height()))
        self.setFixedHeight(line * min(n_lines, self._lines_at_most) + 4)
        policy = Qt.ScrollBarPolicy
        needs_bar = n_lines > self._lines_at_most
        self.setVerticalScrollBarPolicy(policy.ScrollBarAsNeeded if needs_bar else policy.ScrollBarAlwaysOff)
