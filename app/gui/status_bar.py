"""The machine's state at the edge of the page: the preset, the last turn's figures, jobs and memory."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton

from app.core.views import StatusView
from app.engine.messages import Preset
from app.gui import fonts, words
from app.gui.buttons import ElidedLabel, label

HEIGHT = 35  # 34 and its line
_PRESETS = {
    Preset.RESPONSIVE: ("Responsive", "Jobs stand still while a chat is being answered."),
    Preset.BALANCED: ("Balanced", "Jobs go on slowly while a chat is being answered."),
    Preset.BATCH: ("Batch", "Jobs go on at full speed; chat answers take longer."),
}


class PresetToggle(QFrame):
    """Three segments of which one is on. Tab reaches it, the arrow keys move in it."""

    chosen = Signal(Preset)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("segments")
        self.setAccessibleName("How chat and jobs share the machine")
        self._group = QButtonGroup(self)
        self.buttons: dict[Preset, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 1, 1, 1)
        row.setSpacing(0)
        for preset, (name, tip) in _PRESETS.items():
            button = QPushButton(name)
            button.setCheckable(True)
            button.setAccessibleName(f"{name} preset")
            button.setAccessibleDescription(tip)
            button.setToolTip(tip)
            button.setAutoDefault(False)
            fonts.set_role(button, fonts.SMALL_STRONG)
            button.setFixedWidth(button.sizeHint().width() + 4)
            button.toggled.connect(lambda is_on, button=button: self._weigh(button, is_on))
            button.clicked.connect(lambda _checked=False, preset=preset: self.chosen.emit(preset))
            self._weigh(button, False)
            self._group.addButton(button)
            self.buttons[preset] = button
            row.addWidget(button)
        self.show_preset(Preset.RESPONSIVE)

    def show_preset(self, preset: Preset) -> None:
        """The one that is on."""
        self.buttons[preset].setChecked(True)
        for button in self.buttons.values():
            is_on = button.isChecked()
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_on else Qt.FocusPolicy.ClickFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        presets = list(self.buttons)
        now = next(preset for preset, button in self.buttons.items() if button.isChecked())
        wanted = presets[(presets.index(now) + step) % len(presets)]
        self.buttons[wanted].setFocus()
        self.buttons[wanted].click()

    def _weigh(self, button: QPushButton, is_on: bool) -> None:
        fonts.set_role(button, fonts.SMALL_STRONG if is_on else fonts.SMALL)


class StatusBar(QFrame):
    """One line, 34 px."""

    preset_chosen = Signal(Preset)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusBar")
        self.setFixedHeight(HEIGHT)
        self.toggle = PresetToggle()
        self.toggle.chosen.connect(self._choose)
        self._turn = label(role=fonts.SMALL, tone="muted")
        self._turn.setToolTip("Of your last turn: the time to the first word, and the writing speed.")
        self._machine = ElidedLabel(role=fonts.SMALL, tone="muted")
        self._machine.setAlignment(Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 16, 3)
        row.setSpacing(16)
        row.addWidget(self.toggle)
        row.addWidget(self._turn)
        row.addWidget(self._machine, 1)

    def show_status(self, status: StatusView) -> None:
        """New figures."""
        self.toggle.show_preset(Preset(status.preset))
        self._turn.setText(words.last_turn(status))
        self._machine.setText(words.machine(status))
        self._machine.setAccessibleName(words.machine(status))

    def _choose(self, preset: Preset) -> None:
        self.toggle.show_preset(preset)
        self.preset_chosen.emit(preset)
