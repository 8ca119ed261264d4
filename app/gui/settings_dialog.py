"""The settings a person changes most; not modal. GUI thread only: Core keeps and writes them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.segments import Segments
from app.settings import Settings

_THEMES = {"system": ("As the system", ""), "light": ("Light", ""), "dark": ("Dark", "")}

_LINE_HEIGHT = 36


class SettingsDialog(QDialog):
    """Shows the settings as they are; Save tells those it asks for, by their names."""

    saved = Signal(dict)

    def __init__(self, parent: QWidget, settings: Settings) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(520)
        self.theme = Segments("Theme", _THEMES)
        self.theme.show_value(settings.theme if settings.theme in _THEMES else "system")
        self.prompt = QPlainTextEdit(settings.system_prompt)
        self.prompt.setObjectName("editor")
        self.prompt.setTabChangesFocus(True)
        self.prompt.setFixedHeight(104)
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
        for spin in (self.temperature, self.longest, self.slowdown, self.kv_disk):
            spin.lineEdit().setTextMargins(9, 0, 0, 0)  # the style sheet's padding does not reach it
        form = QGridLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(16)
        self._add(form, "Theme", self.theme, "")
        self._add(form, "System prompt", self.prompt, "What the model is told before each chat.")
        self._add(form, "Temperature", self.temperature, "0 always takes the likeliest word; higher is more varied.")
        self._add(form, "Longest reply", self.longest, "A token is about three quarters of an English word.")
        self._add(form, "In Balanced", self.slowdown, "What a reply may take while documents are worked on.")
        self._add(form, "Disk for chats", self.kv_disk, "What the model has read is kept there. From the next start.")
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
        self.resize(self.sizeHint())  # Qt would squeeze it into two thirds of a low screen

    def _add(self, form: QGridLayout, name: str, field: QWidget, hint: str) -> None:
        field.setAccessibleName(name)
        field.setAccessibleDescription(hint)
        title: QLabel = label(name)
        title.setBuddy(field)
        title.setFixedHeight(min(field.sizeHint().height(), _LINE_HEIGHT))  # beside the first line of the field
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(field)
        if hint:
            column.addWidget(label(hint, role=fonts.SMALL, tone="muted"))
        row = form.rowCount()
        form.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        form.addLayout(column, row, 1)

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
