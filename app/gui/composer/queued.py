"""The messages that wait for the reply to end, as chips that can be changed. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.chat_views import QueuedTurn
from app.gui import fonts
from app.gui.buttons import ElidedLabel, IconButton, button, label
from app.gui.growing_text import GrowingText
from app.gui.margins import margins
from app.gui.theme import Theme
from app.gui.tongue import tr


class QueuedTurns(QWidget):
    """Asks with the id of a turn; Core tells what became of it."""

    changed = Signal(str, str)  # id, new text
    removed = Signal(str)
    send_asked = Signal(str)
    left = Signal()  # what had the keyboard is gone

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._chips: dict[str, _Chip] = {}
        self._is_answering = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.hide()

    @property
    def texts(self) -> list[str]:
        """What waits, in its order."""
        return [chip.turn.text for chip in self._chips.values()]

    def show_turns(self, turns: Sequence[QueuedTurn]) -> None:
        """In this order; one that is being changed keeps what was typed."""
        wanted = {turn.id: turn for turn in turns}
        for turn_id in [old for old in self._chips if old not in wanted]:
            chip = self._chips.pop(turn_id)
            had_keyboard = chip.isAncestorOf(focus) if (focus := chip.window().focusWidget()) else False
            self._column.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
            if had_keyboard:
                self.left.emit()
        for turn in turns:
            if turn.id in self._chips:
                self._chips[turn.id].show_turn(turn)
            else:
                self._chips[turn.id] = _Chip(self._theme, turn, self)
                self._column.addWidget(self._chips[turn.id])
        self.set_answering(self._is_answering)
        for place, chip in enumerate(self._chips.values()):
            chip.show_place(place)
        self.setVisible(bool(turns))

    def set_answering(self, is_answering: bool) -> None:
        """After a stop or a failure what waits is sent by hand."""
        self._is_answering = is_answering
        for chip in self._chips.values():
            chip.set_answering(is_answering)

    def edit_last(self) -> bool:
        """Change the one that was queued last; False where none waits."""
        for chip in reversed(self._chips.values()):
            chip.begin_edit()
            return True
        return False


class _Chip(QFrame):
    def __init__(self, theme: Theme, turn: QueuedTurn, turns: QueuedTurns) -> None:
        super().__init__()
        self.setObjectName("queued")
        self._turns, self.turn = turns, turn
        self._place, self._is_answering = 0, False
        self._next = label(tr("Next"), role=fonts.SMALL_STRONG, tone="muted")
        self._shown = ElidedLabel(role=fonts.SMALL)
        self._editor = _Editor(self._save, self._cancel)
        self._send = button(tr("Send now"), lambda: turns.send_asked.emit(self.turn.id), kind="quiet", role=fonts.SMALL)
        name = tr("Edit the waiting message")
        self._edit = button(tr("Edit"), self.begin_edit, kind="quiet", name=name, role=fonts.SMALL)
        self._done = button(tr("Save"), self._save, kind="quiet", role=fonts.SMALL)
        remove = tr("Do not send the waiting message")
        self._remove = IconButton(theme, "x", remove, lambda: turns.removed.emit(self.turn.id), 24)
        row = QHBoxLayout(self)
        row.setContentsMargins(*margins(10, 2, 4, 2))
        row.setSpacing(8)
        row.addWidget(self._next)
        row.addWidget(self._shown, 1)
        row.addWidget(self._editor, 1)
        for each in (self._send, self._edit, self._done, self._remove):
            row.addWidget(each)
        self._show_editing(False)
        self.show_turn(turn)

    def show_turn(self, turn: QueuedTurn) -> None:
        self.turn = turn
        self._shown.setText(" ".join(turn.text.split()))
        self._shown.setAccessibleName(tr("Waiting to be sent: {message}", message=turn.text))

    def show_place(self, place: int) -> None:
        """In the queue: 0 goes first."""
        self._place = place
        self._write_state()

    def _write_state(self) -> None:
        waits = tr("Then") if self._place else tr("Next")
        self._next.setText(waits if self._is_answering else tr("Not sent"))

    def set_answering(self, is_answering: bool) -> None:
        self._is_answering = is_answering
        self._write_state()
        self._send.setVisible(not is_answering and self._editor.isHidden())

    def begin_edit(self) -> None:
        self._editor.setPlainText(self.turn.text)
        self._show_editing(True)
        self._editor.setFocus()
        self._editor.moveCursor(self._editor.textCursor().MoveOperation.End)

    def _save(self) -> None:
        if text := self._editor.toPlainText().strip():
            self._turns.changed.emit(self.turn.id, text)
            self.show_turn(QueuedTurn(id=self.turn.id, chat_id=self.turn.chat_id, text=text))
            self._leave()

    def _cancel(self) -> None:
        self._leave()

    def _leave(self) -> None:
        self._show_editing(False)
        self._turns.left.emit()

    def _show_editing(self, is_editing: bool) -> None:
        self._editor.setVisible(is_editing)
        self._done.setVisible(is_editing)
        for each in (self._shown, self._edit):
            each.setVisible(not is_editing)
        self._turns.set_answering(self._turns._is_answering)


class _Editor(GrowingText):
    def __init__(self, save: Callable[[], None], cancel: Callable[[], None]) -> None:
        super().__init__(4)
        self._save, self._cancel = save, cancel
        self.setObjectName("composerText")
        self.setAccessibleName(tr("Waiting message"))
        fonts.set_role(self, fonts.UI)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match Qt.Key(event.key()):
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._save()
            case Qt.Key.Key_Escape:
                self._cancel()
            case _:
                super().keyPressEvent(event)
