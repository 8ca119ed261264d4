"""How models are loaded: context and its kind, when memory is given back, what GPUs do. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QSpinBox, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label
from app.gui.core_words import retold
from app.gui.form import Form, at_least, choice, settle_spin
from app.gui.tongue import mark, tr
from app.settings import Settings

_PAUSE_MS = 500
_MOST_CONTEXT, _MOST_MINUTES, _MOST_LAYERS = 1_048_576, 1440, 999


class LoadFields(QWidget):
    """`changed` with the settings that were changed, by their names, when nothing was changed for a moment."""

    changed = Signal(dict)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.context = QSpinBox()
        self.context.setRange(512, _MOST_CONTEXT)
        self.context.setSingleStep(1024)
        self.context.setGroupSeparatorShown(True)
        self.context.setSuffix(tr(" tokens"))
        self.context.setValue(settings.context_tokens)
        self.unload = QSpinBox()
        self.unload.setRange(0, _MOST_MINUTES)
        self.unload.setSpecialValueText(tr("never"))
        self.unload.setSuffix(tr(" min"))
        self.unload.setValue(round(settings.unload_after_minutes))
        self._devices = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._devices.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # a line to install with
        self._devices.hide()
        self.layers = QSpinBox()
        self.layers.setRange(-1, _MOST_LAYERS)
        self.layers.setSpecialValueText(tr("automatic"))
        self.layers.setValue(settings.gpu_layers)
        self.kv = choice([(mark("automatic"), ""), ("F16", "F16"), (mark("Q8_0, half the memory"), "Q8_0")])
        self.flash = choice([(mark("automatic"), ""), (mark("on"), "on"), (mark("off"), "off")])
        for field, value in ((self.kv, settings.kv_kind), (self.flash, settings.flash_attention)):
            field.setCurrentIndex(max(0, field.findData(value)))
        settle_spin(self.context, self.unload, self.layers)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        form = Form()
        form.add(
            tr("Context"),
            self.context,
            tr("What the model can have in view at once, from the next load on. Where less fits, less is taken."),
        )
        form.add(
            tr("Unload after"),
            self.unload,
            tr("Without work for so long, the memory is given back. The first key you type loads the model again."),
        )
        form.add(
            tr("Layers on the GPU"),
            self.layers,
            tr("From the next load on. Automatic takes as many as fit its memory; 0 leaves it alone."),
        )
        form.addWidget(self._devices, form.rowCount(), 1)
        form.add(
            tr("Kind of context"),
            self.kv,
            tr("From the next load on. Smaller takes more text into the same memory, with flash attention."),
        )
        form.add(
            tr("Flash attention"),
            self.flash,
            tr("From the next load on. On many processors the first word comes later with it: the lab measures that."),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.addLayout(form)
        for box in (self.context, self.unload, self.layers):
            box.setMaximumWidth(180)
            box.valueChanged.connect(lambda _: self._pause.start())
        for field in (self.kv, self.flash):
            at_least(248, field)
            field.activated.connect(lambda _: self._pause.start())

    def show_devices(self, findings: Sequence[str]) -> None:
        """Which GPU is used, or what is missing for it."""
        self._devices.setText("\n".join(map(retold, findings)))
        self._devices.setVisible(bool(findings))

    def _tell(self) -> None:
        self.changed.emit(
            {
                "context_tokens": self.context.value(),
                "unload_after_minutes": float(self.unload.value()),
                "gpu_layers": self.layers.value(),
                "kv_kind": self.kv.currentData(),
                "flash_attention": self.flash.currentData(),
            }
        )
