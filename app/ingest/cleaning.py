"""Text as it should have been stored: one kind of line end, no control characters, no typographic ligatures. Pure."""

from __future__ import annotations

import re

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# controls but tab and line feed, half surrogates, soft hyphens, zero-width spaces, byte order marks, non-characters
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\ud800-\udfff\ufeff\ufffe\uffff]")
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u3000]")
_SPACE_AT_LINE_END = re.compile(r"[ \t]+(?=\n|$)")


def clean(text: str) -> str:
    """`text` with line feeds and plain spaces only, without what is not shown and without space at line ends."""
    text = _LINE_ENDS.sub("\n", text)
    text = _SPACES.sub(" ", text)
    text = _UNWANTED.sub("", text).translate(_LIGATURES)
    return _SPACE_AT_LINE_END.sub("", text)


def one_line(text: str) -> str:
    """`text` cleaned, with every run of white space as one space."""
    return " ".join(clean(text).split())
