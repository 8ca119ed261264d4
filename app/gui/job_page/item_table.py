"""The table of a job's items: as quick with a hundred thousand rows as with ten. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from app.core.views import ItemState
from app.gui import fonts, job_words
from app.gui.icons import side as icon_side
from app.gui.job_page.item_model import NAME, RESULT, STATE, TIME, TOKENS, ItemModel
from app.gui.text_line import elided
from app.gui.theme import Theme
from app.gui.tongue import apart, tr

ROW_PX = 32
_Index = QModelIndex | QPersistentModelIndex
_FIGURES_PX, _ICON_PX = 84, 48  # the icon of a state, and what is around it
_FIGURES_FROM, _RESULT_FROM = 620, 420  # what is narrower than this leaves columns out
_LOOK_MS, _TEXT_MARGIN = 16, 3


class ItemTable(QTableView):
    """`chosen` with the item that the person went to."""

    chosen = Signal(object)  # ItemView

    def __init__(self, theme: Theme, model: ItemModel) -> None:
        super().__init__()
        self._model = model
        self._chosen_id = -1
        self._awaited_row = -1  # chosen before it was read
        self._is_following = False
        self._row = _Row(theme)
        self._look = QTimer(self, singleShot=True, interval=_LOOK_MS)
        self._look.timeout.connect(self._look_at_view)
        self.setModel(model)
        self.setItemDelegate(self._row)
        self.setObjectName("items")
        self.setAccessibleName(tr("Items"))
        fonts.set_role(self, fonts.SMALL)
        self._widths: dict[int, int] = {}
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._settle_heads()
        self.verticalScrollBar().valueChanged.connect(lambda _: self._look.start())
        model.counted.connect(lambda _: self._look.start())
        model.dataChanged.connect(lambda *_: self._find_chosen())
        model.modelReset.connect(self._forget)

    def forget_chosen(self) -> None:
        """Nothing is open beside the table any more."""
        self._forget()
        self.clearSelection()

    def step(self, by: int) -> None:
        """Go to the row before or after."""
        row = self.currentIndex().row() + by
        if 0 <= row < self._model.rowCount():
            self.setCurrentIndex(self._model.index(row, NAME))

    def currentChanged(self, current: _Index, previous: _Index) -> None:
        super().currentChanged(current, previous)
        is_other_row = not previous.isValid() or current.row() != previous.row()
        if current.isValid() and is_other_row and not self._is_following:
            self._choose(current.row())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self._chosen_id < 0:  # the row is the current one, but was closed
            self._choose(index.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.text() in ("\r", "\n", " ")
        if is_enter and self.currentIndex().isValid():
            self._choose(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_widths"):
            self._measure()
            self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        width = self.viewport().width()
        for column in (TOKENS, TIME):
            self.setColumnHidden(column, width < fonts.scaled(_FIGURES_FROM))
        self.setColumnHidden(RESULT, width < fonts.scaled(_RESULT_FROM))
        fixed = sum(width for column, width in self._widths.items() if not self.isColumnHidden(column))
        left = max(160, width - fixed)
        self.setColumnWidth(NAME, left if self.isColumnHidden(RESULT) else left * 4 // 10)
        self._look.start()

    def _choose(self, row: int) -> None:
        item = self._model.item(row)
        self._chosen_id, self._awaited_row = (item.id, -1) if item is not None else (-1, row)
        if item is not None:
            self.chosen.emit(item)

    def _find_chosen(self) -> None:
        """Rows may have moved: the one that is open stays the current one. One that was waited for is chosen now."""
        if self._awaited_row >= 0:
            if self._model.item(self._awaited_row) is not None:
                self._choose(self._awaited_row)
            return
        item = self._model.item(self.currentIndex().row()) if self.currentIndex().isValid() else None
        if self._chosen_id < 0 or item is None or item.id == self._chosen_id:
            return
        if (row := self._model.row_of(self._chosen_id)) >= 0:
            self._is_following = True
            self.setCurrentIndex(self._model.index(row, NAME))
            self._is_following = False

    def _forget(self) -> None:
        self._chosen_id = self._awaited_row = -1

    def _look_at_view(self) -> None:
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        if first >= 0:
            self._model.look_at(first, last if last >= 0 else self._model.rowCount() - 1)

    def _state_width(self) -> int:
        """As the longest word for a state in the language of the window."""
        metrics = self.fontMetrics()
        return fonts.scaled(_ICON_PX) + max(
            metrics.horizontalAdvance(job_words.item_state(state)) for state in ItemState
        )

    def _settle_heads(self) -> None:
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setHighlightSections(False)
        heads.setSectionsClickable(False)
        heads.setMinimumSectionSize(40)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(RESULT, QHeaderView.ResizeMode.Stretch)
        self._measure()

    def _measure(self) -> None:
        """Rows and columns go with the type."""
        rows, height = self.verticalHeader(), fonts.scaled(ROW_PX)
        rows.setMinimumSectionSize(height)
        rows.setDefaultSectionSize(height)
        self.setIconSize(QSize(icon_side(), icon_side()))
        figures = fonts.scaled(_FIGURES_PX)
        self._widths = {STATE: self._state_width(), TOKENS: figures, TIME: figures}
        for column, width in self._widths.items():
            self.setColumnWidth(column, width)


class _Row(QStyledItemDelegate):
    """The ring goes around the whole row that has the keyboard, and not around one of its cells."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        if isinstance(table := option.widget, QTableView):
            part = QStyle.SubElement.SE_ItemViewItemText
            room = table.style().subElementRect(part, option, table).width() - 2 * _TEXT_MARGIN
            is_name = index.column() == NAME  # whose end says which part of a document it is
            mode = Qt.TextElideMode.ElideMiddle if is_name else Qt.TextElideMode.ElideRight
            option.text = elided(option.fontMetrics, option.text, room, mode)
        option.text = apart(option.text)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        table = option.widget
        option.state &= ~QStyle.StateFlag.State_HasFocus
        super().paint(painter, option, index)
        if isinstance(table, QTableView) and table.hasFocus() and index.row() == table.currentIndex().row():
            row = QRect(1, option.rect.top() + 1, table.viewport().width() - 2, option.rect.height() - 2)
            painter.save()
            painter.setPen(QPen(QColor(self._theme.tokens.accent), 2))
            painter.setClipRect(option.rect)
            painter.drawRect(row)
            painter.restore()
