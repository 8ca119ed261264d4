"""One item whole: its result beside what it was made from, what was asked, what it cost. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.views import ItemDetail, ItemState, ItemView
from app.gui import fonts, job_words, words
from app.gui.buttons import ElidedLabel, IconButton, IconLabel, button, label
from app.gui.core_words import retold
from app.gui.disclosure import Disclosure
from app.gui.down_area import DownArea
from app.gui.job_page.item_model import STATE_ICONS
from app.gui.job_page.item_words import indented, is_data
from app.gui.long_text import LongText
from app.gui.margins import margins
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.reply_text import ReplyText

_BESIDE_FROM = 640  # result and source stand side by side where this is the width
_LONGEST_MARKDOWN = 20_000  # characters; a longer result is shown plain


class ItemPane(QFrame):
    """`show_item` fills it."""

    closed = Signal()
    retry_asked = Signal(int)
    link_clicked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("itemPane")
        self.item_id = -1
        self._detail: ItemDetail | None = None
        self._name = ElidedLabel(role=fonts.UI_STRONG)
        self._icon = IconLabel(theme, "circle-dashed")
        self._state = label(role=fonts.SMALL, tone="muted")
        self._error = label(tone="danger", wraps=True)
        self._copy = button(tr("Copy"), self._copy_result, kind="quiet", name=tr("Copy the result"), role=fonts.SMALL)
        self._again = button(
            tr("Try again"), self._ask_retry, kind="link", name=tr("Try this item again"), role=fonts.SMALL
        )
        self._text = ReplyText(theme)
        self._text.setAccessibleName(tr("Result"))
        self._text.setFont(fonts.font(fonts.UI))
        self._data = LongText(tr("Result"), is_code=True)
        self._source = LongText(tr("What it was made from"))
        self._prompt = LongText(tr("What was asked"), is_code=True)
        self._result_block = _block(tr("Result"), self._error, self._text, self._data)
        self._source_block = _block(tr("Made from"), self._source)
        self._asked = Disclosure(theme, tr("What was asked"), _framed(self._prompt))
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._build(theme)
        self._text.link_clicked.connect(self.link_clicked)

    @property
    def item(self) -> ItemView | None:
        """What its row said when it was shown."""
        return self._detail.item if self._detail is not None else None

    def show_item(self, detail: ItemDetail) -> None:
        """The item as it is now; another one from its top."""
        is_other = detail.item.id != self.item_id
        self._detail, self.item_id = detail, detail.item.id
        item = detail.item
        self._name.setText(retold(item.name))
        name, colour = STATE_ICONS[item.state]
        self._icon.set_icon(name, colour)
        cost = job_words.item_cost(item, detail.saved_tokens)
        self._state.setText(words.DOT.join(part for part in (job_words.item_state(item.state), cost) if part))
        self._show_result(detail)
        self._source.show_text(detail.source)
        self._prompt.show_text(detail.prompt)
        self._copy.setVisible(bool(detail.output))
        self._again.setVisible(item.state is ItemState.FAILED)
        self.setAccessibleName(f"{retold(item.name)}, {self._state.text()}")
        if is_other:
            self._area.verticalScrollBar().setValue(0)

    def _show_result(self, detail: ItemDetail) -> None:
        output = detail.output
        is_plain = is_data(output) or len(output) > _LONGEST_MARKDOWN
        self._error.setText(retold(detail.error))
        self._error.setVisible(bool(detail.error))
        self._text.setVisible(bool(output) and not is_plain)
        self._data.setVisible(is_plain)
        self._waiting.setVisible(not output and not detail.error)
        if is_plain:
            self._data.show_text(indented(output) if is_data(output) else output)
        elif output != self._text.markdown:
            self._text.show_text(output)

    def _copy_result(self) -> None:
        if self._detail is not None:
            QGuiApplication.clipboard().setText(self._detail.output)

    def _ask_retry(self) -> None:
        self.retry_asked.emit(self.item_id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() >= _BESIDE_FROM
        direction = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        self._body.setDirection(direction)
        for place in range(self._body.count()):  # side by side they share the width; else each is as high as it is
            self._body.setStretch(place, 1 if is_wide else 0)

    def _build(self, theme: Theme) -> None:
        self._waiting = label(tr("There is no result so far."), tone="muted")
        block = self._result_block.layout()
        assert block is not None
        block.addWidget(self._waiting)
        head = QHBoxLayout()
        head.setContentsMargins(*margins(16, 8, 8, 0))
        head.setSpacing(8)
        head.addWidget(self._name, 1)
        head.addWidget(self._copy)
        head.addWidget(self._again)
        head.addWidget(IconButton(theme, "x", tr("Close this item"), self.closed.emit, 28))
        figures = QHBoxLayout()
        figures.setContentsMargins(16, 0, 16, 8)
        figures.setSpacing(6)
        figures.addWidget(self._icon)
        figures.addWidget(self._state, 1)
        inside = QWidget()
        inside.setObjectName("column")
        self._body.setSpacing(16)
        for block_widget in (self._result_block, self._source_block):
            self._body.addWidget(block_widget, 1, Qt.AlignmentFlag.AlignTop)
        content = QVBoxLayout(inside)
        content.setContentsMargins(16, 4, 16, 16)
        content.setSpacing(12)
        content.addLayout(self._body)
        content.addWidget(self._asked)
        content.addStretch()
        self._area = DownArea(tr("Item"))
        self._area.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(figures)
        column.addWidget(self._area, 1)


def _block(title: str, *widgets: QWidget) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    column.addWidget(label(title, role=fonts.GROUP, tone="muted"))
    for widget in widgets:
        column.addWidget(widget)
    return made


def _framed(widget: QWidget) -> QFrame:
    made = QFrame()
    made.setObjectName("sourceBlock")
    column = QVBoxLayout(made)
    column.setContentsMargins(14, 10, 14, 12)
    column.addWidget(widget)
    return made
