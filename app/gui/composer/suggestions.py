"""The list over the box to write in: saved prompts after "/", documents after "@", narrowed while somebody types.

The keyboard stays in the text; the arrows move in the list, Enter and Tab take what is marked. GUI thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QListView, QVBoxLayout, QWidget

from app.gui.composer.text import MessageEdit, Suggests
from app.gui.palette_row import ENTRY_ROLE, PaletteRow
from app.gui.theme import Theme
from app.gui.tongue import tr

_ROWS_AT_MOST = 7
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True)
class Suggestion:
    """`take` is called when it was chosen, after the word that was typed for it has been removed."""

    text: str
    icon: str
    take: Callable[[], object]
    below: str = ""
    side: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    is_further: bool = False


Offer = Callable[[], Sequence[Suggestion]]


class Suggestions(QFrame, Suggests):
    """`offers`: what there is for each mark, "/" only at the beginning of the text, others at that of a word."""

    def __init__(self, window: QWidget, theme: Theme, edit: MessageEdit, offers: dict[str, Offer]) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self._edit, self._offers = edit, offers
        self._word = ""  # what was typed, with its mark
        self._refused = ""  # closed by Esc: not opened again for this word
        self._model = _Model()
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(PaletteRow(theme))
        self.list.setAccessibleName(tr("Suggestions"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(lambda _: self._take())
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.list)
        edit.suggestions = self
        edit.textChanged.connect(self.look)
        edit.cursorPositionChanged.connect(self.look)
        edit.focused.connect(lambda has_focus: None if has_focus else self.hide())
        self.hide()

    @property
    def shown(self) -> list[Suggestion]:
        """Best first; empty while it is closed."""
        return [] if self.isHidden() else list(self._model.rows)

    def look(self) -> None:
        """See whether what stands before the cursor asks for something."""
        before = self._edit.before_cursor()
        self._word = word_at_end(before, tuple(self._offers))
        if self._word != self._refused:
            self._refused = ""
        if not self._word or self._refused or not self._edit.hasFocus():
            self.hide()
            return
        found = narrowed(self._offers[self._word[0]](), self._word[1:])
        if not found:
            self.hide()
            return
        self._model.show_rows(found)
        self.list.setCurrentIndex(self._model.index(0))
        self._place()
        self.show()
        self.raise_()

    def takes_key(self, event: QKeyEvent) -> bool:
        if self.isHidden():
            return False
        match Qt.Key(event.key()):
            case Qt.Key.Key_Down:
                self._move(1)
            case Qt.Key.Key_Up:
                self._move(-1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Tab:
                self._take()
            case Qt.Key.Key_Escape:
                self._refused = self._word
                self.hide()
            case _:
                return False
        return True

    def _move(self, by: int) -> None:
        row = (self.list.currentIndex().row() + by) % self._model.rowCount()
        self.list.setCurrentIndex(self._model.index(row))
        self._edit.setAccessibleDescription(self._model.rows[row].text)

    def _take(self) -> None:
        chosen = self.list.currentIndex().data(ENTRY_ROLE)
        if isinstance(chosen, Suggestion):
            self.hide()
            self._edit.put_at_cursor("", len(self._word))
            chosen.take()

    def _place(self) -> None:
        window = self.parentWidget()
        if window is None:
            return
        rows = self._model.rowCount()
        heights = [self.list.sizeHintForRow(row) for row in range(min(rows, _ROWS_AT_MOST))]
        box = self._edit.parentWidget() or self._edit
        top, left = self._edit.mapTo(window, QPoint(0, 0)).y(), box.mapTo(window, QPoint(0, 0)).x()
        height = min(sum(heights) + 14, max(60, top - 40))
        self.setGeometry(left, top - height - 14, box.width(), height)


class _Model(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Suggestion] = []

    def show_rows(self, rows: Sequence[Suggestion]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return row.text
            case _ if role == ENTRY_ROLE:
                return row
        return None


def word_at_end(before: str, marks: Sequence[str]) -> str:
    """The word under way with its mark; empty where it has none. "/" counts only as the first character of all."""
    if "/" in marks and before.startswith("/") and "\n" not in before and len(before) <= 60:
        return before
    word = before[max(before.rfind(" "), before.rfind("\n")) + 1 :]
    return word if word[:1] in marks and word[:1] != "/" else ""


def narrowed(suggestions: Sequence[Suggestion], typed: str) -> list[Suggestion]:
    """Those that have what was typed in their name, those that begin with it first."""
    wanted = typed.casefold().strip()
    found = [each for each in suggestions if wanted in each.text.casefold()]
    return sorted(found, key=lambda each: not each.text.casefold().startswith(wanted))
