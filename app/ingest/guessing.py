"""Which legacy encoding is it? A guess from a sample of bytes that are not UTF-8.

charset-normalizer judges; left to itself it prefers rare encodings to the common one that gives nearly the same text
("Café déją" as Baltic), so it is asked about the encodings that people had, and the usual one of the
language wins a tie.
"""

from __future__ import annotations

import codecs

_COMMON = [
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949", "cp866", "iso8859_2", "mac_roman"),
]
_DECLARED_FAMILIES = ("iso8859", "cp", "koi8", "shift", "euc", "gb", "big5", "mac", "tis", "johab")
_OF_LANGUAGE = {
    **dict.fromkeys(("Czech", "Slovak", "Polish", "Hungarian", "Croatian", "Slovene", "Romanian"), "cp1250"),
    "Turkish": "cp1254",
}


def guess_encoding(sample: bytes) -> str | None:
    """Python's name of the likeliest encoding; None where it is no text in any."""
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=_COMMON)
    best = matches.best()
    if best is None:
        best = from_bytes(sample).best()
        return None if best is None else best.encoding
    as_good = {name for match in matches if match.chaos <= best.chaos for name in match.could_be_from_charset}
    usual = _OF_LANGUAGE.get(best.language, "cp1252")
    return usual if usual in as_good else best.encoding


def known_legacy_encoding(declared: str) -> str | None:
    """Python's name for a legacy encoding that a file says it has; None for others, UTF-8 and UTF-16 included."""
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return None
    if name in ("iso8859-1", "ascii"):
        return "cp1252"  # what browsers take these for
    return name if name.startswith(_DECLARED_FAMILIES) else None
