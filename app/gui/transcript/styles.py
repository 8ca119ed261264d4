"""The formats of rendered Markdown: one place for sizes, margins and colours of replies. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QTextBlockFormat,
    QTextCharFormat,
    QTextFrameFormat,
    QTextLength,
    QTextListFormat,
    QTextTableFormat,
)

from app.gui import fonts
from app.gui.theme import Tokens

_INDENT_PX = 22  # one list level, at the size as it was drawn
QUOTE_PX = 16  # one quote level
CODE_PAD_PX = 14
CODE_HEAD_PX = 30  # the strip with language and Copy
GAP_PX = 12  # between blocks
_CELL_PX, _CELL_PAD_PX = 14, 6  # type of tables, and the room around it
_CELL_LETTERS = 24  # a line of a cell where a table is wider than the page
_ITEM_GAP_PX = 6  # between the items of a tight list
_HEADINGS = {1: (20, 24), 2: (17, 20), 3: (15, 16)}  # level: size, space above

Pixels = list[float]  # for each column of a table


def indent_px() -> int:
    """One list level."""
    return fonts.scaled(_INDENT_PX)


@dataclass(frozen=True)
class Place:
    """Where a block stands: how deep in lists and quotes, and what is above it."""

    lists: int = 0
    quotes: int = 0
    is_first: bool = False  # in the document
    is_tight: bool = False
    is_after_code: bool = False  # right below another code panel

    @property
    def left(self) -> float:
        return self.quotes * QUOTE_PX


class Styles:
    """Formats made from the tokens of a theme. Cheap to make; remake and render again when the theme changes."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._prose = fonts.font(fonts.MESSAGE)
        self._prose_percent = 150 * self._prose.pixelSize() / QFontMetricsF(self._prose).lineSpacing()
        self._code = fonts.code_font()
        head = QFont(self._prose)
        head.setPixelSize(fonts.scaled(_CELL_PX))
        head.setWeight(QFont.Weight.DemiBold)
        self._cell_metrics = QFontMetricsF(head)

    # blocks

    def paragraph(self, place: Place) -> QTextBlockFormat:
        above = 0 if place.is_first else _ITEM_GAP_PX if place.is_tight else GAP_PX
        made = self._block(place, above, self._prose_percent)
        if place.lists:
            made.setIndent(place.lists)
        return made

    def item(self, place: Place, *, is_first_item: bool) -> QTextBlockFormat:
        """The block that carries the marker; its list gives the indent."""
        if place.is_first:
            above = 0
        elif is_first_item and place.lists == 1:
            above = GAP_PX - 2
        else:
            above = _ITEM_GAP_PX if place.is_tight else GAP_PX
        return self._block(place, above, self._prose_percent)

    def heading(self, level: int, place: Place) -> QTextBlockFormat:
        _, above = _HEADINGS[min(level, 3)]
        made = self._block(place, 0 if place.is_first else above, 125)
        made.setHeadingLevel(level)
        if place.lists:
            made.setIndent(place.lists)
        return made

    def code_line(self, place: Place, *, is_first: bool, is_last: bool) -> QTextBlockFormat:
        made = self._block(place, 0, 108)
        made.setLeftMargin(place.left + CODE_PAD_PX)
        made.setRightMargin(CODE_PAD_PX)
        if is_first:
            # Qt takes the larger of two margins that meet; between two panels it has to be their sum
            above = 0 if place.is_first else GAP_PX + CODE_PAD_PX if place.is_after_code else GAP_PX
            made.setTopMargin(above + CODE_HEAD_PX)
        if is_last:
            made.setBottomMargin(CODE_PAD_PX + GAP_PX)
        if place.lists:
            made.setIndent(place.lists)
        return made

    def rule(self, place: Place) -> QTextBlockFormat:
        made = self._block(place, 0 if place.is_first else GAP_PX - 8, 50)
        made.setBottomMargin(GAP_PX + 8)  # letters stand low in their lines: like this it is in the middle between them
        return made

    def formula(self, place: Place) -> QTextBlockFormat:
        """Of a formula on a line of its own."""
        made = self._block(place, 0 if place.is_first else GAP_PX, 100)
        made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        if place.lists:
            made.setIndent(place.lists)
        return made

    def cell(self, alignment: str) -> QTextBlockFormat:
        made = self._block(Place(), 0, 112)
        sides = {"right": Qt.AlignmentFlag.AlignRight, "center": Qt.AlignmentFlag.AlignHCenter}
        made.setAlignment(sides.get(alignment, Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter)
        return made

    def after_table(self) -> QTextBlockFormat:
        """The block that Qt keeps after a table when nothing follows: as low as can be."""
        made = QTextBlockFormat()
        made.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        return made

    def list(self, *, number: int | None, depth: int) -> QTextListFormat:
        made = QTextListFormat()
        if number is None:
            made.setStyle(QTextListFormat.Style.ListStyleUndefined)  # Qt's stands too close: bullets are painted
        else:
            made.setStyle(QTextListFormat.Style.ListDecimal)
            made.setStart(number)
        made.setIndent(depth)
        return made

    def columns_px(self, words: Sequence[str], letters: Sequence[int]) -> tuple[Pixels, Pixels]:
        """What each column takes so that its longest word is not torn; and so that its longest cell is not a tower."""
        metrics, around = self._cell_metrics, 2 * _CELL_PAD_PX + 2
        least = [metrics.horizontalAdvance(word) + around for word in words]
        likes = [min(n, _CELL_LETTERS) * metrics.averageCharWidth() + around for n in letters]
        return least, [max(pair) for pair in zip(least, likes, strict=True)]

    def table(self, place: Place, shares: Sequence[float | None], fixed: Sequence[float] = ()) -> QTextTableFormat:
        """`fixed`: pixels for each column, in place of its share."""
        made = QTextTableFormat()
        made.setBorder(1)
        made.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        made.setBorderBrush(QColor(self._tokens.line))
        made.setBorderCollapse(True)
        made.setCellPadding(_CELL_PAD_PX)
        made.setCellSpacing(0)
        made.setHeaderRowCount(1)
        made.setTopMargin(0 if place.is_first else GAP_PX)
        made.setLeftMargin(place.left + place.lists * indent_px())
        percent = QTextLength.Type.PercentageLength
        widths = [QTextLength() if share is None else QTextLength(percent, 100 * share) for share in shares]
        if fixed:
            widths = [QTextLength(QTextLength.Type.FixedLength, width) for width in fixed]
        made.setColumnWidthConstraints(widths)
        return made

    # characters

    def text(self, place: Place) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setFont(self._prose, QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly)
        if place.quotes:
            made.setForeground(QColor(self._tokens.muted))
        return made

    def cell_text(self, place: Place) -> QTextCharFormat:
        made = self.text(place)
        font = made.font()
        font.setPixelSize(fonts.scaled(_CELL_PX))
        made.setFont(font, QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly)
        return made

    def heading_text(self, level: int) -> QTextCharFormat:
        made = QTextCharFormat()
        font = QFont(self._prose)
        font.setPixelSize(fonts.scaled(_HEADINGS[min(level, 3)][0]))
        font.setWeight(QFont.Weight.DemiBold)
        made.setFont(font)
        return made

    def code_text(self) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setFont(self._code)
        return made

    def with_code(self, base: QTextCharFormat) -> QTextCharFormat:
        made = QTextCharFormat(base)
        font = QFont(self._code)
        font.setPixelSize(max(13, base.font().pixelSize() - 2))
        font.setWeight(base.font().weight())
        made.setFont(font)
        made.setBackground(QColor(self._tokens.code))
        return made

    def with_link(self, base: QTextCharFormat, address: str) -> QTextCharFormat:
        made = QTextCharFormat(base)
        made.setAnchor(True)
        made.setAnchorHref(address)
        made.setForeground(QColor(self._tokens.accent))
        made.setFontUnderline(True)
        return made

    def with_strong(self, base: QTextCharFormat) -> QTextCharFormat:
        made = QTextCharFormat(base)
        made.setFontWeight(QFont.Weight.DemiBold)
        return made

    def with_emphasis(self, base: QTextCharFormat) -> QTextCharFormat:
        made = QTextCharFormat(base)
        made.setFontItalic(True)
        return made

    def with_strike(self, base: QTextCharFormat) -> QTextCharFormat:
        made = QTextCharFormat(base)
        made.setFontStrikeOut(True)
        return made

    def _block(self, place: Place, above: float, line_percent: float) -> QTextBlockFormat:
        made = QTextBlockFormat()
        made.setTopMargin(above)
        made.setLeftMargin(place.left)
        made.setRightMargin(place.left)  # where a quotation from right to left has its bar
        made.setLineHeight(line_percent, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        return made
