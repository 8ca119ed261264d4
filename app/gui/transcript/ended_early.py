"""Why a reply ended before it was complete, and the ways on. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.core.chat_views import MessageState, MessageView
from app.gui import fonts
from app.gui.buttons import IconLabel, button, label, set_tone
from app.gui.core_words import retold
from app.gui.theme import Theme
from app.gui.tongue import mark, tr
from app.gui.transcript.actions import Actions

_CAN_GO_ON = (MessageState.STOPPED, MessageState.CUT, MessageState.INTERRUPTED)
_SENTENCES = {
    MessageState.STOPPED: mark("Stopped."),
    MessageState.CUT: mark("Cut off at the longest reply that the settings allow."),
    MessageState.INTERRUPTED: mark("Interrupted before it was complete."),
    MessageState.FAILED: mark("This reply could not be made."),
}


class EndedEarly(QWidget):
    """Its buttons are made when they are needed: most replies end well."""

    def __init__(self, theme: Theme, asked: Actions) -> None:
        super().__init__()
        self._theme, self._asked = theme, asked
        self._id, self._state, self._has_model = "", MessageState.COMPLETE, True
        self.sentence = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._icon: IconLabel | None = None
        self._buttons: tuple[QPushButton, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self.sentence, 1)
        self.hide()

    def show_message(self, message: MessageView) -> None:
        """Nothing of one that is complete, or being written."""
        self._id, self._state = message.id, message.state
        self.setVisible(message.state in _SENTENCES)
        if message.state not in _SENTENCES:
            return
        is_bad = message.state is MessageState.FAILED
        self.sentence.setText(retold(message.error) or tr(_SENTENCES[message.state]))
        set_tone(self.sentence, "danger" if is_bad else "muted")
        if self._icon is None:
            self._icon = IconLabel(self._theme, "info")
            self._row.insertWidget(0, self._icon)
            self._buttons = self._make_buttons()
        self._icon.set_icon("circle-alert" if is_bad else "info", "danger" if is_bad else "muted")
        self._offer_way_out()

    def set_has_model(self, has_model: bool) -> None:
        """Trying again is no use without a model."""
        self._has_model = has_model
        self._offer_way_out()

    def _offer_way_out(self) -> None:
        if self._buttons:
            go_on, again, choose = self._buttons
            is_bad = self._state is MessageState.FAILED
            go_on.setVisible(self._state in _CAN_GO_ON)
            again.setVisible(is_bad and self._has_model)
            choose.setVisible(is_bad and not self._has_model)

    def _make_buttons(self) -> tuple[QPushButton, ...]:
        asked = self._asked
        made = (
            button(tr("Continue"), lambda: asked.continue_reply.emit(self._id), role=fonts.SMALL),
            button(tr("Try again"), lambda: asked.regenerate.emit(self._id), role=fonts.SMALL),
            button(tr("Choose a model"), asked.choose_model.emit, role=fonts.SMALL),
        )
        for one in made:
            self._row.addWidget(one)
        return made
