"""What is painted behind the text of a reply: code panels, quote bars, rules, bullets. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.gui import fonts
from app.gui.theme import Tokens
from app.gui.tongue import tr
from app.gui.transcript.message_text import MessageText
from app.gui.transcript.styles import CODE_HEAD_PX, CODE_PAD_PX, indent_px
from app.gui.transcript.writer import Mark, MarkKind

_BULLET_Y = 10.5  # the middle of small letters in the first line


def code_rect(text: MessageText, mark: Mark) -> QRectF:
    """The panel of a code block, with its head, in the viewport."""
    top = text.block_rect(mark.start).top() - CODE_HEAD_PX
    bottom = text.block_rect(mark.end).bottom() + CODE_PAD_PX - 2
    return QRectF(mark.left + 0.5, top + 0.5, text.viewport().width() - mark.left - 1, bottom - top)


def paint_marks(painter: QPainter, text: MessageText, marks: Sequence[Mark], tokens: Tokens, clip: QRectF) -> None:
    """Paint those marks that reach into `clip`."""
    for mark in marks:
        if mark.kind is MarkKind.CODE:
            rect = code_rect(text, mark)
        else:
            top, bottom = text.block_rect(mark.start).top(), text.block_rect(mark.end).bottom()
            rect = QRectF(0, top, text.viewport().width(), bottom - top)
        if rect.intersects(clip):
            begins = text.document().findBlock(mark.start).textDirection()
            _paint(painter, mark, rect, tokens, is_rtl=begins is Qt.LayoutDirection.RightToLeft)


def _paint(painter: QPainter, mark: Mark, rect: QRectF, tokens: Tokens, *, is_rtl: bool) -> None:
    """`is_rtl`: its text begins at the right, whatever the page does."""
    line = QColor(tokens.line)
    match mark.kind:
        case MarkKind.CODE:
            painter.setPen(line)
            painter.setBrush(QColor(tokens.code))
            painter.drawRoundedRect(rect, 8, 8)
            painter.setPen(QColor(tokens.muted))
            painter.setFont(fonts.font(fonts.SMALL))
            painter.drawText(QPointF(rect.left() + CODE_PAD_PX, rect.top() + 19.5), mark.language or tr("code"))
        case MarkKind.QUOTE:
            left = rect.right() - mark.left - 3 if is_rtl else mark.left
            painter.fillRect(QRectF(left, rect.top(), 3, rect.height()), line)
        case MarkKind.RULE:
            painter.fillRect(QRectF(mark.left, rect.center().y(), rect.width() - mark.left, 1), line)
        case MarkKind.BULLET:
            colour = QColor(tokens.text)
            is_ring = mark.depth % 2 == 0
            painter.setPen(QPen(colour, 1.2) if is_ring else Qt.PenStyle.NoPen)
            painter.setBrush(Qt.BrushStyle.NoBrush if is_ring else colour)
            radius = (2.2 if is_ring else 2.5) * fonts.zoom()
            begin = mark.left - indent_px() + fonts.scaled(6)
            middle = QPointF(rect.right() - begin if is_rtl else begin, rect.top() + _BULLET_Y * fonts.zoom())
            painter.drawEllipse(middle, radius, radius)
