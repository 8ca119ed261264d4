"""The documents of a draft as rows: name at the left, what is to be said of it at the right. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.views import DocumentView
from app.gui import fonts, job_words
from app.gui.icons import icon
from app.gui.icons import side as icon_side
from app.gui.text_line import write_line
from app.gui.theme import Theme
from app.gui.tongue import tr

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_DOCUMENT = Qt.ItemDataRole.UserRole
_ROW_PX, _ROWS_AT_MOST = 26, 7
_GAP = 12
_SLACK = 6  # `write_line` keeps some of it
_FAILED, _NOTED, _WAITING, _READ = (
    ("circle-alert", "danger"),
    ("triangle-alert", "warn"),
    ("circle-dashed", "muted"),
    ("file-text", "muted"),
)


class DocumentList(QListView):
    """As high as its rows, up to seven; then it scrolls."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._model = _Model()
        self._row = _Row(theme)
        self.setModel(self._model)
        self.setItemDelegate(self._row)
        self.setAccessibleName(tr("Documents"))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_documents(self, documents: Sequence[DocumentView]) -> None:
        """Those that could not be read stand first."""
        if self._model.show_documents(sorted(documents, key=_rank)):
            self.setFixedHeight(max(1, min(len(documents), _ROWS_AT_MOST)) * _ROW_PX)


class _Model(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self._documents: list[DocumentView] = []

    def show_documents(self, documents: list[DocumentView]) -> bool:
        """False: they are those that are shown. What only moved on stays in its place."""
        if documents == self._documents:
            return False
        if len(documents) == len(self._documents):
            self._documents = documents
            self.dataChanged.emit(self.index(0), self.index(len(documents) - 1))
        else:
            self.beginResetModel()
            self._documents = documents
            self.endResetModel()
        return True

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._documents)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        document = self._documents[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return document.name
            case Qt.ItemDataRole.ToolTipRole:
                return f"{document.name}\n{job_words.document_line(document)}".strip()
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{document.name}, {job_words.document_line(document)}"
            case _ if role == _DOCUMENT:
                return document
        return None


class _Row(QStyledItemDelegate):
    """The name gives way to what is said of one that could not be read."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, fonts.scaled(_ROW_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        document, rect, tokens = index.data(_DOCUMENT), option.rect, self._theme.tokens
        if not isinstance(document, DocumentView):
            return
        image, colour = _mark(document)
        metrics = QFontMetrics(fonts.font(fonts.SMALL))
        said = job_words.document_line(document)
        begin = rect.left() + icon_side() + 8
        room = rect.right() - _GAP - begin
        for_said = min(metrics.horizontalAdvance(said) + _SLACK, room * 6 // 10)
        name = metrics.elidedText(document.name, Qt.TextElideMode.ElideMiddle, room - for_said - _GAP)
        after = begin + metrics.horizontalAdvance(name) + _GAP
        side = icon_side()
        painter.save()
        place = QRect(rect.left(), rect.top() + (rect.height() - side) // 2, side, side)
        icon(image, getattr(tokens, colour)).paint(painter, self._placed(option, place))
        of_name = QRect(begin, rect.top(), room, rect.height())
        write_line(painter, self._placed(option, of_name), name, fonts.SMALL, tokens.text, option.direction)
        left = after if document.error else begin + room - for_said
        of_said = QRect(left, rect.top(), begin + room - left, rect.height())
        tone = tokens.danger if document.error else tokens.muted
        write_line(painter, self._placed(option, of_said), said, fonts.SMALL, tone, option.direction)
        painter.restore()

    def _placed(self, option: QStyleOptionViewItem, rect: QRect) -> QRect:
        return QStyle.visualRect(option.direction, option.rect, rect)


def _mark(document: DocumentView) -> tuple[str, str]:
    if document.error:
        return _FAILED
    if document.notes:
        return _NOTED
    return _WAITING if document.state == "waiting" else _READ


def _rank(document: DocumentView) -> int:
    if document.error:
        return 0
    return 1 if document.notes else 2
