"""The text of a reply: Markdown that is rendered while it streams, with code panels and quote bars painted behind it.

GUI thread only. Closed blocks are written once; only the open tail is written again at each flush. What is shown
equals a full render of the same text (tests/gui/test_incremental.py). A message too odd to render is shown as it is.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice

from PySide6.QtCore import QElapsedTimer, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QResizeEvent, QShowEvent, QTextBlock
from PySide6.QtWidgets import QPushButton, QWidget

from app.gui import fonts
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.code_colours import colours_of
from app.gui.transcript.colouring import Colouring
from app.gui.transcript.formula_object import FormulaObject
from app.gui.transcript.formulas import formulas
from app.gui.transcript.markdown import MOST_LETTERS, Splitter, normal, parse
from app.gui.transcript.marks import code_rect, paint_marks
from app.gui.transcript.message_text import MessageText
from app.gui.transcript.styles import CODE_HEAD_PX, CODE_PAD_PX, GAP_PX, Styles
from app.gui.transcript.writer import Bookmark, Mark, MarkKind, Writer
from app.logs import topic

_SLICE_LETTERS = 2_000
_REST_FACTOR = 4  # showing takes a fifth of the thread at most: what took 15 ms is followed by 60 ms of rest
_LEAST_REST_MS = 33  # news don't come more often


class ReplyText(MessageText):
    """`append` while it streams, `finish` with the whole text at the end, `show_text` for one that is complete."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Reply"))
        self._theme = theme
        self._copy_buttons: list[QPushButton] = []
        self._formulas = FormulaObject(self.document(), theme, formulas())
        self._formulas.settled.connect(self._place_buttons)
        self._colouring: Colouring | None = None
        self._paint_ns = 0  # since the flush before
        self._page_width = 0  # until it has its place
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._rested)
        self._clear()
        theme.changed.connect(self._render_again)

    @property
    def markdown(self) -> str:
        """The source of what is shown, or about to be."""
        return self._source

    def append(self, text: str) -> None:
        """More of the reply. Shown at once, or after a rest where showing has become slow."""
        if self._is_complete:
            text = self._source + text
            self._clear()
        self._source += text
        self._unread += text
        if not self._rest.isActive():
            self._flush()

    def finish(self, text: str) -> None:
        """The reply is complete. Rendered again only where what is shown could differ."""
        if text != self._source or text.endswith("\r"):
            self.show_text(text)
            return
        self._is_complete = True
        if len(self._unread) <= _SLICE_LETTERS:
            self._rest.stop()
            self._flush()

    def show_text(self, text: str) -> None:
        """Show this text, rendered in full; of a long one the beginning now, the rest a slice at a time."""
        self._clear()
        self._source, self._is_complete = text, True
        if _SLICE_LETTERS < len(text) <= MOST_LETTERS:
            self._unread = normal(text)
            self._flush()
            return
        try:
            with self._writer.one_change():
                self._writer.write(parse(normal(text), self._tail_env))
        except Exception as error:
            self._show_plainly(error)
        self._settle()
        self._place_buttons()
        self._colour_code()

    def _settle(self) -> None:
        """As high as what is written; a table that is wider than the page is scrolled."""
        policy = Qt.ScrollBarPolicy
        is_wide = any(table.is_wide for table in self._writer.tables)
        self.setHorizontalScrollBarPolicy(policy.ScrollBarAlwaysOn if is_wide else policy.ScrollBarAlwaysOff)
        self._take_height(self.document().size())

    def _clear(self) -> None:
        self._rest.stop()
        if self._colouring is not None:
            self._colouring.end()
        self._colouring = None  # until there is code
        self._n_coloured = 0  # code blocks
        self.document().clear()
        self._formulas.forget()
        self._source = ""
        self._unread = ""  # what the splitter has not been given yet
        self._is_plain = self._is_complete = self._knows_references = False
        self._splitter = Splitter()
        self._tail_env: dict[str, object] = {}
        self._writer = Writer(self.document(), Styles(self._theme.tokens))
        self._writer.width = self._page_width
        self._tail_start: Bookmark | None = None
        self._tail_is_fence = False

    def _render_again(self) -> None:
        source = self._source
        if self._is_complete:
            self.show_text(source)
        else:
            self._clear()
            self.append(source)

    def _rested(self) -> None:
        if self._unread:
            self._flush()

    def _flush(self) -> None:
        clock = QElapsedTimer()
        clock.start()
        self._splitter.grow(self._unread[:_SLICE_LETTERS])
        self._unread = self._unread[_SLICE_LETTERS:]
        self.setUpdatesEnabled(False)
        try:
            with self._writer.one_change():
                self._write_news()
        except Exception as error:
            self._show_plainly(error)
        finally:
            self.setUpdatesEnabled(True)
        self._settle()
        self._place_buttons(self._n_coloured)
        self._colour_code()
        if self._unread:
            self._rest.start(0)
        elif self._is_complete:
            self._end()
        else:
            rest_ms = _REST_FACTOR * (clock.nsecsElapsed() + self._paint_ns) // 1_000_000
            if rest_ms > _LEAST_REST_MS:
                self._rest.start(rest_ms)
        self._paint_ns = 0

    def _end(self) -> None:
        """All of it is shown. Link definitions that came after their links are known only now: it is written again."""
        references = self._splitter.env.get("references") or self._tail_env.get("references")
        if references and not self._knows_references and not self._is_plain:
            source = self._source
            self._clear()
            self._source, self._unread, self._is_complete, self._knows_references = source, normal(source), True, True
            self._splitter.env = {"references": references}
            self._flush()

    def _write_news(self) -> None:
        if self._is_plain:
            self.setPlainText(self._source)
            return
        closed = self._splitter.take_closed()
        if closed:
            self._take_back_tail()
            for block in closed:
                self._writer.write(block)
            self._tail_start = None
        code = self._splitter.open_code()
        if code is not None and self._tail_is_fence and self._tail_start is not None:
            shown, (language, wanted) = self._writer.marks[-1], code
            if wanted.startswith(shown.text) and language == shown.language:
                if wanted != shown.text:
                    self._writer.extend_code(wanted[len(shown.text) :])
                return
        self._tail_env = dict(self._splitter.env, references=dict(self._splitter.env.get("references", {})))
        tail = parse(self._splitter.tail, self._tail_env)
        self._take_back_tail()
        self._tail_start = self._writer.bookmark()
        self._writer.write(tail)
        self._tail_is_fence = len(tail) == 1 and tail[0].type == "fence"

    def _take_back_tail(self) -> None:
        if self._tail_start is not None:
            self._writer.take_back(self._tail_start)

    def _show_plainly(self, error: Exception) -> None:
        topic("window").error("a reply could not be rendered, shown as plain text", exc_info=error)
        source = self._source
        self._clear()
        self._source, self._is_plain = source, True  # what is appended from now on is shown plainly too
        self.setPlainText(source)

    def _colour_code(self) -> None:
        """Blocks that are closed once; the open one again and again."""
        is_growing = not self._is_complete or bool(self._unread)
        marks, is_open = self._writer.marks, is_growing and self._tail_start is not None
        closed = marks[: self._tail_start.n_marks] if is_open and self._tail_start is not None else marks
        codes = [mark for mark in closed if mark.kind is MarkKind.CODE]
        growing = marks[-1] if is_open and self._tail_is_fence and marks else None
        if self._colouring is None:
            if not codes and growing is None:
                return
            self._colouring = Colouring(self.document(), colours_of(self._theme.is_dark), self)
        for mark in codes[self._n_coloured :]:
            self._colouring.colour(mark)
        self._n_coloured = len(codes)
        self._colouring.colour_growing(growing)

    # what is painted behind the text

    def space_below(self) -> int:
        """A code panel at the end goes on below its last line; below that is the bar that scrolls a wide table."""
        marks = self._writer.marks if hasattr(self, "_writer") else []
        is_code = bool(marks) and marks[-1].kind is MarkKind.CODE
        has_bar = self.horizontalScrollBarPolicy() is Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        bar = self.horizontalScrollBar().sizeHint().height() if has_bar else 0
        return bar + (CODE_PAD_PX if is_code and marks[-1].end >= self.document().characterCount() - 1 else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        clock = QElapsedTimer()
        clock.start()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-self._scrolled, 0)
        seen = QRectF(event.rect()).translated(self._scrolled, 0)
        paint_marks(painter, self, self._marks_in(event.rect()), self._theme.tokens, seen)
        painter.end()
        super().paintEvent(event)
        self._paint_ns += clock.nsecsElapsed()

    @property
    def _scrolled(self) -> int:
        """How far aside, in pixels."""
        bar = self.horizontalScrollBar()
        return bar.maximum() - bar.value() if self.isRightToLeft() else bar.value()

    def _marks_in(self, rect: QRect) -> list[Mark]:
        """Those that may be seen: a long reply has thousands."""
        above, below = CODE_HEAD_PX + GAP_PX, CODE_PAD_PX + GAP_PX
        first = self._block_at(rect.top() - below).position()
        after = self._block_at(rect.bottom() + above)
        marks = self._writer.marks  # in the order of their ends
        begin = bisect_left(marks, first - 1, key=lambda mark: mark.end)
        return [mark for mark in islice(marks, begin, None) if mark.start <= after.position() + after.length()]

    def _block_at(self, y: float) -> QTextBlock:
        """The first that ends there or below. QTextDocument's own way to it takes longer the longer the text is."""
        document = self.document()
        rect_of, block_of = document.documentLayout().blockBoundingRect, document.findBlockByNumber
        numbers = range(document.blockCount() - 1)
        return block_of(bisect_left(numbers, y, key=lambda number: rect_of(block_of(number)).bottom()))

    # copy buttons

    def _place_buttons(self, begin: int = 0) -> None:
        """Those from `begin` on; where the ones before stand has not changed."""
        codes = [mark for mark in self._writer.marks if mark.kind is MarkKind.CODE]
        while len(self._copy_buttons) > len(codes):
            button = self._copy_buttons.pop()
            button.hide()
            button.deleteLater()
        while len(self._copy_buttons) < len(codes):
            self._copy_buttons.append(self._copy_button(len(self._copy_buttons)))
        for mark, button in zip(codes[begin:], self._copy_buttons[begin:], strict=True):
            rect = code_rect(self, mark)
            button.move(int(rect.right()) - button.width() - 6 - self._scrolled, int(rect.top()) + 4)

    def _copy_button(self, index: int) -> QPushButton:
        button = QPushButton(tr("Copy"), self.viewport())
        button.setProperty("kind", "quiet")
        button.setAccessibleName(tr("Copy this code"))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where the person writes
        fonts.set_role(button, fonts.SMALL)
        button.clicked.connect(lambda: self._copy_code(index))
        button.adjustSize()
        button.show()
        return button

    def _copy_code(self, index: int) -> None:
        codes = [mark for mark in self._writer.marks if mark.kind is MarkKind.CODE]
        QGuiApplication.clipboard().setText(codes[index].text)
        button = self._copy_buttons[index]
        self._label(button, tr("Copied"))
        QTimer.singleShot(1_500, button, lambda: self._label(button, tr("Copy")))

    def _label(self, button: QPushButton, text: str) -> None:
        button.setText(text)
        button.adjustSize()
        self._place_buttons()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.viewport().width() != self._page_width:
            self._page_width = self.viewport().width()
            self._writer.fit(self._page_width)
            self._settle()
            self._place_buttons()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_buttons()
