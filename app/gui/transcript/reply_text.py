"""The text of a reply: Markdown that is rendered while it streams, with code panels and quote bars painted behind it.

GUI thread only. Closed blocks are written once; only the open tail is written again at each flush. What is shown
equals a full render of the same text (tests/gui/test_incremental.py). A message too odd to render is shown as it is.
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QPushButton, QWidget

from app.gui import fonts
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.code_colours import colours_of
from app.gui.transcript.colouring import Colouring
from app.gui.transcript.formula_object import FormulaObject
from app.gui.transcript.formulas import formulas
from app.gui.transcript.markdown import Splitter, normal, parse
from app.gui.transcript.marks import code_rect, paint_marks
from app.gui.transcript.message_text import MessageText
from app.gui.transcript.styles import CODE_PAD_PX, Styles
from app.gui.transcript.writer import Bookmark, MarkKind, Writer
from app.logs import topic

_REST_FACTOR = 3  # a flush that took 20 ms is followed by at least 60 ms of rest


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
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._flush)
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
        self._splitter.grow(text)
        if not self._rest.isActive():
            self._flush()

    def finish(self, text: str) -> None:
        """The reply is complete. Rendered again only where what is shown could differ."""
        self._rest.stop()
        if text != self._source or text.endswith("\r"):
            self.show_text(text)
            return
        self._flush()
        self._is_complete = True
        self._colour_code()
        if self._splitter.env.get("references") or self._tail_env.get("references"):
            self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show this text, rendered in full."""
        self._clear()
        self._source, self._is_complete = text, True
        try:
            with self._writer.one_change():
                self._writer.write(parse(normal(text), self._tail_env))
        except Exception as error:
            self._show_plainly(error)
        self._take_height(self.document().size())
        self._place_buttons()
        self._colour_code()

    def _clear(self) -> None:
        self._rest.stop()
        if self._colouring is not None:
            self._colouring.end()
        self._colouring = Colouring(self.document(), colours_of(self._theme.is_dark), self)
        self._n_coloured = 0  # code blocks
        self.document().clear()
        self._formulas.forget()
        self._source = ""
        self._is_plain = self._is_complete = False
        self._splitter = Splitter()
        self._tail_env: dict[str, object] = {}
        self._writer = Writer(self.document(), Styles(self._theme.tokens))
        self._tail_start: Bookmark | None = None
        self._tail_is_fence = False

    def _render_again(self) -> None:
        source = self._source
        if self._is_complete:
            self.show_text(source)
        else:
            self._clear()
            self.append(source)

    def _flush(self) -> None:
        clock = QElapsedTimer()
        clock.start()
        self.setUpdatesEnabled(False)
        try:
            with self._writer.one_change():
                self._write_news()
        except Exception as error:
            self._show_plainly(error)
        finally:
            self.setUpdatesEnabled(True)
        self._take_height(self.document().size())
        self._place_buttons()
        self._colour_code()
        if (took := clock.elapsed()) > 10:
            self._rest.start(took * _REST_FACTOR)

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
        self._tail_env = dict(self._splitter.env, references=dict(self._splitter.env.get("references", {})))
        tail = parse(self._splitter.tail, self._tail_env)
        is_fence = len(tail) == 1 and tail[0].type == "fence"
        if is_fence and self._tail_is_fence and self._tail_start is not None:
            shown, wanted = self._writer.marks[-1], tail[0].content.removesuffix("\n")
            language = tail[0].info.split(maxsplit=1)[:1]
            if wanted.startswith(shown.text) and language == ([shown.language] if shown.language else []):
                if wanted != shown.text:
                    self._writer.extend_code(wanted[len(shown.text) :])
                return
        self._take_back_tail()
        self._tail_start = self._writer.bookmark()
        self._writer.write(tail)
        self._tail_is_fence = is_fence

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
        if self._colouring is None:
            return
        marks, is_open = self._writer.marks, not self._is_complete and self._tail_start is not None
        closed = marks[: self._tail_start.n_marks] if is_open and self._tail_start is not None else marks
        codes = [mark for mark in closed if mark.kind is MarkKind.CODE]
        for mark in codes[self._n_coloured :]:
            self._colouring.colour(mark)
        self._n_coloured = len(codes)
        self._colouring.colour_growing(marks[-1] if is_open and self._tail_is_fence and marks else None)

    # what is painted behind the text

    def space_below(self) -> int:
        """A code panel at the end goes on below its last line."""
        marks = self._writer.marks if hasattr(self, "_writer") else []
        is_code = bool(marks) and marks[-1].kind is MarkKind.CODE
        return CODE_PAD_PX if is_code and marks[-1].end >= self.document().characterCount() - 1 else 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_marks(painter, self, self._writer.marks, self._theme.tokens, QRectF(event.rect()))
        painter.end()
        super().paintEvent(event)

    # copy buttons

    def _place_buttons(self) -> None:
        codes = [mark for mark in self._writer.marks if mark.kind is MarkKind.CODE]
        while len(self._copy_buttons) > len(codes):
            button = self._copy_buttons.pop()
            button.hide()
            button.deleteLater()
        while len(self._copy_buttons) < len(codes):
            self._copy_buttons.append(self._copy_button(len(self._copy_buttons)))
        for mark, button in zip(codes, self._copy_buttons, strict=True):
            rect = code_rect(self, mark)
            button.move(int(rect.right()) - button.width() - 6, int(rect.top()) + 4)

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
        self._place_buttons()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_buttons()
