"""Ctrl+K: one line to type in, and below it the actions and the chats that it finds. GUI thread only.

Floats over the window; the keyboard stays in the line, the arrows move in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QVBoxLayout, QWidget

from app.core.chat_views import ChatView, SearchHit
from app.gui import fonts
from app.gui.buttons import label
from app.gui.keys import Key, native
from app.gui.palette_row import ENTRY_ROLE, PaletteRow
from app.gui.scrim import Scrim
from app.gui.theme import Theme
from app.gui.tongue import tr

_WIDTH, _TOP, _MARGIN = 640, 84, 16
_ACTIONS_AT_MOST, _PLACES_AT_MOST = 6, 3
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True)
class Entry:
    """What can be taken. `marks`: the ranges of `below` that were searched for; `side`: at the end of the line.

    `is_further`: one more place in the chat above, whose name is not shown again.
    """

    text: str
    take: Callable[[], object]
    icon: str
    below: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    side: str = ""
    is_further: bool = False

    @property
    def spoken(self) -> str:
        return ", ".join(part for part in (self.text, self.below, self.side) if part)


class Palette(QFrame):
    """`search_asked` with what was typed; answer with `show_hits` or `search_failed`.

    `found`: what was found for this text is in the list. `opened`: a chat, and a message in it or nothing.
    """

    search_asked = Signal(str)
    found = Signal(str)
    opened = Signal(str, str)
    closed = Signal()

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self._actions: Sequence[Key] = ()
        self._recent: Sequence[ChatView] = ()
        self._hits: Sequence[SearchHit] = ()
        self._searched = ""  # what the hits are for
        self._asked = ""  # what is being searched for: one text at a time, then what stands in the line by then
        self._scrim = Scrim(parent)
        self._scrim.clicked.connect(self.close_palette)
        self.line = QLineEdit()
        self.line.setObjectName("paletteLine")
        self.line.setPlaceholderText(tr("Find a chat, or something to do"))
        self.line.setAccessibleName(tr("Find a chat, or something to do"))
        fonts.set_role(self.line, fonts.MESSAGE)
        self._model = _Entries()
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(PaletteRow(theme))
        self.list.setAccessibleName(tr("Found"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self._nothing = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._nothing.setMargin(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.line)
        column.addWidget(self._nothing)
        column.addWidget(self.list, 1)
        self._typing = QTimer(self, singleShot=True, interval=0)  # keys that came together are searched for once
        self._typing.timeout.connect(self._search)
        self.line.textChanged.connect(self._typed)
        self.line.installEventFilter(self)
        self.list.clicked.connect(self._take)
        self.list.entered.connect(self.list.setCurrentIndex)
        parent.installEventFilter(self)
        self.hide()

    # what the window says

    def open(self, actions: Sequence[Key], recent: Sequence[ChatView]) -> None:
        """Show it, empty: the chats that were last used, and what can be done."""
        self._actions, self._recent, self._hits, self._searched = actions, recent, (), ""
        self.line.clear()
        self._show()
        self._place()
        self._scrim.show()
        self._scrim.raise_()
        self.raise_()
        self.show()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_palette(self) -> bool:
        """Take it away; False where it was not there."""
        if self.isHidden():
            return False
        self._scrim.hide()
        self.hide()
        self.closed.emit()
        return True

    def show_hits(self, text: str, hits: Sequence[SearchHit]) -> None:
        """What Core found for `text`; where something else has been typed since, that is asked now."""
        self._asked = ""
        if text == self.line.text().strip():
            self._hits, self._searched = hits, text
            self._show()
            self.found.emit(text)
        else:
            self._search()

    def search_failed(self) -> None:
        """The next key asks again."""
        self._asked = ""

    @property
    def entries(self) -> list[Entry]:
        """What is shown, best first."""
        return list(self._model.entries)

    @property
    def is_settled(self) -> bool:
        """What is shown is for what stands in the line."""
        text = self.line.text().strip()
        return not text or text == self._searched

    # inside

    def _typed(self) -> None:
        self._typing.start()
        self._show()

    def _search(self) -> None:
        text = self.line.text().strip()
        if text and not self._asked and text != self._searched:
            self._asked = text
            self.search_asked.emit(text)

    def _show(self) -> None:
        text = self.line.text().strip()
        actions = [self._of_action(key) for key in matching(self._actions, text) if key.is_offered]
        if not text:
            entries = [self._of_chat(chat) for chat in self._recent] + actions
        else:
            entries = actions[:_ACTIONS_AT_MOST] + self._of_hits()
        self._model.show_entries(entries)
        self._nothing.setText(tr("No chat and no action has these words.") if self.is_settled else tr("Searching…"))
        self._nothing.setVisible(not entries)
        self.list.setVisible(bool(entries))
        self.list.setCurrentIndex(self._model.index(0))
        self._place()

    def _of_action(self, key: Key) -> Entry:
        assert key.do is not None
        return Entry(tr(key.does), key.do, key.icon, side=native(key.keys[0]) if key.keys else "")

    def _of_chat(self, chat: ChatView) -> Entry:
        return Entry(chat.title, lambda: self.opened.emit(chat.id, ""), "message-square")

    def _of_hits(self) -> list[Entry]:
        """Each chat once, in the place of its best hit, with the messages below it that have the words."""
        by_chat: dict[str, list[SearchHit]] = {}
        for hit in self._hits:
            by_chat.setdefault(hit.chat.id, []).append(hit)
        entries = []
        for hits in by_chat.values():
            places = [hit for hit in hits if hit.message_id] or hits  # a title says no more than the chat's own row
            entries += [self._of_hit(hit, is_further=n > 0) for n, hit in enumerate(places[:_PLACES_AT_MOST])]
        return entries

    def _of_hit(self, hit: SearchHit, *, is_further: bool) -> Entry:
        below, marks = (hit.snippet, hit.marks) if hit.message_id else ("", ())
        return Entry(
            hit.chat.title,
            lambda: self.opened.emit(hit.chat.id, hit.message_id),
            "archive" if hit.chat.is_archived else "message-square",
            below=below,
            marks=marks,
            is_further=is_further,
        )

    def _take(self, index: QModelIndex) -> None:
        entry = index.data(ENTRY_ROLE)
        if isinstance(entry, Entry):
            self.close_palette()
            entry.take()

    def _move(self, by: int) -> None:
        count = self._model.rowCount()
        if count:
            row = (self.list.currentIndex().row() + by) % count
            self.list.setCurrentIndex(self._model.index(row))
            self.line.setAccessibleDescription(self._model.entries[row].spoken)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            match Qt.Key(event.key()):
                case Qt.Key.Key_Down | Qt.Key.Key_Tab:
                    self._move(1)
                case Qt.Key.Key_Up | Qt.Key.Key_Backtab:
                    self._move(-1)
                case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                    self._take(self.list.currentIndex())
                case Qt.Key.Key_Escape:
                    self.close_palette()
                case _:
                    return False
            return True
        if watched is self.parent() and event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        self._scrim.setGeometry(parent.rect())
        width = min(_WIDTH, parent.width() - 2 * _MARGIN)
        rows = sum(self.list.sizeHintForRow(row) for row in range(min(self._model.rowCount(), 40)))
        frame = self.line.sizeHint().height() + 24 + (self._nothing.sizeHint().height() if not rows else 0)
        top = min(_TOP, parent.height() // 8)
        height = min(frame + rows, parent.height() - 2 * top)
        self.setGeometry((parent.width() - width) // 2, top, width, height)


class _Entries(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def show_entries(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return entry.spoken
            case _ if role == ENTRY_ROLE:
                return entry
        return None


def matching(actions: Sequence[Key], text: str) -> list[Key]:
    """The actions that have a word beginning with each of these, those that begin with it first."""
    wanted = text.casefold().split()

    def takes(key: Key) -> bool:
        words = tr(key.does).casefold().replace("…", "").split()
        return all(any(word.startswith(start) for word in words) for start in wanted)

    found = [key for key in actions if key.do is not None and takes(key)]
    return sorted(found, key=lambda key: not tr(key.does).casefold().startswith(text.casefold()))
