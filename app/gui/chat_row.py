"""How a row of the sidebar is painted: a chat with its state, a folder, the head of a group. GUI thread only."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.chat_views import ChatView
from app.gui import fonts, words
from app.gui.chat_rows import ChatEntry, FolderRow, Head, Row
from app.gui.icons import icon
from app.gui.text_line import write_line
from app.gui.theme import Theme
from app.gui.tongue import apart, tr

_Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole
_SIDE, _INDENT, _ICON = 10, 14, 16  # the icon at 100 %
_ABOVE_HEAD, _BELOW_HEAD = 12, 4  # it belongs to what is below it


class ChatRow(QStyledItemDelegate):
    """Heights follow the type."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.target = ""  # the key of the row over which something is dragged

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        match index.data(ROW_ROLE):
            case ChatEntry():
                return QSize(0, fonts.scaled(37) + 14)
            case FolderRow():
                return QSize(0, fonts.scaled(20) + 14)
        return QSize(0, fonts.scaled(16) + _ABOVE_HEAD + _BELOW_HEAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: Row = index.data(ROW_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(option.direction)
        if isinstance(row, Head):
            rect = option.rect.adjusted(0, _ABOVE_HEAD, 0, -_BELOW_HEAD)
            self._write(painter, option, rect, row.text, fonts.GROUP, self._theme.tokens.muted)
        else:
            self._paint_box(painter, option, index)
            if isinstance(row, FolderRow):
                self._paint_folder(painter, option, row)
            else:
                self._paint_chat(painter, option, row)
        painter.restore()

    def _paint_box(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        tokens, state = self._theme.tokens, option.state
        box = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -2.5)
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        is_target = index.data(Qt.ItemDataRole.UserRole + 1) == self.target != ""
        painter.setPen(Qt.PenStyle.NoPen)
        if is_selected or is_target or state & QStyle.StateFlag.State_MouseOver:
            painter.setOpacity(1 if is_selected or is_target else 0.5)
            painter.setBrush(QColor(tokens.sel))
            painter.drawRoundedRect(box, 8, 8)
            painter.setOpacity(1)
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_Active:
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 8, 8)

    def _paint_folder(self, painter: QPainter, option: QStyleOptionViewItem, row: FolderRow) -> None:
        muted = self._theme.tokens.muted
        inside = option.rect.adjusted(_SIDE, 0, -_SIDE, -1)
        is_rtl = option.direction is Qt.LayoutDirection.RightToLeft
        arrow = "chevron-down" if row.is_open else "chevron-left" if is_rtl else "chevron-right"
        side = fonts.scaled(_ICON)
        count = words.number(row.n_chats)
        width = QFontMetrics(fonts.font(fonts.SMALL)).horizontalAdvance(count) + 2
        for name in (arrow, "folder"):
            place = QRect(inside.left(), inside.center().y() - side // 2 + 1, side, side)
            icon(name, muted).paint(painter, self._placed(option, place))
            inside.setLeft(inside.left() + side + 6)
        if self._has_menu(option):
            place = self.menu_place(option.rect)
            self._paint_menu(painter, option, place)
            name_rect = QRect(inside.left(), inside.top(), place.left() - 4 - inside.left(), inside.height())
            self._write(painter, option, name_rect, row.folder.name, fonts.UI, self._theme.tokens.text)
            return
        name_rect = inside.adjusted(0, 0, -width - 6, 0)
        self._write(painter, option, name_rect, row.folder.name, fonts.UI, self._theme.tokens.text)
        count_rect = QRect(inside.right() - width + 1, inside.top(), width, inside.height())
        self._write(painter, option, count_rect, count, fonts.SMALL, muted)

    def _has_menu(self, option: QStyleOptionViewItem) -> bool:
        """While the pointer is on it."""
        return bool(option.state & QStyle.StateFlag.State_MouseOver)

    def menu_place(self, rect: QRect) -> QRect:
        """Of the … of a row, on a page that is read from the left."""
        side = fonts.scaled(_ICON) + 8
        return QRect(rect.right() - side - 5, rect.center().y() - side // 2, side, side)

    def _paint_menu(self, painter: QPainter, option: QStyleOptionViewItem, place: QRect) -> None:
        icon("ellipsis", self._theme.tokens.text).paint(painter, self._placed(option, place).adjusted(4, 4, -4, -4))

    def _paint_chat(self, painter: QPainter, option: QStyleOptionViewItem, row: ChatEntry) -> None:
        chat, tokens = row.chat, self._theme.tokens
        inside = option.rect.adjusted(_SIDE + (_INDENT if row.is_inside else 0), 5, -_SIDE, -7)
        half = fonts.scaled(20)
        title = QRect(inside.left(), inside.top(), inside.width(), half)
        below = QRect(inside.left(), inside.top() + half, inside.width(), inside.height() - half)
        if self._has_menu(option):
            place = self.menu_place(option.rect)
            title.setRight(place.left() - 4)
            below.setRight(place.left() - 4)
            self._paint_menu(painter, option, place)
        elif chat.is_answering:
            title.setRight(title.right() - 14)
            dot = QRect(inside.right() - 7, title.center().y() - 3, 8, 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent))
            painter.drawEllipse(self._placed(option, dot))
        self._write(painter, option, title, chat.title, fonts.UI, tokens.text)
        self._write(painter, option, below, state_of(chat), fonts.SMALL, tokens.muted)

    def _write(
        self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, text: str, role: fonts.FontRole, colour: str
    ) -> None:
        write_line(painter, self._placed(option, rect), text, role, colour, option.direction)

    def _placed(self, option: QStyleOptionViewItem, rect: QRect) -> QRect:
        return QStyle.visualRect(option.direction, option.rect, rect)


def state_of(chat: ChatView) -> str:
    """The second line of a row: what it does, or when it was used, and its tags."""
    said = tr("answering…") if chat.is_answering else words.when(chat.updated_seconds, datetime.now())
    return "  ".join((said, *(apart(f"#{tag}") for tag in chat.tags)))
