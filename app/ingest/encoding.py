"""Files of text in any encoding, as characters: byte order mark first, then UTF-8, then a guess from a sample.

Two passes over the file, both in pieces: the first finds the encoding, refuses what is not text or is too long, and
keeps nothing, so that a huge file is refused at once and with little memory; the second gives the text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.ingest.guessing import guess_encoding, known_legacy_encoding
from app.ingest.readers.interface import too_long, unreadable

_PIECE_BYTES = 1 << 20
_SAMPLE_BYTES = 64 * 1024
_SAMPLE_CONTEXT_BYTES = 200
_XML_ENCODING = re.compile(rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([\w.:-]+)")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b") | {127})
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A file that is text. Bytes that are wrong in its encoding are shown as �."""

    path: Path
    encoding: str

    def pieces(self) -> Iterator[str]:
        """The text from its beginning, with line feeds only."""
        with self.path.open(encoding=self.encoding, errors="replace", newline=None) as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece


def open_text(path: Path, max_characters: int, *, declared: str = "") -> TextFile:
    """Find the encoding of a file. `declared` is what the file says of itself; UTF-8 that is valid wins over it.

    Raises KnownError for a file that is not text, or is longer than the limit.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
        wide_or_marked = next((name for mark, name in _MARKS if head.startswith(mark)), "") or _wide_unmarked(head)
        file.seek(0)
        survey = _Survey(path, wide_or_marked, max_characters)
        for piece in iter(lambda: file.read(_PIECE_BYTES), b""):
            survey.look_at(piece)
    return TextFile(path=path, encoding=survey.encoding(declared))


class _Survey:
    """The first pass: counts characters, looks for binary data, keeps a sample of what is not ASCII."""

    def __init__(self, path: Path, wide_or_marked: str, max_characters: int) -> None:
        self._path = path
        self._known = wide_or_marked
        self._limit = max_characters
        self._decoder = codecs.getincrementaldecoder(wide_or_marked or "utf-8")(
            "replace" if wide_or_marked else "strict"
        )
        self._is_valid = True
        self._n_characters = 0
        self._n_pieces = 0
        self._sample = bytearray()

    def look_at(self, piece: bytes) -> None:
        """The next piece of the file. Raises KnownError where nothing more need be looked at."""
        if not self._known and self._looks_binary(piece):
            raise unreadable(
                self._path,
                "is not text, whatever its name says. Save it as PDF in the program that made it.",
            )
        self._n_pieces += 1
        self._n_characters += self._count(piece)
        if self._n_characters > self._limit:
            raise too_long(self._path, self._limit)
        if len(self._sample) < _SAMPLE_BYTES and not piece.isascii():
            for line in piece.split(b"\n"):
                if first := _NOT_ASCII.search(line):
                    start = max(0, first.start() - _SAMPLE_CONTEXT_BYTES)
                    self._sample += line[start : start + _SAMPLE_BYTES] + b"\n"

    def encoding(self, declared: str) -> str:
        """The encoding, after the whole file has been seen. Raises KnownError where none fits."""
        if self._known or self._is_valid:
            return self._known or "utf-8"
        sample = bytes(self._sample[:_SAMPLE_BYTES])
        text = sample.decode("utf-8", "replace")
        n_wrong = text.count("\ufffd")
        n_right = sum(character > "\x7f" for character in text) - n_wrong
        if n_right > 10 * n_wrong:  # mostly UTF-8, which nothing else is by chance
            return "utf-8"
        guess = known_legacy_encoding(declared) or guess_encoding(sample)
        if guess is None:
            raise unreadable(self._path, "is not text in any encoding that Rubato knows. Save it as UTF-8 text.")
        return guess

    def _count(self, piece: bytes) -> int:
        if self._is_valid:
            try:
                return len(self._decoder.decode(piece))
            except UnicodeDecodeError:
                self._is_valid = False
        return len(piece)

    def _looks_binary(self, piece: bytes) -> bool:
        is_enough_to_tell = self._n_pieces == 0 or len(piece) == _PIECE_BYTES
        return is_enough_to_tell and _has_many_controls(piece)


def _wide_unmarked(head: bytes) -> str:
    """UTF-16 that lacks its mark: every other byte of western text is zero."""
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if half >= 4 and odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if half >= 4 and even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    return ""


def is_binary(head: bytes) -> bool:
    """Whether the beginning of a file is no text in any encoding."""
    is_wide = any(head.startswith(mark) for mark, _ in _MARKS) or _wide_unmarked(head)
    return not is_wide and _has_many_controls(head)


def _has_many_controls(piece: bytes) -> bool:
    n_controls = len(piece) - len(piece.translate(None, _CONTROLS))
    return n_controls > max(2, len(piece) * 0.02)  # one or two may be slips


def decode_xml(content: bytes) -> str:
    """A part of an archive that is XML: in UTF-16 where it has its mark, else as it declares or in UTF-8."""
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    declared = _XML_ENCODING.match(content)
    legacy = known_legacy_encoding(declared[1].decode("ascii")) if declared else None
    return content.decode(marked or legacy or "utf-8", "replace")
