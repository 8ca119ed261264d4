"""The text of one message: a frameless browser as high as its document, that can be selected and never fetches.

GUI thread only. Links are handed on through `link_clicked`; images and files are never loaded, whatever a reply says.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRectF, QSizeF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetricsF,
    QKeyEvent,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QTextBrowser, QWidget

from app.gui import fonts
from app.gui.lazy_page import LazyPage
from app.gui.transcript.formula_object import LETTER, text_of
from app.gui.transcript.styles import indent_px

_AROUND_PX = 40  # what is shown above and below the cursor at least


class MessageText(QTextBrowser):
    """A document that grows downwards and leaves scrolling to the page around it."""

    link_clicked = Signal(str)
    grew = Signal()  # its height is another one

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageText")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOpenLinks(False)
        self.open_menu: Callable[[QPoint], object] | None = None  # at a place on the screen, instead of Qt's own
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flags.TextBrowserInteraction | flags.TextSelectableByKeyboard)
        self.setAcceptDrops(False)
        self.setUndoRedoEnabled(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        fonts.set_role(self, fonts.MESSAGE)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(indent_px())
        self.setTabStopDistance(4 * QFontMetricsF(fonts.code_font()).horizontalAdvance(" "))
        self.document().documentLayout().documentSizeChanged.connect(self._take_height)
        self.anchorClicked.connect(lambda address: self.link_clicked.emit(address.toString()))
        self.setFixedHeight(1)

    def changeEvent(self, event: QEvent) -> None:
        """Lists go with the size of the type."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and self.document().indentWidth() != indent_px():
            self.document().setIndentWidth(indent_px())

    def show_plain(self, text: str) -> None:
        """Text as it was typed, at the line height of messages."""
        self.setPlainText(text)
        lines = QTextBlockFormat()
        lines.setLineHeight(124, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(lines)

    def space_below(self) -> int:
        """What is painted below the last line, in pixels."""
        return 0

    def _take_height(self, size: QSizeF) -> None:
        height = max(1, math.ceil(size.height()) + self.space_below())
        if height != self.height():
            self.setFixedHeight(height)
            self.grew.emit()

    def block_rect(self, position: int) -> QRectF:
        """Where the block at this position stands, in the viewport."""
        block = self.document().findBlock(position)
        return self.document().documentLayout().blockBoundingRect(block)

    def selected(self) -> str:
        """What is selected, in lines."""
        return self._selected_text().strip("\n")

    def plain_text(self) -> str:
        """All of it, as it is read, with the source of formulas."""
        return text_of(self.document())

    def createMimeDataFromSelection(self) -> QMimeData:
        """What is copied, or dragged away: a formula as it was written."""
        if LETTER not in self.textCursor().selectedText():
            return super().createMimeDataFromSelection()
        made = QMimeData()
        made.setText(self._selected_text())
        return made

    def _selected_text(self) -> str:
        copied = QTextDocument()
        QTextCursor(copied).insertFragment(self.textCursor().selection())
        return text_of(copied)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move what is selected from, and the page goes with it; it scrolls by pages as ever."""
        is_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and not is_shift:
            event.ignore()
            return
        before = self.textCursor().position()
        super().keyPressEvent(event)
        if self.textCursor().position() != before:
            self._bring_into_view(self.cursorRect().center())

    def _bring_into_view(self, place: QPoint) -> None:
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea | LazyPage):
            above = above.parentWidget()
        if isinstance(above, LazyPage):
            above.ensure_place_visible(self.viewport(), place.y(), _AROUND_PX)
        elif above is not None and (content := above.widget()) is not None:
            there = self.viewport().mapTo(content, place)
            above.ensureVisible(there.x(), there.y(), 0, _AROUND_PX)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of the right button, or of the menu key."""
        if self.open_menu is None:
            super().contextMenuEvent(event)
            return
        is_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        self.open_menu(self.viewport().mapToGlobal(self.cursorRect().bottomLeft()) if is_key else event.globalPos())

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing is ever loaded: no reply can reach the network or a file."""
        return None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The page scrolls, not the message; aside a message may."""
        by = event.angleDelta()
        if abs(by.x()) > abs(by.y()) and self.horizontalScrollBar().maximum() > 0:
            super().wheelEvent(event)
        else:
            event.ignore()
