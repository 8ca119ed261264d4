"""The machine's state at the edge of the page: the preset, the last turn's figures, jobs and memory."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from app.core.views import StatusView
from app.engine.messages import Preset
from app.gui import fonts, words
from app.gui.buttons import ElidedLabel, label
from app.gui.segments import Segments
from app.gui.tongue import mark, tr

HEIGHT = 35  # 34 and its line
_ROOM_FOR_TURN = 600
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
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 16, 3)
        row.setSpacing(16)
        row.addWidget(self.toggle)
        row.addWidget(self._turn)
        row.addWidget(self._machine, 1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.setFixedHeight(max(HEIGHT, fonts.scaled(HEIGHT)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the jobs are told rather than the turn, whose figures stand under its reply."""
        super().resizeEvent(event)
        self._turn.setVisible(self.width() >= _ROOM_FOR_TURN)

    def show_status(self, status: StatusView) -> None:
        """New figures; not the preset, which may have been chosen after they were taken."""
        self._turn.setText(words.last_turn(status))
        self._machine.setText(words.machine(status))
        self._machine.setAccessibleName(words.machine(status))
