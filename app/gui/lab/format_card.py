"""Format for this machine: kinds of model files tried, the faster one of equal quality made. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Signal

from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.form import choice
from app.gui.lab import lab_words
from app.gui.lab.card import Card, flow_of
from app.gui.lab.table import FigureTable
from app.gui.tongue import tr
from app.lab.format import BITS, Trial, advised


class FormatCard(Card):
    """`began`, `advance` and `ended` follow what is tried or made."""

    try_asked = Signal()
    make_asked = Signal(str)  # a kind
    stop_asked = Signal()

    def __init__(self) -> None:
        super().__init__(
            tr("A faster file of this model"),
            tr(
                "The same model can be stored in several kinds of numbers, and a processor is quicker with some. Each "
                "is made, timed and compared with your file on a text. Your file stays; the trials are deleted."
            ),
        )
        self._trials: list[Trial] = []
        self.try_kinds = button(tr("Try the kinds"), self.try_asked.emit, kind="main", role=fonts.UI_STRONG)
        self.stop = button(tr("Stop"), self.stop_asked.emit, name=tr("Stop trying"))
        self.kind = choice([(kind, kind) for kind in BITS])
        self.kind.setAccessibleName(tr("Kind of numbers"))
        self.make = button(tr("Make this file"), lambda: self.make_asked.emit(self.kind.currentData()))
        self._state = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._advice = label(wraps=True)
        self._table = FigureTable([tr("Kind"), tr("Size"), tr("Reads"), tr("Writes"), tr("Loss")])
        self._table.setToolTip(
            tr("Loss: how far its next words are from your file's, in nats; below 0.02 nobody sees it.")
        )
        self.column.addWidget(self._table)
        self.column.addWidget(self._advice)
        self.column.addWidget(self._state)
        self.column.addLayout(flow_of(self.try_kinds, self.stop, self.kind, self.make))
        self._show()
        self.ended()

    def began(self, sentence: str) -> None:
        self._state.setText(sentence)
        self._set_running(True)

    def begin_trials(self) -> None:
        self._trials = []
        self._show()
        self.began(tr("Trying. It takes some minutes; a chat goes first."))

    def advance(self, trial: Trial, n_left: int) -> None:
        self._trials.append(trial)
        self._show()
        self._state.setText(tr("Trying. {count} to come.", count=n_left))

    def ended(self, sentence: str = "") -> None:
        self._state.setText(sentence)
        self._state.setVisible(bool(sentence))
        self._set_running(False)

    def _set_running(self, is_running: bool) -> None:
        self._state.setVisible(is_running or bool(self._state.text()))
        self.stop.setVisible(is_running)
        for part in (self.try_kinds, self.kind, self.make):
            part.setVisible(not is_running)

    def _show(self) -> None:
        best = advised(self._trials) if self._trials else None
        strong = self._trials.index(best) if best is not None else -1
        self._table.show_rows([lab_words.trial_row(trial) for trial in self._trials], strong)
        said = lab_words.advice(self._trials)
        self._advice.setText(said)
        self._advice.setVisible(bool(said))
        if best is not None:
            self.kind.setCurrentIndex(self.kind.findData(best.kind))
