"""The settings a person changes most; not modal. GUI thread only: Core keeps and writes them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDoubleSpinBox, QKeySequenceEdit, QSpinBox, QWidget

from app.gui import fonts, words
from app.gui.buttons import button
from app.gui.dialog_layout import column_inside, fit, lay_out
from app.gui.disclosure import Disclosure
from app.gui.flow import FlowLayout
from app.gui.form import Form, choice, editor, settle_spin
from app.gui.global_key import GlobalKey
from app.gui.segments import Segments
from app.gui.tab_order import step
from app.gui.theme import Theme
from app.gui.tongue import languages, mark, tr
from app.settings import Settings

_LEAST_WIDTH = 560
_THEMES = {"system": (mark("As the system"), ""), "light": (mark("Light"), ""), "dark": (mark("Dark"), "")}
_ENTER = {"send": (mark("Sends"), ""), "line": (mark("New line"), "")}
_TITLES = {"model": (mark("By the model"), ""), "words": (mark("Their first words"), "")}


class SettingsDialog(QDialog):
    """Shows the settings as they are; Save tells those it asks for, by their names."""

    saved = Signal(dict)
    export_asked = Signal()
    import_asked = Signal()

    def __init__(self, parent: QWidget, theme: Theme, settings: Settings) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.theme = Segments(tr("Theme"), {value: (tr(name), tip) for value, (name, tip) in _THEMES.items()})
        self.theme.show_value(settings.theme if settings.theme in _THEMES else "system")
        self.language = choice([(tr("As the system"), ""), *((name, code) for code, name in languages().items())])
        self.language.setCurrentIndex(max(0, self.language.findData(settings.language)))
        self.zoom = choice([(words.percent_of(size), str(size)) for size in fonts.ZOOMS])
        self.zoom.setCurrentIndex(max(0, self.zoom.findData(str(settings.zoom))))
        self.enter = Segments(tr("Enter"), {value: (tr(name), tip) for value, (name, tip) in _ENTER.items()})
        self.enter.show_value("send" if settings.enter_sends else "line")
        self.titles = Segments(
            tr("Titles of chats"), {value: (tr(name), tip) for value, (name, tip) in _TITLES.items()}
        )
        self.titles.show_value("model" if settings.makes_titles else "words")
        self.quick_key = QKeySequenceEdit(QKeySequence(settings.quick_ask_key))
        self.quick_key.setMaximumSequenceLength(1)
        self.quick_key.setClearButtonEnabled(True)
        self.prompt = editor(3)
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
        self.longest.setSuffix(tr(" tokens"))
        self.longest.setValue(settings.max_reply_tokens)
        self.slowdown = QDoubleSpinBox()
        self.slowdown.setRange(1.05, 5)
        self.slowdown.setSingleStep(0.1)
        self.slowdown.setDecimals(2)
        self.slowdown.setSuffix(tr(" times as long"))
        self.slowdown.setValue(settings.balanced_slowdown)
        self.kv_disk = QDoubleSpinBox()
        self.kv_disk.setRange(0, 500)
        self.kv_disk.setDecimals(1)
        self.kv_disk.setSuffix(tr(" GB"))
        self.kv_disk.setValue(settings.kv_disk_gb)
        settle_spin(self.temperature, self.longest, self.slowdown, self.kv_disk)
        form = Form()
        form.add(tr("Theme"), self.theme)
        form.add(tr("Language"), self.language, tr("From the next start."))
        form.add(tr("Text size"), self.zoom)
        form.add(tr("Enter"), self.enter, tr("Where it is a new line, Ctrl+Enter sends."))
        if GlobalKey.is_offered():
            form.add(tr("Quick ask"), self.quick_key, tr("This key asks from any program. Empty: none."))
        form.add(tr("Titles of chats"), self.titles, tr("Asked when the machine has nothing else to do."))
        form.add(tr("System prompt"), self.prompt, tr("What the model is told before each chat."))
        form.add(tr("Your data"), self._data())
        self.advanced = Disclosure(theme, tr("Advanced"), self._advanced(form))
        inside, column = column_inside()
        column.addLayout(form)
        column.addWidget(self.advanced)
        column.addStretch(1)  # else the form would share what is left
        save = button(tr("Save"), self._save, kind="main", role=fonts.UI_STRONG)
        lay_out(self, tr("Settings"), inside, button(tr("Cancel"), self.reject), save)
        fit(self, inside, least=_LEAST_WIDTH)
        self.advanced.opened.connect(lambda: fit(self, inside, least=self.width()))
        self.theme.setFocus()

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes as the dialog is read."""
        return step(self, next) or super().focusNextPrevChild(next)

    def _advanced(self, above: Form) -> QWidget:
        made = QWidget()
        form = Form()
        form.add(tr("Temperature"), self.temperature, tr("0 always takes the likeliest word; higher is more varied."))
        form.add(tr("Longest reply"), self.longest, tr("A token is about three quarters of an English word."))
        form.add(tr("In Balanced"), self.slowdown, tr("What a reply may take while documents are worked on."))
        form.add(tr("Disk for chats"), self.kv_disk, tr("What the model has read is kept there. From the next start."))
        form.stand_below(above)
        made.setLayout(form)
        return made

    def _data(self) -> QWidget:
        made = QWidget()
        row = FlowLayout(8, likes_a_line=True)
        row.addWidget(button(tr("Export everything…"), self.export_asked.emit))
        row.addWidget(button(tr("Import chats…"), self.import_asked.emit))
        made.setLayout(row)
        return made

    def _save(self) -> None:
        changes = {
            "theme": self.theme.value,
            "language": self.language.currentData(),
            "zoom": float(self.zoom.currentData()),
            "enter_sends": self.enter.value == "send",
            "quick_ask_key": self.quick_key.keySequence().toString(QKeySequence.SequenceFormat.PortableText),
            "makes_titles": self.titles.value == "model",
            "system_prompt": self.prompt.toPlainText().strip(),
            "temperature": round(self.temperature.value(), 2),
            "max_reply_tokens": self.longest.value(),
            "balanced_slowdown": round(self.slowdown.value(), 2),
            "kv_disk_gb": round(self.kv_disk.value(), 1),
        }
        self.saved.emit(changes)
        self.accept()
