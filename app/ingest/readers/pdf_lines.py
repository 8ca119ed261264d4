"""One page of a PDF as lines of text with where and how they are set. PDFium gives characters in reading order; its
own line ends are kept, and its mark for a word divided at a line end becomes `is_divided`.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

_DIVIDED_WORD = "\x02\ufffe"  # PDFium's marks, by version
_FIXED_PITCH, _FORCE_BOLD = 1, 1 << 18  # font descriptor flags
_FIXED_NAME = re.compile(r"mono|courier|typewriter|cmtt|consol|menlo|fixed|inconsolata|tt\d*$", re.I)
_BOLD_NAME = re.compile(r"bold|black|heavy|cmbx|semibold", re.I)


@dataclass(slots=True)
class Line:
    """A line of text. Points from the lower left corner of the page as it is shown; `size` is the type size."""

    page: int
    text: str
    left: float
    right: float
    baseline: float
    size: float
    is_bold: bool
    is_fixed: bool  # set in a typewriter face
    is_divided: bool = False  # its last word goes on in the next line


@dataclass(frozen=True)
class _Style:
    size: float
    is_bold: bool
    is_fixed: bool


def lines_of_page(text_page: Any, number: int, rotation: int, width: float, height: float) -> list[Line]:
    """The lines of a page, in PDFium's order. `rotation` in degrees, `width` and `height` as shown."""
    turn = _Turn(rotation, width, height)
    lines = []
    for indices, text, is_divided in _runs(text_page):
        shown = [index for index, character in zip(indices, text, strict=True) if not character.isspace()]
        if not shown:
            continue
        styles = [_style(text_page, shown[at]) for at in (0, len(shown) // 2, -1)]
        first, last = _box(text_page, shown[0], turn), _box(text_page, shown[-1], turn)
        lines.append(
            Line(
                page=number,
                text=text.rstrip(),
                left=first[0],
                right=max(first[1], last[1]),
                baseline=first[2],
                size=max(style.size for style in styles),  # notes' numbers and small capitals are smaller,
                is_bold=all(style.is_bold for style in styles),
                is_fixed=all(style.is_fixed for style in styles),
                is_divided=is_divided,
            )
        )
    return lines


def _runs(text_page: Any) -> Iterator[tuple[list[int], str, bool]]:
    """Indices and characters of each line, and whether it ends within a word."""
    unicode_at = pdfium.FPDFText_GetUnicode
    raw = text_page.raw
    indices: list[int] = []
    characters: list[str] = []
    for index in range(text_page.count_chars()):
        character = chr(unicode_at(raw, index))
        is_divided = character in _DIVIDED_WORD
        if is_divided or character in "\r\n":
            if indices:
                yield indices, _joined(characters), is_divided
            indices, characters = [], []
        else:
            indices.append(index)
            characters.append(character)
    if indices:
        yield indices, _joined(characters), False


def _joined(characters: list[str]) -> str:
    """As one string, each character still at its place: a character beyond the BMP may come as two halves."""
    text = "".join(characters)
    if any("\ud800" <= character <= "\udfff" for character in text):
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole + " " * (len(text) - len(whole))
    return text


class _Turn:
    """From the page's own coordinates to those of the page as it is shown."""

    def __init__(self, rotation: int, width: float, height: float) -> None:
        self._rotation, self._width, self._height = rotation, width, height

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        if self._rotation == 90:
            return y, self._height - x
        if self._rotation == 180:
            return self._width - x, self._height - y
        if self._rotation == 270:
            return self._width - y, x
        return x, y


def _box(text_page: Any, index: int, turn: _Turn) -> tuple[float, float, float]:
    """Left, right and baseline of a character."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharBox(text_page.raw, index, left, right, bottom, top)
    pdfium.FPDFText_GetCharOrigin(text_page.raw, index, x, y)
    corners = [turn(left.value, bottom.value), turn(right.value, top.value)]
    origin = turn(x.value, y.value)
    return origin[0], max(corner[0] for corner in corners), origin[1]


def _style(text_page: Any, index: int) -> _Style:
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page.raw, index, name, 128, flags)
    font = name.value.decode("utf-8", "replace")
    matrix = pdfium.FS_MATRIX()
    scale = 1.0
    if pdfium.FPDFText_GetMatrix(text_page.raw, index, matrix):
        scale = math.hypot(matrix.c, matrix.d) or 1.0
    return _Style(
        size=round(pdfium.FPDFText_GetFontSize(text_page.raw, index) * scale, 1),
        is_bold=bool(flags.value & _FORCE_BOLD) or _BOLD_NAME.search(font) is not None,
        is_fixed=bool(flags.value & _FIXED_PITCH) or _FIXED_NAME.search(font) is not None,
    )
