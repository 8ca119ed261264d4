"""The text of a message while it is being changed, where it stands. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui.buttons import button
from app.gui.growing_text import GrowingText
from app.gui.tongue import tr

_LINES = 12


class InPlaceEditor(QWidget):
    """The button or Enter saves, Esc cancels; Shift+Enter is a new line. Unless `enter_saves`, Ctrl+Enter saves."""

    def __init__(
        self,
        text: str,
        name: str,
        save: tuple[str, str],
        saved: Callable[[str], None],
        cancelled: Callable[[], None],
        *,
        enter_saves: bool = True,
        is_boxed: bool = False,
    ) -> None:
        """`save`: what the button says, and its whole name. `is_boxed`: nothing around it shows that it is a field."""
        super().__init__()
        self._saved, self._cancelled, self._enter_saves = saved, cancelled, enter_saves
        self.text = GrowingText(_LINES)
        self.text.setPlainText(text)
        self.text.setObjectName("messageEditor")
        self.text.setAccessibleName(name)
        self.text.moveCursor(self.text.textCursor().MoveOperation.End)
        self.text.installEventFilter(self)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button(tr("Cancel"), cancelled))
        row.addWidget(button(save[0], self._save, kind="main", name=save[1]))
        column = QVBoxLayout(self)
        column.setContentsMargins(*((14, 12, 12, 12) if is_boxed else (0, 4, 0, 4)))
        if is_boxed:
            self.setObjectName("editorBox")
            self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column.addWidget(self.text)
        column.addLayout(row)

    def _save(self) -> None:
        self._saved(self.text.toPlainText())

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if event.key() == Qt.Key.Key_Escape:
                event.accept()  # it is for the editor, not for the window, where it stops the reply
                return True
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            held = event.modifiers()
            is_control = bool(held & Qt.KeyboardModifier.ControlModifier)
            saves = is_control or (self._enter_saves and not held & Qt.KeyboardModifier.ShiftModifier)
            if event.key() == Qt.Key.Key_Escape:
                self._cancelled()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and saves:
                self._save()
                return True
        return False
