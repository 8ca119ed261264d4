"""Block tokens become formatted text in a QTextDocument, by walking them with a cursor. GUI thread only.

Every block is inserted with block and character formats of its own, so that nothing leaks from one to the next.
What text cannot show (code panels, quote bars, rules) is recorded as marks, for the widget to paint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument, QTextList, QTextTable

from app.gui.transcript.columns import column_shares, longest_cells, longest_words
from app.gui.transcript.formula_object import LETTER, formula_format, hung, key_of
from app.gui.transcript.formula_rules import source_of as formula_source
from app.gui.transcript.formulas import formulas
from app.gui.transcript.styles import Place, Styles, indent_px

if TYPE_CHECKING:
    from markdown_it.token import Token

_BREAK = "\u2028"
# what QTextCursor.insertText would take for the end of a block or the border of a frame
_STRUCTURE = str.maketrans({"\n": _BREAK, "\r": _BREAK, "\u2029": _BREAK, "\ufdd0": "\ufffd", "\ufdd1": "\ufffd"})


class MarkKind(Enum):
    CODE = "code"
    QUOTE = "quote"
    RULE = "rule"
    BULLET = "bullet"


@dataclass(frozen=True)
class Mark:
    """Something to be painted behind the blocks from position `start` to `end`, from `left` on."""

    kind: MarkKind
    start: int
    end: int
    left: float
    text: str = ""  # of code
    language: str = ""
    depth: int = 0  # of a bullet's list


@dataclass
class Table:
    """One that was written. Pixels for each column: `least`, with which no word is torn, and `roomy`, to be read."""

    made: QTextTable
    place: Place
    shares: list[float | None]
    least: list[float]
    roomy: list[float]
    is_wide: bool = False  # wider than the page, and scrolled

    def fit(self, styles: Styles, width: float) -> None:
        """For a page of so many pixels; 0: not known."""
        left = self.place.left + self.place.lists * indent_px()
        is_wide = 0 < width < sum(self.least) + left
        if is_wide != self.is_wide:
            self.is_wide = is_wide
            self.made.setFormat(styles.table(self.place, self.shares, self.roomy if is_wide else ()))


class Writer:
    """Writes at the end of a document and can take back what it wrote last."""

    def __init__(self, document: QTextDocument, styles: Styles) -> None:
        self.styles = styles
        self.marks: list[Mark] = []
        self.tables: list[Table] = []
        self.width = 0.0  # of the page, in pixels; 0: not known
        self._cursor = QTextCursor(document)
        self._is_fresh = True  # the last block is empty and waits to be used
        self._is_empty = True

    @contextmanager
    def one_change(self) -> Iterator[None]:
        """Everything written inside is laid out once, at the end."""
        self._cursor.beginEditBlock()
        try:
            yield
        finally:
            self._cursor.endEditBlock()

    def write(self, tokens: Sequence[Token]) -> None:
        """Append blocks."""
        if tokens:
            self._cursor.movePosition(QTextCursor.MoveOperation.End)
            self._blocks(list(tokens), Place())

    def fit(self, width: float) -> None:
        """The page has another width."""
        self.width = width
        if self.tables:
            with self.one_change():
                for table in self.tables:
                    table.fit(self.styles, width)

    def bookmark(self) -> Bookmark:
        """Where the document ends now, for `take_back`."""
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        block = self._cursor.blockFormat()
        return Bookmark(
            self._cursor.position(),
            len(self.marks),
            len(self.tables),
            self._is_fresh,
            self._is_empty,
            block,
            self._cursor.blockCharFormat(),
        )

    def take_back(self, to: Bookmark) -> None:
        """Remove everything that was written since the bookmark."""
        self._cursor.setPosition(to.position)
        self._cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        self._cursor.removeSelectedText()
        self._cursor.setBlockFormat(to.block)
        self._cursor.setBlockCharFormat(to.block_char)
        del self.marks[to.n_marks :]
        del self.tables[to.n_tables :]
        self._is_fresh, self._is_empty = to.is_fresh, to.is_empty

    def extend_code(self, more: str) -> None:
        """Append to the code block that was written last, without writing it again."""
        mark = self.marks.pop()
        place = Place(is_first=mark.start == 0, is_after_code=self._is_code_above(mark.start))
        is_single = "\n" not in mark.text
        lines = more.split("\n")
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        if len(lines) > 1:
            self._cursor.setBlockFormat(self.styles.code_line(place, is_first=is_single, is_last=False))
        self._cursor.insertText(_plain(lines[0]), self.styles.code_text())
        for index, line in enumerate(lines[1:], 2):
            style = self.styles.code_line(place, is_first=False, is_last=index == len(lines))
            self._cursor.insertBlock(style, self.styles.code_text())
            self._cursor.insertText(_plain(line), self.styles.code_text())
        self.marks.append(replace(mark, end=self._cursor.position(), text=mark.text + more))

    # blocks

    def _begin(self, style: QTextBlockFormat, text: QTextCharFormat) -> None:
        if self._is_fresh:
            self._cursor.setBlockFormat(style)
            self._cursor.setBlockCharFormat(text)
            self._cursor.setCharFormat(text)
        else:
            self._cursor.insertBlock(style, text)
        self._is_fresh = self._is_empty = False

    def _blocks(self, tokens: list[Token], place: Place) -> None:
        index = 0
        while index < len(tokens):
            token = tokens[index]
            end = _end(tokens, index)
            self._block(token, tokens[index + 1 : end], replace(place, is_first=self._is_empty))
            index = end + 1

    def _block(self, token: Token, inside: list[Token], place: Place) -> None:
        styles = self.styles
        match token.type:
            case "paragraph_open":
                self._begin(styles.paragraph(replace(place, is_tight=token.hidden)), styles.text(place))
                self._inline(inside[0].children or [], styles.text(place))
            case "heading_open":
                level = int(token.tag[1:])
                self._begin(styles.heading(level, place), styles.heading_text(level))
                self._inline(inside[0].children or [], styles.heading_text(level))
            case "bullet_list_open" | "ordered_list_open":
                self._list(token, inside, replace(place, lists=place.lists + 1))
            case "blockquote_open":
                self._quote(inside, place)
            case "fence" | "code_block":
                self._code(token, place)
            case "math_block":
                self._begin(styles.formula(place), styles.text(place))
                self._formula(token, styles.text(place), self._cursor, is_display=True)
            case "hr":
                self._begin(styles.rule(place), styles.text(place))
                self._mark(MarkKind.RULE, self._cursor.position(), place)
            case "table_open":
                self._table(inside, place)
            case _:
                self._begin(styles.paragraph(place), styles.text(place))
                self._cursor.insertText(_plain(token.content), styles.text(place))

    def _list(self, token: Token, items: list[Token], place: Place) -> None:
        start = int(token.attrGet("start") or 1) if token.type == "ordered_list_open" else None
        style = self.styles.list(number=start, depth=place.lists)
        made: QTextList | None = None
        index = 0
        while index < len(items):
            end = _end(items, index)
            inside = items[index + 1 : end]
            has_text = bool(inside) and inside[0].type == "paragraph_open"
            is_tight = not has_text or inside[0].hidden
            here = replace(place, is_first=self._is_empty, is_tight=is_tight)
            text = self.styles.text(here)
            self._begin(self.styles.item(here, is_first_item=made is None), text)
            if made is None:
                made = self._cursor.createList(style)
            else:
                made.add(self._cursor.block())
            if start is None:
                self._mark(MarkKind.BULLET, self._cursor.position(), place)
            if has_text:
                self._inline(inside[1].children or [], text)
                inside = inside[3:]
            self._blocks(inside, place)
            index = end + 1

    def _quote(self, inside: list[Token], place: Place) -> None:
        if not inside:
            self._begin(self.styles.paragraph(place), self.styles.text(place))
            return
        start = self._cursor.position() + (0 if self._is_fresh else 1)
        self._blocks(inside, replace(place, quotes=place.quotes + 1))
        self._mark(MarkKind.QUOTE, start, place)

    def _code(self, token: Token, place: Place) -> None:
        source = token.content.removesuffix("\n")
        lines = source.split("\n")
        start = self._cursor.position() + (0 if self._is_fresh else 1)
        place = replace(place, is_after_code=self._is_code_above(start))
        for index, line in enumerate(lines, 1):
            style = self.styles.code_line(place, is_first=index == 1, is_last=index == len(lines))
            self._begin(style, self.styles.code_text())
            self._cursor.insertText(_plain(line), self.styles.code_text())
        language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        self._mark(MarkKind.CODE, start, place, text=source, language=language)

    def _is_code_above(self, start: int) -> bool:
        last = self.marks[-1] if self.marks else None
        return last is not None and last.kind is MarkKind.CODE and last.end == start - 1

    def _table(self, inside: list[Token], place: Place) -> None:
        rows: list[list[Token]] = []
        for token in inside:
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open", "inline"):
                rows[-1].append(token)
        texts = [[cell.content for cell in row[1::2]] for row in rows]
        shares = column_shares(texts)
        if not self._is_fresh:
            self._cursor.insertBlock(self.styles.after_table(), self.styles.text(place))
        table = self._cursor.insertTable(len(rows), len(shares), self.styles.table(place, shares))
        for row_index, row in enumerate(rows):
            for column, (opening, content) in enumerate(zip(row[::2], row[1::2], strict=True)):
                cell = table.cellAt(row_index, column).firstCursorPosition()
                style = str(opening.attrGet("style") or "").removeprefix("text-align:")
                text = self.styles.cell_text(place)
                text = self.styles.with_strong(text) if opening.type == "th_open" else text
                cell.setBlockFormat(self.styles.cell(style))
                cell.setBlockCharFormat(text)
                self._inline(content.children or [], text, cell)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        self._cursor.setBlockFormat(self.styles.after_table())  # stays: Qt drops the margin of a block right here
        written = Table(table, place, shares, *self.styles.columns_px(longest_words(texts), longest_cells(texts)))
        written.fit(self.styles, self.width)
        self.tables.append(written)
        self._is_fresh = self._is_empty = False

    def _formula(self, token: Token, base: QTextCharFormat, cursor: QTextCursor, *, is_display: bool) -> None:
        letter = formula_format(base, token.content, formula_source(token), is_display=is_display)
        if (drawing := formulas().get(key_of(letter))) is not None:
            letter = hung(letter, drawing, cursor.document())
        cursor.insertText(LETTER, letter)

    def _mark(self, kind: MarkKind, start: int, place: Place, text: str = "", language: str = "") -> None:
        left = place.left + place.lists * indent_px()
        self.marks.append(Mark(kind, start, self._cursor.position(), left, text, language, place.lists))

    # inline

    def _inline(self, tokens: list[Token], base: QTextCharFormat, cursor: QTextCursor | None = None) -> None:
        cursor = cursor or self._cursor
        stack = [base]
        for token in tokens:
            now = stack[-1]
            match token.type:
                case "softbreak" | "hardbreak":
                    cursor.insertText(_BREAK, now)
                case "math_inline":
                    self._formula(token, now, cursor, is_display=token.markup in ("$$", "\\["))
                case "code_inline":
                    cursor.insertText(_plain(token.content), self.styles.with_code(now))
                case "image":
                    name = token.content or "image"
                    cursor.insertText(_plain(name), self.styles.with_link(now, str(token.attrGet("src") or "")))
                case "strong_open":
                    stack.append(self.styles.with_strong(now))
                case "em_open":
                    stack.append(self.styles.with_emphasis(now))
                case "s_open":
                    stack.append(self.styles.with_strike(now))
                case "link_open":
                    stack.append(self.styles.with_link(now, str(token.attrGet("href") or "")))
                case _ if token.nesting < 0 and len(stack) > 1:
                    stack.pop()
                case _:
                    cursor.insertText(_plain(token.content), now)


@dataclass(frozen=True)
class Bookmark:
    """The end of a document at one moment, and what the writer knew then."""

    position: int
    n_marks: int
    n_tables: int
    is_fresh: bool
    is_empty: bool
    block: QTextBlockFormat
    block_char: QTextCharFormat


def _end(tokens: list[Token], index: int) -> int:
    """The index of the token that closes the one at `index`; itself where it stands alone."""
    if tokens[index].nesting != 1:
        return index
    level = tokens[index].level
    for end in range(index + 1, len(tokens)):
        if tokens[end].level == level and tokens[end].nesting == -1:
            return end
    return len(tokens) - 1


def _plain(text: str) -> str:
    return text.translate(_STRUCTURE)
