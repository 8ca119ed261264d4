"""The chats of the sidebar as rows under Today, This week and Older: the model, and how a row is painted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetrics,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.chat_views import ChatView
from app.gui import fonts, words
from app.gui.summary_drag import summary_of
from app.gui.theme import Theme
from app.gui.tongue import tr

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
CHAT_ROLE = Qt.ItemDataRole.UserRole
_ROW_PX, _GROUP_PX = 51, 28


class ChatListModel(QAbstractListModel):
    """Rows are chats, newest first, and the heads of their groups (str)."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[ChatView | str] = []

    def show_chats(self, chats: Sequence[ChatView], now: datetime) -> None:
        """Show these; where only their words changed the rows stay."""
        rows: list[ChatView | str] = []
        group = ""
        for chat in sorted(chats, key=lambda chat: -chat.updated_seconds):
            if (new := words.group(chat.updated_seconds, now)) != group:
                group = new
                rows.append(group)
            rows.append(chat)
        if [_id(row) for row in rows] == [_id(row) for row in self._rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row_of(self, chat_id: str) -> QModelIndex:
        """Where a chat stands; an invalid index where it does not."""
        for number, row in enumerate(self._rows):
            if isinstance(row, ChatView) and row.id == chat_id:
                return self.index(number)
        return QModelIndex()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return tr(row) if isinstance(row, str) else row.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return tr(row) if isinstance(row, str) else f"{row.title}, {state_of(row)}"
            case _ if role == CHAT_ROLE:
                return row if isinstance(row, ChatView) else None
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if isinstance(self._rows[index.row()], str):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class ChatListView(QListView):
    """A summary that is let go on a chat is meant for it: `dropped` with the chat's id, the job's and the document."""

    dropped = Signal(str, str, int)

    def __init__(self, model: ChatListModel, row: ChatRow) -> None:
        super().__init__()
        self._row = row
        self.setModel(model)
        self.setItemDelegate(row)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if summary_of(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        chat = self._chat_at(event.position().toPoint())
        self._mark(chat.id if chat is not None else "")
        event.setAccepted(chat is not None)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark("")

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark("")
        chat, summary = self._chat_at(event.position().toPoint()), summary_of(event.mimeData())
        if chat is not None and summary is not None:
            event.acceptProposedAction()
            self.dropped.emit(chat.id, *summary)

    def _chat_at(self, place: QPoint) -> ChatView | None:
        chat = self.indexAt(place).data(CHAT_ROLE)
        return chat if isinstance(chat, ChatView) else None

    def _mark(self, chat_id: str) -> None:
        self._row.target_id = chat_id
        self.viewport().update()


class ChatRow(QStyledItemDelegate):
    """Paints a title with its state below it, or the head of a group."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.target_id = ""  # the chat over which something is dragged

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, _ROW_PX if index.data(CHAT_ROLE) else _GROUP_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        rect, state = option.rect, option.state
        chat = index.data(CHAT_ROLE)
        tokens = self._theme.tokens
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not isinstance(chat, ChatView):
            painter.setFont(fonts.font(fonts.GROUP))
            painter.setPen(QColor(tokens.muted))
            painter.drawText(rect.adjusted(0, 0, 0, -5), Qt.AlignmentFlag.AlignBottom, str(index.data()))
        else:
            box = QRectF(rect).adjusted(0.5, 1.5, -0.5, -2.5)
            is_selected = bool(state & QStyle.StateFlag.State_Selected)
            is_hovered = bool(state & QStyle.StateFlag.State_MouseOver) or chat.id == self.target_id
            painter.setPen(Qt.PenStyle.NoPen)
            if is_selected or is_hovered:
                painter.setOpacity(1 if is_selected else 0.5)
                painter.setBrush(QColor(tokens.sel))
                painter.drawRoundedRect(box, 8, 8)
                painter.setOpacity(1)
            if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_Active:
                painter.setPen(QPen(QColor(tokens.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 8, 8)
            self._write(painter, rect, chat.title, fonts.UI, tokens.text, 6, 20)
            self._write(painter, rect, state_of(chat), fonts.SMALL, tokens.muted, 25, 17)
        painter.restore()

    def _write(
        self, painter: QPainter, rect: QRect, text: str, role: fonts.FontRole, colour: str, top: int, height: int
    ) -> None:
        font = fonts.font(role)
        inside = QRect(rect.left() + 10, rect.top() + top, rect.width() - 20, height)
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
        painter.setFont(font)
        painter.setPen(QColor(colour))
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter, shown)


def state_of(chat: ChatView) -> str:
    """The second line of a row."""
    return tr("answering…") if chat.is_answering else words.when(chat.updated_seconds, datetime.now())


def _id(row: ChatView | str) -> str:
    return row if isinstance(row, str) else f"chat {row.id}"
