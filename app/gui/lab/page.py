"""The lab, in place of the chat: the curve, the limit, the calculator, and a faster file. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.back_button import BackButton
from app.gui.buttons import label
from app.gui.lab import lab_words
from app.gui.lab.calculator_card import CalculatorCard
from app.gui.lab.card import Card
from app.gui.lab.curve_card import CurveCard
from app.gui.lab.format_card import FormatCard
from app.gui.margins import margins
from app.gui.page import Page
from app.gui.theme import Theme
from app.gui.tongue import apart, tr
from app.lab.session import LabView


class LabPage(QWidget):
    """Filled by the desk. Importing this takes a while: pyqtgraph comes with it."""

    back_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("labPage")
        self._back = BackButton(theme, self.back_asked.emit)
        self.curve = CurveCard(theme)
        self.limit = Card(
            tr("What is the limit"),
            tr("What this model reaches of what the machine can do. Small kinds of numbers may pass 100 %."),
        )
        self._limit = label(wraps=True)
        self.limit.column.addWidget(self._limit)
        self.calculator = CalculatorCard()
        self.format = FormatCard()
        self._model = label(role=fonts.UI, tone="muted", wraps=True)
        self._model.hide()
        self.limit.hide()  # until it is known
        head = QHBoxLayout()
        head.setContentsMargins(*margins(16, 0, 24, 4))
        head.addWidget(self._back)
        head.addStretch()
        page = Page(tr("The lab"), spacing=16)
        page.column.addWidget(label(tr("The lab"), role=fonts.TITLE))
        page.column.addWidget(self._model)
        for card in (self.curve, self.limit, self.calculator, self.format):
            page.column.addWidget(card)
        page.column.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(page, 1)

    def show_view(self, view: LabView) -> None:
        """What is known of the model in use."""
        self._model.setText(tr("{model} on this machine", model=apart(view.model)))
        self._model.show()
        self.curve.show_tuned(view.tuned, view.slowdown, is_whole=view.is_whole)
        self.limit.setVisible(view.roofline is not None)
        if view.roofline is not None:
            self._limit.setText(lab_words.roofline_sentence(view.roofline))

    def focus(self) -> None:
        """Where the keyboard starts on this page."""
        self._back.setFocus()
