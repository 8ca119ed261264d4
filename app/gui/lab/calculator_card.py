"""The calculator: documents and pages in, time, energy and money out, each with its source. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QTime, Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.form import Form, at_least, check, choice, settle_spin, time_field
from app.gui.lab import lab_words
from app.gui.lab.card import Card, flow_of
from app.gui.lab.table import FigureTable
from app.gui.tongue import mark, tr
from app.lab.calculator import Answer, Question
from app.lab.sizing import Prices

_KINDS = (
    (mark("Summarise"), "summarize"),
    (mark("Classify"), "classify"),
    (mark("Extract"), "extract"),
    (mark("Prompt"), "prompt"),
)
_MOST = 1_000_000
_FIELD_PX = 150


class CalculatorCard(Card):
    """`asked` with a Question and a currency; `show_answer` shows what it came to."""

    asked = Signal(object, str)

    def __init__(self) -> None:
        super().__init__(
            tr("What a job would take"),
            tr("From the curve, before you give it. What a job really took stands on its card when it is done."),
        )
        self.documents, self.pages = QSpinBox(), QDoubleSpinBox()
        self.documents.setRange(1, _MOST)
        self.documents.setValue(400)
        self.documents.setGroupSeparatorShown(True)
        self.pages.setRange(0.1, 10_000)
        self.pages.setDecimals(1)
        self.pages.setValue(12)
        self.kind = choice(_KINDS)
        at_least(_FIELD_PX, self.documents, self.pages, self.kind)
        self.watts, self.price = _amount(tr(" W"), 1), _amount("", 4)
        self.hosted_read, self.hosted_written = _amount("", 4), _amount("", 4)
        self.currency = QLineEdit("€")
        self.currency.setMaxLength(8)
        self.currency.setFixedWidth(64)
        self.has_time: QCheckBox = check(tr("To be done by"))
        self.by = time_field(tr("To be done by"), QTime(8, 0))
        settle_spin(self.documents, self.pages)
        self.has_time.toggled.connect(self.by.setEnabled)
        self.by.setEnabled(False)
        self._sentence = label(wraps=True)
        self._sentence.hide()
        self._table = FigureTable([tr("What"), tr("How much"), tr("From")], words=(2,))
        self._lay_out()

    def question(self, now: QTime) -> Question:
        """`now`: of the clock on the wall."""
        seconds = (now.secsTo(self.by.time()) % 86_400 or 86_400) if self.has_time.isChecked() else None
        return Question(
            documents=self.documents.value(),
            pages=round(self.pages.value(), 1),
            kind=self.kind.currentData(),
            watts=self.watts.value() or None,
            prices=Prices(
                kilowatt_hour=self.price.value() or None,
                hosted_read=self.hosted_read.value() or None,
                hosted_written=self.hosted_written.value() or None,
            ),
            seconds=seconds,
        )

    def fill(self, watts: float | None, prices: Prices, currency: str) -> None:
        """As a person entered them before."""
        self.watts.setValue(watts or 0.0)
        self.price.setValue(prices.kilowatt_hour or 0.0)
        self.hosted_read.setValue(prices.hosted_read or 0.0)
        self.hosted_written.setValue(prices.hosted_written or 0.0)
        self.currency.setText(currency)

    def show_answer(self, found: Answer) -> None:
        self._table.show_rows(lab_words.answer_rows(found, self.currency.text().strip()))
        said = []
        if found.sizing.kilowatt_hours is None:
            said.append(tr("Nothing here measures the energy: enter what the machine takes in watts."))
        if found.outlook is not None:
            said.append(lab_words.outlook(found.outlook, found.job.n_items, found.width))
        self._sentence.setText(" ".join(said))
        self._sentence.setVisible(bool(said))

    def _ask(self) -> None:
        self.asked.emit(self.question(QTime.currentTime()), self.currency.text().strip())

    def _lay_out(self) -> None:
        form = Form()
        form.add(tr("Documents"), self.documents)
        form.add(tr("Pages each"), self.pages, tr("A page of prose has about 600 tokens."))
        form.add(tr("What is done"), self.kind)
        form.add(tr("This machine takes"), self.watts, tr("While it works; a meter at the plug knows best."))
        form.add(tr("Price of a kWh"), self.price)
        self.hosted_read.setAccessibleName(tr("Hosted price of a million tokens that are read"))
        self.hosted_written.setAccessibleName(tr("Hosted price of a million tokens that are written"))
        form.add(
            tr("Hosted price"),
            _beside(self.hosted_read, self.hosted_written),
            tr("Of a million tokens: read, written."),
        )
        form.add(tr("Currency"), self.currency)
        form.add(tr("When"), _beside(self.has_time, self.by))
        self.column.addLayout(form)
        self.column.addWidget(button(tr("Calculate"), self._ask, kind="main", role=fonts.UI_STRONG))
        self.column.addWidget(self._sentence)
        self.column.addWidget(self._table)


def _amount(suffix: str, decimals: int) -> QDoubleSpinBox:
    """Nothing at first."""
    made = QDoubleSpinBox()
    made.setRange(0, 100_000)
    made.setDecimals(decimals)
    made.setSuffix(suffix)
    made.setSpecialValueText(tr("not given"))
    settle_spin(made)
    at_least(_FIELD_PX, made)
    return made


def _beside(*fields: QWidget) -> QWidget:
    made = QWidget()
    made.setLayout(flow_of(*fields))
    return made
