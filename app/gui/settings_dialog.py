"""The settings a person changes most; not modal. GUI thread only: Core keeps and writes them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDoubleSpinBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.form import Form, editor, settle_spin
from app.gui.segments import Segments
from app.settings import Settings

_THEMES = {"system": ("As the system", ""), "light": ("Light", ""), "dark": ("Dark", "")}


class SettingsDialog(QDialog):
    """Shows the settings as they are; Save tells those it asks for, by their names."""

    saved = Signal(dict)

    def __init__(self, parent: QWidget, settings: Settings) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(560)
        self.theme = Segments("Theme", _THEMES)
        self.theme.show_value(settings.theme if settings.theme in _THEMES else "system")
        self.prompt = editor(4)
        self.prompt.setPlainText(settings.system_prompt)
        self.temperature = QDoubleSpinBox()
        self.temperature.setRange(0, 2)
        self.temperature.setSingleStep(0.1)
        self.temperature.setDecimals(2)
        self.temperature.setValue(settings.temperature)
        self.longest = QSpinBox()
        self.longest.setRange(16, 131_072)
        self.longest.setSingleStep(256)
        self.longest.setGroupSeparatorShown(True)
        self.longest.setSuffix(" tokens")
        self.longest.setValue(settings.max_reply_tokens)
        self.slowdown = QDoubleSpinBox()
        self.slowdown.setRange(1.05, 5)
        self.slowdown.setSingleStep(0.1)
        self.slowdown.setDecimals(2)
        self.slowdown.setSuffix(" times as long")
        self.slowdown.setValue(settings.balanced_slowdown)
        self.kv_disk = QDoubleSpinBox()
        self.kv_disk.setRange(0, 500)
        self.kv_disk.setDecimals(1)
        self.kv_disk.setSuffix(" GB")
        self.kv_disk.setValue(settings.kv_disk_gb)
        settle_spin(self.temperature, self.longest, self.slowdown, self.kv_disk)
        form = Form()
        form.add("Theme", self.theme)
        form.add("System prompt", self.prompt, "What the model is told before each chat.")
        form.add("Temperature", self.temperature, "0 always takes the likeliest word; higher is more varied.")
        form.add("Longest reply", self.longest, "A token is about three quarters of an English word.")
        form.add("In Balanced", self.slowdown, "What a reply may take while documents are worked on.")
        form.add("Disk for chats", self.kv_disk, "What the model has read is kept there. From the next start.")
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(button("Save", self._save, kind="main", role=fonts.UI_STRONG))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(20)
        column.addWidget(label("Settings", role=fonts.TITLE))
        column.addLayout(form)
        column.addLayout(row)
        width = max(self.minimumWidth(), self.sizeHint().width())
        self.resize(width, column.totalHeightForWidth(width))  # Qt would squeeze it into two thirds of a low screen

    def _save(self) -> None:
        changes = {
            "theme": self.theme.value,
            "system_prompt": self.prompt.toPlainText().strip(),
            "temperature": round(self.temperature.value(), 2),
            "max_reply_tokens": self.longest.value(),
            "balanced_slowdown": round(self.slowdown.value(), 2),
            "kv_disk_gb": round(self.kv_disk.value(), 1),
        }
        self.saved.emit(changes)
        self.accept()
