"""Words of a command line as text."""

from __future__ import annotations


def as_text(words: str) -> str:
    """They need not be text on POSIX: bytes that are none become replacement characters."""
    return words.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
