"""A formula as one letter of a document: how large it is, and how it is painted. GUI thread only.

While it is not drawn, and where it can't be, its source stands in its place as code does.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPixmap,
    QPixmapCache,
    QPyTextObject,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextLayout,
    QTextOption,
)

from app.gui import fonts
from app.gui.theme import Theme
from app.gui.transcript.formulas import Drawing, Formulas, Key

FORMULA = int(QTextFormat.ObjectTypes.UserObject) + 1
LETTER = "\ufffc"
_LATEX, _IS_DISPLAY, _SOURCE, _PIXELS, _COLOUR = (int(QTextFormat.Property.UserProperty) + n for n in range(1, 6))
_SCALE = 1.12  # its letters are smaller than those of the text at the same size
_LEAST_SCALE = 0.5
_PAD_X = 1.0
_CODE_PAD = 4.0


def formula_format(base: QTextCharFormat, latex: str, source: str, *, is_display: bool) -> QTextCharFormat:
    """Of the letter that stands for it, among text of this format."""
    made = QTextCharFormat(base)
    made.setObjectType(FORMULA)
    made.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
    made.setProperty(_LATEX, latex)
    made.setProperty(_IS_DISPLAY, is_display)
    made.setProperty(_SOURCE, source)
    made.setProperty(_PIXELS, base.font().pixelSize())
    made.setToolTip(source if len(source) <= 300 else f"{source[:300]}…")
    return made


def source_of(format: QTextCharFormat) -> str:
    """What was written; empty: it is no formula."""
    return str(format.property(_SOURCE) or "") if format.objectType() == FORMULA else ""


def key_of(format: QTextCharFormat) -> Key:
    return str(format.property(_LATEX)), bool(format.property(_IS_DISPLAY))


def hung(format: QTextCharFormat, drawing: Drawing, document: QTextDocument) -> QTextCharFormat:
    """The format of one that is drawn.

    Qt hangs an object in the middle of an x of its font, and gives it as much room below as above. With a font of the
    right size its room is what the formula takes.
    """
    ascent, descent, _ = _extent(drawing, format, document)
    usual = fonts.font(fonts.MESSAGE)
    font = QFont(format.font())
    share = QFontMetricsF(usual).xHeight() / usual.pixelSize()
    font.setPixelSize(max(1, round(2 * max(0.0, ascent - descent) / share)))
    made = QTextCharFormat(format)
    made.setFont(font)
    return made


def text_of(document: QTextDocument) -> str:
    """As it is read, in lines, with the source of each formula."""
    if LETTER not in (text := document.toPlainText()):
        return text
    lines = []
    block = document.begin()
    while block.isValid():
        runs = [run.fragment() for run in block]  # type: ignore[attr-defined]
        lines.append("".join(run.text().replace(LETTER, source_of(run.charFormat()) or LETTER) for run in runs))
        block = block.next()
    return "\n".join(lines).replace("\u2028", "\n")


class FormulaObject(QPyTextObject):
    """For one document. `settled` after formulas have found their size, and what is below them its place."""

    settled = Signal()

    def __init__(self, document: QTextDocument, theme: Theme, drawn: Formulas) -> None:
        super().__init__(document)
        self._document, self._theme, self._drawn = document, theme, drawn
        self._pending: dict[Key, set[int]] = {}  # where in the document
        document.documentLayout().registerHandler(FORMULA, self)
        drawn.came.connect(self._came)

    def forget(self) -> None:
        """The document is empty again."""
        self._pending = {}

    def intrinsicSize(self, doc: QTextDocument, posInDocument: int, format: QTextFormat) -> QSizeF:
        letter = format.toCharFormat()
        key = key_of(letter)
        drawing = self._drawn.get(key)
        if drawing is None:
            if not self._drawn.is_settled(key):
                self._pending.setdefault(key, set()).add(posInDocument)
            return self._source_size(letter)
        ascent, descent, width = _extent(drawing, letter, self._document)
        half = _half_x(letter)
        return QSizeF(width + 2 * _PAD_X, max(2 * ascent - half, 2 * descent + half))

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, doc: QTextDocument, posInDocument: int, format: QTextFormat
    ) -> None:
        letter, rect = format.toCharFormat(), QRectF(rect)
        drawing = self._drawn.get(key_of(letter))
        if drawing is None:
            self._paint_source(painter, rect, letter)
            return
        ascent, descent, width = _extent(drawing, letter, self._document)
        base_line = rect.center().y() + _below_middle(doc, posInDocument)
        place = QRectF(rect.left() + _PAD_X, base_line - ascent, width, ascent + descent)
        ratio = painter.device().devicePixelRatio() if painter.device() is not None else 1.0
        painter.drawPixmap(place.topLeft(), self._picture(drawing, place.size(), ratio, self._colour(letter)))

    # what has come

    def _came(self, keys: set[Key]) -> None:
        places = sorted(place for key in keys for place in self._pending.pop(key, ()))
        if not places:
            return
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        for place in places:
            if place >= self._document.characterCount() - 1:
                continue
            cursor.setPosition(place)
            cursor.setPosition(place + 1, QTextCursor.MoveMode.KeepAnchor)
            format = cursor.charFormat()
            if format.objectType() == FORMULA and key_of(format) in keys:
                drawing = self._drawn.get(key_of(format))
                cursor.setCharFormat(format if drawing is None else hung(format, drawing, self._document))
                self._document.markContentsDirty(place, 1)
        cursor.endEditBlock()
        self.settled.emit()

    def _colour(self, letter: QTextCharFormat) -> str:
        brush: QBrush = letter.foreground()
        own = brush.style() is not Qt.BrushStyle.NoBrush
        return brush.color().name() if own else self._theme.tokens.text

    def _picture(self, drawing: Drawing, size: QSizeF, ratio: float, colour: str) -> QPixmap:
        width, height = max(1, round(size.width() * ratio)), max(1, round(size.height() * ratio))
        name = f"formula {hash(drawing.svg)} {width} {height} {ratio} {colour}"
        picture = QPixmap()
        if not QPixmapCache.find(name, picture):
            picture = QPixmap(width, height)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            drawing.renderer(colour).render(painter, QRectF(0, 0, width, height))
            painter.end()
            picture.setDevicePixelRatio(ratio)
            QPixmapCache.insert(name, picture)
        return picture

    # its source

    def _source_layout(self, letter: QTextCharFormat) -> tuple[QTextLayout, QSizeF]:
        font = fonts.code_font()
        made = QTextLayout(source_of(letter).replace("\n", "\u2028"), font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        made.setTextOption(option)
        room = _room(self._document) - 2 * _CODE_PAD
        made.beginLayout()
        y = width = 0.0
        while (line := made.createLine()).isValid():
            line.setLineWidth(room if room > 0 else 10_000)
            line.setPosition(QPointF(0, y))
            y += line.height()
            width = max(width, line.naturalTextWidth())
        made.endLayout()
        return made, QSizeF(width + 2 * _CODE_PAD, y)

    def _source_size(self, letter: QTextCharFormat) -> QSizeF:
        return self._source_layout(letter)[1]

    def _paint_source(self, painter: QPainter, rect: QRectF, letter: QTextCharFormat) -> None:
        layout, _ = self._source_layout(letter)
        painter.fillRect(rect, QColor(self._theme.tokens.code))
        painter.setPen(QColor(self._colour(letter)))
        layout.draw(painter, rect.topLeft() + QPointF(_CODE_PAD, 0))


def _below_middle(document: QTextDocument, position: int) -> float:
    """How far the base line of a line is below its middle, where Qt puts the object's."""
    block = document.findBlock(position)
    line = block.layout().lineForTextPosition(position - block.position())
    return (line.ascent() - line.descent()) / 2 if line.isValid() else 0.0


def _half_x(letter: QTextCharFormat) -> float:
    """As Qt reckons it."""
    return QFontMetrics(letter.font()).xHeight() / 2


def _extent(drawing: Drawing, letter: QTextCharFormat, document: QTextDocument) -> tuple[float, float, float]:
    """Ascent, descent and width, in pixels; smaller where the column is too narrow."""
    pixels, room = float(letter.property(_PIXELS)) * _SCALE, _room(document)
    if room > 0:
        pixels *= min(1.0, max(_LEAST_SCALE, room / (drawing.width * pixels)))
    return drawing.ascent * pixels, drawing.descent * pixels, drawing.width * pixels


def _room(document: QTextDocument) -> float:
    return document.textWidth() - 4 * _PAD_X
