"""The items of a job as rows of a table, of which only those that are looked at have been read. GUI thread only.

A hundred thousand rows are a number; pages of a hundred come one at a time, those that are in view first. What is in
view is read again when the job has moved on, and shows what it showed until then.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from app.core.views import ItemPage, ItemState, ItemView
from app.gui import fonts, job_words, words
from app.gui.core_words import retold
from app.gui.icons import icon
from app.gui.job_page.item_words import in_one_line
from app.gui.theme import Theme
from app.gui.tongue import mark, tr

PAGE = 100
KEPT = 8  # pages
ITEM_ROLE = Qt.ItemDataRole.UserRole
HEADS = (mark("Item"), mark("State"), mark("Result"), mark("Tokens"), mark("Time"))
NAME, STATE, RESULT, TOKENS, TIME = range(len(HEADS))
STATE_ICONS = {
    ItemState.QUEUED: ("circle-dashed", "muted"),
    ItemState.RUNNING: ("loader-circle", "accent"),
    ItemState.DONE: ("circle-check", "ok"),
    ItemState.FAILED: ("circle-alert", "danger"),
}
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
Ask = Callable[[str, ItemState | None, int], None]  # job, state, offset


class ItemModel(QAbstractTableModel):
    """`ask` wants a page, which comes back by `take` or, where that can't be, `not_given`."""

    counted = Signal(int)  # how many rows there are, once that is known

    def __init__(self, theme: Theme, ask: Ask) -> None:
        super().__init__()
        self._theme, self._ask = theme, ask
        self._job_id = ""
        self._state: ItemState | None = None
        self._total = 0
        self._pages: dict[int, tuple[ItemView, ...]] = {}  # by offset, the one that was used last at the end
        self._stale: set[int] = set()
        self._asked: int | None = None  # the page that is on its way
        self._view = (0, 0)  # the rows that are looked at

    def show_items(self, job_id: str, state: ItemState | None) -> None:
        """Those of a job in one state; None: all."""
        self.beginResetModel()
        self._job_id, self._state, self._total = job_id, state, 0
        self._pages.clear()
        self._stale.clear()
        self._asked, self._view = None, (0, 0)
        self.endResetModel()
        if job_id:
            self._ask_next()

    def look_at(self, first: int, last: int) -> None:
        """These rows are in view."""
        self._view = (first, last)
        self._ask_next()

    def refresh(self) -> None:
        """The job has moved on: read again what is in view, forget the rest."""
        wanted = self._wanted()
        self._pages = {offset: page for offset, page in self._pages.items() if offset in wanted}
        self._stale = set(wanted)
        self._ask_next()

    def take(self, page: ItemPage) -> None:
        """A page has come; one that is not waited for any more is put away."""
        if (page.job_id, page.state, page.offset) != (self._job_id, self._state, self._asked):
            return
        self._asked = None
        self._stale.discard(page.offset)
        self._count(page.total)
        self._pages.pop(page.offset, None)
        self._pages[page.offset] = page.items
        while len(self._pages) > KEPT:
            del self._pages[next(iter(self._pages))]
        if page.items:
            last = self.index(page.offset + len(page.items) - 1, TIME)
            self.dataChanged.emit(self.index(page.offset, NAME), last)
        self._ask_next()

    def not_given(self) -> None:
        """The page can't be read: it is asked for again when somebody looks."""
        self._asked = None

    def item(self, row: int) -> ItemView | None:
        """What is known of a row."""
        page = self._pages.get(row - row % PAGE, ())
        return page[row % PAGE] if row % PAGE < len(page) else None

    def row_of(self, item_id: int) -> int:
        """Where an item stands, among those that were read; -1: it does not."""
        for offset, page in self._pages.items():
            for number, item in enumerate(page):
                if item.id == item_id:
                    return offset + number
        return -1

    def _wanted(self) -> list[int]:
        """The pages of what is in view; of the end, where the list has become shorter than that."""
        first, last = (min(row, max(0, self._total - 1)) for row in self._view)
        return list(range(first - first % PAGE, max(last, first) + 1, PAGE))

    def _ask_next(self) -> None:
        """One at a time, so that a long scroll asks for where it ends and not for all that it passed."""
        if self._asked is not None or not self._job_id:
            return
        wanted = [offset for offset in self._wanted() if offset not in self._pages or offset in self._stale]
        if wanted:
            self._asked = wanted[0]
            self._ask(self._job_id, self._state, wanted[0])

    def _count(self, total: int) -> None:
        if total > self._total:
            self.beginInsertRows(_ROOT, self._total, total - 1)
            self._total = total
            self.endInsertRows()
        elif total < self._total:
            self.beginRemoveRows(_ROOT, total, self._total - 1)
            self._total = total
            self.endRemoveRows()
        self.counted.emit(total)

    # what Qt asks

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else self._total

    def columnCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in (TOKENS, TIME) else _LEFT
        if role == Qt.ItemDataRole.FontRole:
            return fonts.font(fonts.SMALL)
        return tr(HEADS[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item, column = self.item(index.row()), index.column()
        if role == ITEM_ROLE:
            return item
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (TOKENS, TIME):
            return _RIGHT
        if item is None:
            is_name = role == Qt.ItemDataRole.DisplayRole and column == NAME
            return "…" if is_name else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _cell(item, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                said = _cell(item, column)
                return f"{said}, {job_words.item_state(item.state)}" if column == NAME else said
            case Qt.ItemDataRole.ToolTipRole if column in (NAME, RESULT):
                return _cell(item, column)
            case Qt.ItemDataRole.DecorationRole if column == STATE:
                name, colour = STATE_ICONS[item.state]
                return icon(name, getattr(self._theme.tokens, colour))
            case Qt.ItemDataRole.ForegroundRole:
                is_plain = column in (NAME, RESULT) and item.state is not ItemState.FAILED
                is_bad = column == RESULT and item.state is ItemState.FAILED
                tokens = self._theme.tokens
                plain = tokens.text if is_plain or column == NAME else tokens.muted
                return QColor(tokens.danger if is_bad else plain)
        return None


def _cell(item: ItemView, column: int) -> str:
    match column:
        case 0:
            return retold(item.name)
        case 1:
            return job_words.item_state(item.state)
        case 2:
            return retold(item.output) if item.state is ItemState.FAILED else in_one_line(item.output)
        case 3:
            return words.number(item.tokens) if item.tokens else ""
    return words.seconds(item.seconds) if item.seconds else ""
