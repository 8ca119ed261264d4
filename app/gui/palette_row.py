"""How a row of the palette is painted: what it is, its keys at the side, and where words were found, these in bold."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QTextCharFormat, QTextLayout
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.gui import fonts
from app.gui.icons import icon
from app.gui.text_line import write_line
from app.gui.theme import Theme
from app.gui.transcript.shown_text import as_qt_counts

_Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = Qt.ItemDataRole.UserRole
_SIDE, _ICON = 12, 16


class PaletteRow(QStyledItemDelegate):
    """Rows are `palette.Entry`."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        entry = index.data(ENTRY_ROLE)
        if entry.is_further:
            return QSize(0, fonts.scaled(20) + 8)
        return QSize(0, fonts.scaled(40) + 12 if entry.below else fonts.scaled(20) + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry, tokens = index.data(ENTRY_ROLE), self._theme.tokens
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.sel))
            painter.drawRoundedRect(QRectF(option.rect), 8, 8)
        mark_side = fonts.scaled(_ICON)
        if entry.is_further:
            below = option.rect.adjusted(_SIDE + mark_side + 10, 0, -_SIDE, 0)
            self._write(painter, option, below, entry.below, fonts.SMALL, tokens.muted, entry.marks)
            painter.restore()
            return
        inside = option.rect.adjusted(_SIDE, 6, -_SIDE, -6)
        line = QRect(inside.left(), inside.top(), inside.width(), fonts.scaled(20) + (0 if entry.below else 2))
        mark = QRect(line.left(), line.center().y() - mark_side // 2 + 1, mark_side, mark_side)
        icon(entry.icon, tokens.muted).paint(painter, self._placed(option, mark))
        line.setLeft(line.left() + mark_side + 10)
        if entry.side:
            width = QFontMetrics(fonts.font(fonts.SMALL)).horizontalAdvance(entry.side) + 8  # `_write` takes 4 of it
            side = QRect(line.right() - width, line.top(), width, line.height())
            self._write(painter, option, side, entry.side, fonts.SMALL, tokens.muted)
            line.setRight(side.left() - 8)
        self._write(painter, option, line, entry.text, fonts.UI, tokens.text)
        if entry.below:
            below = QRect(line.left(), line.bottom() + 1, inside.right() - line.left(), fonts.scaled(20))
            self._write(painter, option, below, entry.below, fonts.SMALL, tokens.muted, entry.marks)
        painter.restore()

    def _write(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        rect: QRect,
        text: str,
        role: fonts.FontRole,
        colour: str,
        marks: tuple[tuple[int, int], ...] = (),
    ) -> None:
        """One line, with the marked ranges strong."""
        formats = [self._mark(begin, end) for begin, end in as_qt_counts(text, marks)]
        write_line(painter, self._placed(option, rect), text, role, colour, option.direction, formats)

    def _mark(self, begin: int, end: int) -> QTextLayout.FormatRange:
        made = QTextLayout.FormatRange()
        made.start, made.length = begin, end - begin
        strong = QTextCharFormat()
        strong.setFontWeight(fonts.UI_STRONG.weight)
        strong.setForeground(QColor(self._theme.tokens.text))
        made.format = strong
        return made

    def _placed(self, option: QStyleOptionViewItem, rect: QRect) -> QRect:
        return QStyle.visualRect(option.direction, option.rect, rect)
