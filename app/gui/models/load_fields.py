"""How models are loaded: context and its kind, when memory is given back, what GPUs do. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QSpinBox, QVBoxLayout, QWidget

from app.engine.gpu_layers import read_split, split_text
from app.errors import KnownError
from app.gui import fonts
from app.gui.buttons import label
from app.gui.core_words import retold
from app.gui.form import Form, at_least, choice, settle_spin
from app.gui.tongue import apart, is_right_to_left, mark, tr
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
        self.split = QLineEdit(split_text(settings.gpu_split))
        self.split.setPlaceholderText(tr("automatic"))
        if is_right_to_left():  # figures alone have no direction
            self.split.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute)
        self._gpus: tuple[str, ...] = ()
        self._gpu_order = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._problem = label(role=fonts.SMALL, tone="danger", wraps=True)
        self._problem.hide()
        self.kv = choice([(mark("automatic"), ""), ("F16", "F16"), (mark("Q8_0, half the memory"), "Q8_0")])
        self.flash = choice([(mark("automatic"), ""), (mark("on"), "on"), (mark("off"), "off")])
        for field, value in ((self.kv, settings.kv_kind), (self.flash, settings.flash_attention)):
            field.setCurrentIndex(max(0, field.findData(value)))
        settle_spin(self.context, self.unload, self.layers)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        form = self._form = Form()
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
        self._shared = self._split_field()
        form.add(
            tr("Share of each GPU"),
            self._shared,
            tr(
                "From the next load on. A number for each: with “3, 1” the first gets three times as many layers as "
                "the second. Empty: as many as fit."
            ),
        )
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
        self.split.textEdited.connect(lambda _: self._pause.start())
        self.show_gpus(())

    def _split_field(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.split.setMaximumWidth(180)
        for part in (self.split, self._problem, self._gpu_order):
            column.addWidget(part)
        made.setFocusProxy(self.split)
        return made

    def show_devices(self, findings: Sequence[str]) -> None:
        """Which GPU is used, or what is missing for it."""
        self._devices.setText("\n".join(map(retold, findings)))
        self._devices.setVisible(bool(findings))

    def show_gpus(self, names: Sequence[str]) -> None:
        """Those that compute: what several of them share can be chosen."""
        self._gpus = tuple(names)
        self._gpu_order.setText(tr("In this order: {names}", names=tr(", ").join(map(apart, names))))
        self._form.set_shown(self._shared, len(names) > 1)
        self._wanted_split()  # what is in the file may be of another machine

    def _wanted_split(self) -> dict[str, list[float]]:
        """Nothing where it can't be chosen, or is none: what is wrong with it is said below it."""
        self._say("")
        if len(self._gpus) < 2:
            return {}
        try:
            return {"gpu_split": read_split(self.split.text(), len(self._gpus))}
        except KnownError as error:
            self._say(retold(error.sentence))
            return {}

    def _say(self, problem: str) -> None:
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    def _tell(self) -> None:
        self.changed.emit(
            {
                **self._wanted_split(),
                "context_tokens": self.context.value(),
                "unload_after_minutes": float(self.unload.value()),
                "gpu_layers": self.layers.value(),
                "kv_kind": self.kv.currentData(),
                "flash_attention": self.flash.currentData(),
            }
        )
