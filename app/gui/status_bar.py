"""The machine's state at the edge of the page: the preset, the last turn's figures, jobs and memory."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from app.core.views import StatusView
from app.engine.messages import Preset
from app.gui import fonts, words
from app.gui.buttons import ElidedLabel, label
from app.gui.segments import Segments
from app.gui.tongue import mark, tr

HEIGHT = 35  # 34 and its line
_SIDE, _GAP = 16, 16
_MEANS = mark("KV: how much is in use of the memory for what the model has read.")
_PRESETS = {
    Preset.RESPONSIVE.value: (mark("Responsive"), mark("Jobs stand still while a chat is being answered.")),
    Preset.BALANCED.value: (mark("Balanced"), mark("Jobs go on slowly while a chat is being answered.")),
    Preset.BATCH.value: (mark("Batch"), mark("Jobs go on at full speed; chat answers take longer.")),
}


class StatusBar(QFrame):
    """One line, 34 px."""

    preset_chosen = Signal(Preset)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusBar")
        fonts.set_role(self, fonts.SMALL)  # so that it hears of the zoom
        self.setFixedHeight(HEIGHT)
        self.toggle = Segments(tr("How chat and jobs share the machine"), _PRESETS)
        self.toggle.chosen.connect(lambda value: self.preset_chosen.emit(Preset(value)))
        self._turn = label(role=fonts.SMALL, tone="muted")
        self._turn.setToolTip(tr("Of your last turn: the time to the first word, and the writing speed."))
        self._machine = ElidedLabel(role=fonts.SMALL, tone="muted")
        self._machine.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._machine.installEventFilter(self)
        self._parts: list[str] = []
        self._jobs = ""  # the first of them, in fewer words
        row = QHBoxLayout(self)
        row.setContentsMargins(_SIDE, 4, _SIDE, 3)
        row.setSpacing(_GAP)
        row.addWidget(self.toggle)
        row.addWidget(self._turn)
        row.addWidget(self._machine, 1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.setFixedHeight(max(HEIGHT, fonts.scaled(HEIGHT)))
            self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self.fit()  # the toggle may have grown
        return False

    def show_status(self, status: StatusView) -> None:
        """New figures; not the preset, which may have been chosen after they were taken."""
        self._turn.setText(words.last_turn(status))
        self._parts = words.machine_parts(status)
        self._jobs = words.jobs(status)
        self._machine.setAccessibleName(words.machine(status))
        self.fit()

    def fit(self) -> None:
        """Where there is little room the jobs are told rather than the turn, whose figures stand under its reply; then
        the jobs rather than the rest."""
        if not hasattr(self, "_parts"):
            return
        metrics = QFontMetrics(fonts.font(fonts.SMALL))
        room = self.width() - 2 * _SIDE - self.toggle.sizeHint().width() - _GAP - 1  # metrics are rounded
        turn = metrics.horizontalAdvance(self._turn.text())
        self._turn.setVisible(metrics.horizontalAdvance(words.DOT.join(self._parts)) + turn + _GAP <= room)
        shown = list(self._parts)
        while len(shown) > 1 and metrics.horizontalAdvance(words.DOT.join(shown)) > room:
            shown.pop()
        said = words.DOT.join(shown)
        self._machine.setText(said if metrics.horizontalAdvance(said) <= room else self._jobs or said)
        self._machine.explain(f"{words.DOT.join(self._parts)}\n{tr(_MEANS)}" if self._parts else "")
