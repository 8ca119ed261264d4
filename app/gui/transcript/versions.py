"""The quiet "‹ 2/3 ›" of a message that has several versions. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.core.chat_views import MessageView
from app.gui import fonts, words
from app.gui.buttons import IconButton, label
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.actions import Actions


class Versions(QWidget):
    """Hidden where there is one version, as mostly; its parts are made when they are needed."""

    def __init__(self, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self._theme, self._actions = theme, actions
        self._message: MessageView | None = None
        self._parts: tuple[IconButton, QLabel, IconButton] | None = None
        self.hide()

    def show_for(self, message: MessageView) -> None:
        """Show where this message stands among its versions."""
        self._message = message
        self.setVisible(message.n_versions > 1)
        if message.n_versions > 1:
            back, count, on = self._parts = self._parts or self._make()
            number, total = words.number(message.version), words.number(message.n_versions)
            count.setText(f"{number}/{total}")
            count.setAccessibleName(tr("Version {number} of {total}", number=number, total=total))
            back.setEnabled(message.version > 1)
            on.setEnabled(message.version < message.n_versions)

    def _make(self) -> tuple[IconButton, QLabel, IconButton]:
        back = IconButton(self._theme, "chevron-left", tr("Version before"), lambda: self.step(-1), 24)
        count = label(role=fonts.SMALL, tone="muted")
        on = IconButton(self._theme, "chevron-right", tr("Next version"), lambda: self.step(1), 24)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for widget in (back, count, on):
            row.addWidget(widget)
        return back, count, on

    def step(self, by: int) -> bool:
        """Ask for the version before or after; False where there is none."""
        if self._message is None or not 1 <= self._message.version + by <= self._message.n_versions:
            return False
        self._actions.choose_version.emit(self._message.id, self._message.version + by)
        return True
