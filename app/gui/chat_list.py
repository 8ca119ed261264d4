"""The list in the sidebar: its model, and what mouse, keys and drags do in it. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle

from app.core.chat_views import ChatView
from app.gui.chat_row import ROW_ROLE, ChatRow, state_of
from app.gui.chat_rows import ChatEntry, FolderRow, Head, Row, key_of
from app.gui.summary_drag import summary_of
from app.gui.tongue import tr, trn

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
KEY_ROLE = ROW_ROLE + 1
_CHAT_TYPE = "application/x-rubato-chat"


class ChatListModel(QAbstractListModel):
    """Rows as `chat_rows.arranged` gives them."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these; where only their words changed the rows stay."""
        is_same = [key_of(row) for row in rows] == [key_of(row) for row in self._rows]
        if not is_same:
            self.beginResetModel()
        self._rows = list(rows)
        if not is_same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def chats(self) -> list[ChatView]:
        """Those that are shown, in their order."""
        return [row.chat for row in self._rows if isinstance(row, ChatEntry)]

    def row_of(self, key: str) -> QModelIndex:
        """Where something stands, by `key_of`; an invalid index where it does not."""
        for number, row in enumerate(self._rows):
            if key_of(row) == key:
                return self.index(number)
        return QModelIndex()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return _name(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return _spoken(row)
            case _ if role == ROW_ROLE:
                return row
            case _ if role == KEY_ROLE:
                return key_of(row)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        match self._rows[index.row()]:
            case Head():
                return flag.ItemIsDropEnabled
            case FolderRow():
                return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDropEnabled
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled | flag.ItemIsDropEnabled

    def mimeTypes(self) -> list[str]:
        return [_CHAT_TYPE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        made = QMimeData()
        for index in indexes:
            if isinstance(row := index.data(ROW_ROLE), ChatEntry):
                made.setData(_CHAT_TYPE, QByteArray(row.chat.id.encode()))
        return made


class ChatListView(QListView):
    """What is let go on a chat or a folder is meant for it."""

    summary_dropped = Signal(str, str, int)  # the chat it is for, its job, its document
    chat_dropped = Signal(str, str)  # a chat, the folder it goes into; empty: into none
    chosen = Signal(object)  # a Row, by mouse or Enter
    menu_asked = Signal(object, QPoint)  # a Row, and where on the screen
    rename_asked = Signal(object)
    fold_asked = Signal(object, bool)  # a FolderRow, and whether it is to be open

    def __init__(self, model: ChatListModel, row: ChatRow) -> None:
        super().__init__()
        self._row = row
        self._is_for_menu = False  # the button of the mouse that is held
        self.setModel(model)
        self.setItemDelegate(row)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Chats"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.clicked.connect(lambda index: self.chosen.emit(index.data(ROW_ROLE)))

    # keys and menu

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, F2 renames, the menu key shows what can be done; the arrows open and close a folder."""
        row = self.currentIndex().data(ROW_ROLE)
        is_shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        match Qt.Key(event.key()):
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space if row is not None:
                self.chosen.emit(row)
            case Qt.Key.Key_F2 if row is not None:
                self.rename_asked.emit(row)
            case Qt.Key.Key_Menu:
                self._ask_menu(self.currentIndex())
            case Qt.Key.Key_F10 if is_shift:
                self._ask_menu(self.currentIndex())
            case Qt.Key.Key_Left | Qt.Key.Key_Right if isinstance(row, FolderRow):
                is_forward = event.key() == Qt.Key.Key_Right
                self.fold_asked.emit(row, is_forward != self.isRightToLeft())
            case _:
                super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """On the … of a row the menu opens; the chat stays as it is."""
        index = self.indexAt(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and self._is_on_menu(index, event.position().toPoint()):
            self._is_for_menu = True
            self._ask_menu(index)
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_for_menu:
            self._is_for_menu = False
        else:
            super().mouseReleaseEvent(event)

    def _is_on_menu(self, index: QModelIndex, place: QPoint) -> bool:
        if not isinstance(index.data(ROW_ROLE), FolderRow | ChatEntry):
            return False
        rect = self.visualRect(index)
        return QStyle.visualRect(self.layoutDirection(), rect, self._row.menu_place(rect)).contains(place)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        is_by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if is_by_key else self.indexAt(event.pos())
        self._ask_menu(index, None if is_by_key else event.globalPos())

    def _ask_menu(self, index: QModelIndex, place: QPoint | None = None) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, FolderRow | ChatEntry):
            below = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft())
            self.menu_asked.emit(row, place or below)

    # drags

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if summary_of(event.mimeData()) or event.mimeData().hasFormat(_CHAT_TYPE):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        target = self._target(event)
        self._mark(target)
        event.setAccepted(target is not None)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark(None)

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark(None)
        mime, target = event.mimeData(), self._target(event)
        if target is None:
            return
        event.setDropAction(Qt.DropAction.CopyAction)  # Qt would take the row of a chat that was moved away
        event.accept()
        if (summary := summary_of(mime)) and isinstance(target, ChatEntry):
            self.summary_dropped.emit(target.chat.id, *summary)
        elif mime.hasFormat(_CHAT_TYPE):
            self.chat_dropped.emit(bytes(mime.data(_CHAT_TYPE).data()).decode(), _folder_of(target))

    def _target(self, event: QDropEvent | QDragMoveEvent) -> Row | None:
        """What would take it: any row a chat, for its folder or for none; a chat a summary."""
        row = self.indexAt(event.position().toPoint()).data(ROW_ROLE)
        if summary_of(event.mimeData()):
            return row if isinstance(row, ChatEntry) else None
        return row if isinstance(row, Head | FolderRow | ChatEntry) else None

    def _mark(self, row: Row | None) -> None:
        self._row.target = key_of(row)
        self.viewport().update()


def _folder_of(row: Row) -> str:
    if isinstance(row, FolderRow):
        return row.folder.id
    return row.chat.folder_id if isinstance(row, ChatEntry) and row.is_inside else ""


def _name(row: Row) -> str:
    match row:
        case Head():
            return row.text
        case FolderRow():
            return row.folder.name
    return row.chat.title


def _spoken(row: Row) -> str:
    match row:
        case Head():
            return row.text
        case FolderRow():
            n_chats = trn("{count} chat", "{count} chats", row.n_chats)
            state = tr("open") if row.is_open else tr("closed")
            return tr("Folder {name}, {chats}, {state}", name=row.folder.name, chats=n_chats, state=state)
    return f"{row.chat.title}, {state_of(row.chat)}"
