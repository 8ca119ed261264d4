"""The quiet "‹ 2/3 ›" of a message that has several versions. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core.chat_views import MessageView
from app.gui import fonts, words
from app.gui.buttons import IconButton, label
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.actions import Actions


class Versions(QWidget):
    """Hidden where there is one version."""

    def __init__(self, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self._actions = actions
        self._message: MessageView | None = None
        self._back = IconButton(theme, "chevron-left", tr("Version before"), lambda: self.step(-1), 24)
        self._count = label(role=fonts.SMALL, tone="muted")
        self._on = IconButton(theme, "chevron-right", tr("Next version"), lambda: self.step(1), 24)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for widget in (self._back, self._count, self._on):
            row.addWidget(widget)
        self.hide()

    def show_for(self, message: MessageView) -> None:
        """Show where this message stands among its versions."""
        self._message = message
        self._count.setText(f"{words.number(message.version)}/{words.number(message.n_versions)}")
        self._count.setAccessibleName(
            tr(
                "Version {number} of {total}",
                number=words.number(message.version),
                total=words.number(message.n_versions),
            )
        )
        self._back.setEnabled(message.version > 1)
        self._on.setEnabled(message.version < message.n_versions)
        self.setVisible(message.n_versions > 1)

    def step(self, by: int) -> None:
        """Ask for the version before or after, where there is one."""
        if self._message is not None and 1 <= self._message.version + by <= self._message.n_versions:
            self._actions.choose_version.emit(self._message.id, self._message.version + by)
