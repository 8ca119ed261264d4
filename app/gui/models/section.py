"""A head and the rows below it, with a sentence and an action where there are none. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import button, label, set_tone


class Section(QWidget):
    """Shows rows, or says why there are none."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.rows: list[QWidget] = []
        self._said = label(role=fonts.UI, tone="muted", wraps=True)
        self._do: Callable[[], object] = lambda: None
        self._action = button("", lambda: self._do(), kind="raised", name=title)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 16)
        self._column.setSpacing(0)
        self._column.addWidget(label(title, role=fonts.GROUP, tone="muted"))
        self._column.addSpacing(4)
        self._column.addWidget(self._said)
        self._column.addSpacing(4)
        self._column.addWidget(self._action)
        self.say("")

    def show_rows(self, rows: Sequence[QWidget]) -> None:
        """In place of those that were there."""
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = list(rows)
        for place, row in enumerate(self.rows):
            row.setProperty("isFirst", "true" if place == 0 else "false")
            self._column.addWidget(row)
        if rows:
            self.say("")

    def say(
        self, sentence: str, *, tone: str = "muted", action: tuple[str, Callable[[], object]] | None = None
    ) -> None:
        """Instead of rows, or above them. Empty: nothing."""
        self._said.setText(sentence)
        set_tone(self._said, tone)
        self._said.setVisible(bool(sentence))
        self._action.setVisible(action is not None)
        if action is not None:
            text, self._do = action
            self._action.setText(text)
            self._action.setAccessibleName(f"{text}, {self._title}")
