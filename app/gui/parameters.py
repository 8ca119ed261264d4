"""Who answers in a chat, and how: a panel at the right of the conversation (Ctrl+.). GUI thread only.

What is not set here is as in the persona, and what that does not set as in the settings.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.chat_views import NO_CHAT_OPTIONS, ChatOptions, PersonaView
from app.gui import fonts
from app.gui.buttons import IconButton, button, label
from app.gui.down_area import DownArea
from app.gui.form import choice, editor
from app.gui.model_choice import ModelChoice
from app.gui.option_fields import OptionFields
from app.gui.page import QWIDGETSIZE_MAX
from app.gui.theme import Theme
from app.gui.tongue import tr

WIDTH = 300
_WIDEST = 440  # where type is large
_PAUSE_MS = 400


class Parameters(QFrame):
    """`options_changed` and `persona_chosen` are about the chat that is shown."""

    options_changed = Signal(object)  # ChatOptions
    persona_chosen = Signal(str)
    personas_asked = Signal()
    closed = Signal()
    toggled = Signal()  # shown, or hidden; or it takes another width

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("parameters")
        self._is_wide = False
        fonts.set_role(self, fonts.UI)  # so that it hears of the zoom
        self._options = NO_CHAT_OPTIONS
        self.persona = choice([(tr("None"), "")])
        self.persona.setAccessibleName(tr("Persona"))
        self.prompt = editor(5, tr("As in the persona or the settings"))
        self.prompt.setAccessibleName(tr("System prompt"))
        self.model = ModelChoice(tr("The one that is loaded"))
        self.model.setAccessibleName(tr("Model of this chat"))
        self.fields = OptionFields(theme, tr("as usual"))
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 16, 8)
        head.addWidget(label(tr("This chat"), role=fonts.BRAND), 1)
        head.addWidget(IconButton(theme, "x", tr("Close the panel"), self.closed.emit))
        who = QHBoxLayout()
        who.addWidget(self.persona, 1)
        who.addWidget(button(tr("Edit…"), self.personas_asked.emit, name=tr("Edit personas")))
        inside = QWidget()
        inside.setObjectName("column")
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 0, 16, 16)
        column.setSpacing(8)
        column.addWidget(label(tr("Persona"), role=fonts.SMALL, tone="muted"))
        column.addLayout(who)
        column.addWidget(label(tr("Model"), role=fonts.SMALL, tone="muted"))
        column.addWidget(self.model)
        column.addWidget(label(tr("System prompt"), role=fonts.SMALL, tone="muted"))
        column.addWidget(self.prompt)
        column.addSpacing(4)
        column.addWidget(self.fields)
        column.addStretch()
        area = DownArea()
        area.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(area, 1)
        self.persona.activated.connect(lambda _: self.persona_chosen.emit(self.persona.currentData()))
        self.prompt.textChanged.connect(self._pause.start)
        self.fields.changed.connect(self._pause.start)
        self.model.changed.connect(self._pause.start)
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.set_wide(self._is_wide)
            self.toggled.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.toggled.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.toggled.emit()

    @property
    def beside_width(self) -> int:
        """Of the panel beside the conversation: more where type is large."""
        return min(fonts.scaled(WIDTH), _WIDEST)

    def set_wide(self, is_wide: bool) -> None:
        """As wide as there is room, in place of the conversation; else as wide as a panel beside it."""
        self._is_wide = is_wide
        self.setMinimumWidth(0 if is_wide else self.beside_width)
        self.setMaximumWidth(QWIDGETSIZE_MAX if is_wide else self.beside_width)

    def show_chat(self, options: ChatOptions, persona_id: str) -> None:
        """What is set in another chat."""
        self.flush()
        self._options = options
        self.fields.show_options(options)
        self.model.show_value(options.model or "")
        self.prompt.blockSignals(True)
        self.prompt.setPlainText(options.system_prompt or "")
        self.prompt.blockSignals(False)
        self._show_persona(persona_id)

    def show_personas(self, personas: Sequence[PersonaView]) -> None:
        held = self.persona.currentData()
        self.persona.clear()
        for name, value in [(tr("None"), ""), *((persona.name, persona.id) for persona in personas)]:
            self.persona.addItem(name, value)
        self._show_persona(held)

    def flush(self) -> None:
        """Tell now what was changed a moment ago."""
        if self._pause.isActive():
            self._pause.stop()
            self._tell()

    def _show_persona(self, persona_id: str) -> None:
        self.persona.setCurrentIndex(max(0, self.persona.findData(persona_id)))

    def _tell(self) -> None:
        self._options = msgspec.structs.replace(
            self.fields.options(),
            system_prompt=self.prompt.toPlainText().strip() or None,
            model=self.model.value or None,
        )
        self.options_changed.emit(self._options)
