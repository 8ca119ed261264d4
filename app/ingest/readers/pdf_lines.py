"""One page of a PDF as lines of text with where and how they are set. PDFium gives characters in reading order; its
own line ends are kept, and its mark for a word divided at a line end becomes `is_divided`.
"""

from __future__ import annotations

import ctypes
import functools
import math
import re
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

_DIVIDED_WORD = ("\x02", "\ufffe")  # PDFium's marks, by function
_RUN = re.compile("[^\r\n\x02\ufffe]+")
_HALF = re.compile("[\ud800-\udfff]")
_FARTHEST_POINTS = 1e6
_FIXED_PITCH, _FORCE_BOLD = 1, 1 << 18  # font descriptor flags
_FIXED_NAME = re.compile(rb"mono|courier|typewriter|cmtt|consol|menlo|fixed|inconsolata|tt\d*$", re.I)
_BOLD_NAME = re.compile(rb"bold|black|heavy|cmbx|semibold", re.I)


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
    characters = _characters(text_page)
    lines = []
    for run in _RUN.finditer(characters):
        text = run.group()
        start, end = run.start() + len(text) - len(text.lstrip()), run.start() + len(text.rstrip())
        if start >= end:
            continue
        styles = [_style(text_page, index) for index in (start, _middle(characters, start, end), end - 1)]
        first, last = _box(text_page, start, turn), _box(text_page, end - 1, turn)
        lines.append(
            Line(
                page=number,
                text=_whole(text.rstrip()),
                left=first[0],
                right=max(first[1], last[1]),
                baseline=first[2],
                size=max(style.size for style in styles),  # notes' numbers and small capitals are smaller
                is_bold=all(style.is_bold for style in styles),
                is_fixed=all(style.is_fixed for style in styles),
                is_divided=characters[run.end() : run.end() + 1] in _DIVIDED_WORD,
            )
        )
    return lines


def _characters(text_page: Any) -> str:
    """All characters of a page, each at its index; one beyond the BMP may be two halves."""
    count = text_page.count_chars()
    buffer = (ctypes.c_ushort * (count + 2))()
    if pdfium.FPDFText_GetText(text_page.raw, 0, count, buffer) == count + 1:
        return "".join(map(chr, buffer[:count]))
    return "".join(chr(pdfium.FPDFText_GetUnicode(text_page.raw, index)) for index in range(count))  # slower


def _middle(characters: str, start: int, end: int) -> int:
    """An index near the middle that has a character with a style of its own."""
    middle = (start + end) // 2
    return middle - 1 if characters[middle].isspace() else middle


def _whole(text: str) -> str:
    """Halves of characters beyond the BMP put together."""
    if _HALF.search(text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
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
    corners = [turn(_sane(left.value), _sane(bottom.value)), turn(_sane(right.value), _sane(top.value))]
    origin = turn(_sane(x.value), _sane(y.value))
    return origin[0], max(corner[0] for corner in corners), origin[1]


def _sane(points: float) -> float:
    """A coordinate that can be reckoned with; damaged files have others."""
    return points if abs(points) < _FARTHEST_POINTS else 0.0


def _style(text_page: Any, index: int) -> _Style:
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page.raw, index, name, 128, flags)
    matrix = pdfium.FS_MATRIX()
    scale = 1.0
    if pdfium.FPDFText_GetMatrix(text_page.raw, index, matrix):
        scale = math.hypot(matrix.c, matrix.d) or 1.0
    return _Style(
        size=round(_sane(pdfium.FPDFText_GetFontSize(text_page.raw, index) * scale), 1) or 1.0,
        is_bold=bool(flags.value & _FORCE_BOLD) or _says(_BOLD_NAME, name.value),
        is_fixed=bool(flags.value & _FIXED_PITCH) or _says(_FIXED_NAME, name.value),
    )


@functools.cache
def _says(kind: re.Pattern[bytes], font_name: bytes) -> bool:
    return kind.search(font_name) is not None
