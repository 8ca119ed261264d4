"""Above the conversation: which model answers, and the way to another one. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from app.core.chat_views import AttachmentView
from app.core.events import ModelStateChanged
from app.core.model_views import LocalModel
from app.engine.interface import ModelState
from app.gui import fonts, words
from app.gui.buttons import ElidedLabel, IconButton
from app.gui.core_words import retold
from app.gui.icons import set_icon
from app.gui.keys import native
from app.gui.models.verdict import expected_speed, fit_word
from app.gui.theme import Theme
from app.gui.tongue import is_right_to_left, tr


class _Documents(ElidedLabel):
    """Those of a chat; without their pages where there is little room."""

    _whole = _short = ""

    def show_documents(self, documents: Sequence[AttachmentView]) -> None:
        self._whole = words.documents_of_chat(documents)
        self._short = documents[0].name if len(documents) == 1 else words.documents(len(documents))
        self.setAccessibleName(self._whole)
        self.explain("\n".join(document.name for document in documents))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        fits = self.fontMetrics().horizontalAdvance(self._whole) < self.contentsRect().width()
        self.setText(self._whole if fits else self._short)


class TopBar(QWidget):
    """The model picker, what the model's state is, and a button for the sidebar where that is folded away."""

    sidebar_asked = Signal()
    models_asked = Signal()  # the menu wants to be filled: answer with `show_models`
    model_chosen = Signal(Path)
    file_asked = Signal()
    page_asked = Signal()  # all models
    unload_asked = Signal()
    parameters_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("topBar")
        self._theme = theme
        self.sidebar_button = IconButton(theme, "panel-left", tr("Show the sidebar"), self.sidebar_asked.emit)
        self.picker = QPushButton(tr("No model"))
        fonts.set_role(self.picker, fonts.UI)
        self.picker.setLayoutDirection(_other_direction())  # the chevron stands after the name
        self.picker.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.picker.setToolTip(f"{tr('Choose a model')}   {native('Ctrl+L')}")
        self.picker.setProperty("kind", "raised")
        self.picker.setAutoDefault(False)
        self.picker.clicked.connect(self.models_asked.emit)
        self._note = ElidedLabel(role=fonts.SMALL, tone="muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 12, 24, 8)
        row.setSpacing(8)
        row.addWidget(self.sidebar_button)
        row.addWidget(self.picker, 0, Qt.AlignmentFlag.AlignVCenter)  # else the row would be no higher than it
        row.addWidget(self._note, 1)
        self._documents = _Documents(role=fonts.SMALL, tone="muted")
        self._documents.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._documents.hide()
        row.addWidget(self._documents, 2)
        name = tr("Persona and settings of this chat")
        self.parameters_button = IconButton(theme, "sliders-horizontal", name, self.parameters_asked.emit)
        row.addWidget(self.parameters_button)
        theme.changed.connect(self._tint)
        self._tint()
        self.show_model(ModelStateChanged(state=ModelState.ABSENT, name=""))

    def show_model(self, change: ModelStateChanged) -> None:
        """What is loaded, or how far it is."""
        self._is_ready = change.state is ModelState.READY
        self.picker.setText(f"{change.name or tr('Choose a model')} ")  # a little room before the chevron
        self.picker.setAccessibleName(tr("Model: {name}", name=change.name or tr("none")))
        match change.state:
            case ModelState.LOADING:
                note = tr("Loading, {fraction}", fraction=words.percent(change.fraction))
            case ModelState.FAILED:
                note = tr("No model is loaded")  # a notice says why, and what to do
            case ModelState.ASLEEP:
                note = tr("Asleep until you type")
            case ModelState.ABSENT:
                note = tr("No model is loaded")
            case _:
                note = words.size(change.size_bytes) if change.size_bytes else ""
        self._note.setText(note)

    def show_documents(self, documents: Sequence[AttachmentView]) -> None:
        """What the chat that is shown has of them."""
        self._documents.show_documents(documents)
        self._documents.setVisible(bool(documents))

    def show_models(self, models: Sequence[LocalModel]) -> None:
        """Open the menu with these models."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for model in models:
            if model.problem:
                continue
            kept = tr("in memory") if model.is_kept else ""
            parts = (model.name, words.size(model.size_bytes), kept or fit_word(model.fit), expected_speed(model.fit))
            action = menu.addAction(words.DOT.join(part for part in parts if part))
            action.setToolTip(retold(model.fit.sentence) if model.fit is not None else "")
            action.setCheckable(True)
            action.setChecked(model.is_loaded)
            action.triggered.connect(lambda _checked=False, path=model.path: self.model_chosen.emit(path))
        if models:
            menu.addSeparator()
        menu.addAction(tr("All models…")).triggered.connect(self.page_asked.emit)
        menu.addAction(tr("Open a GGUF file…")).triggered.connect(self.file_asked.emit)
        unload = menu.addAction(tr("Unload the model"))
        unload.setToolTip(tr("Its memory is given back. The first key you type loads it again."))
        unload.setEnabled(self._is_ready)
        unload.triggered.connect(self.unload_asked.emit)
        menu.setToolTipsVisible(True)
        menu.popup(self.picker.mapToGlobal(self.picker.rect().bottomLeft()))

    def _tint(self) -> None:
        set_icon(self.picker, "chevron-down", self._theme.tokens.text)


def _other_direction() -> Qt.LayoutDirection:
    return Qt.LayoutDirection.LeftToRight if is_right_to_left() else Qt.LayoutDirection.RightToLeft
