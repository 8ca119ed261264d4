"""Bytes of tokens become text in whole characters, up to the first stop string. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Iterable


class TextStream:
    """Feed the bytes of each token; take what can be shown. A stop string may span any number of tokens."""

    def __init__(self, stop: tuple[str, ...] = ()) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self.is_stopped = False

    def feed(self, piece: bytes) -> str:
        """Text that is certain now. What may be the start of a stop string is held back."""
        if self.is_stopped:
            return ""
        if not self._stop:
            return self._decode(piece)
        self._held += self._decode(piece)
        cut = min((at for at in map(self._held.find, self._stop) if at >= 0), default=-1)
        if cut >= 0:
            self.is_stopped = True
            text, self._held = self._held[:cut], ""
            return text
        n_held = possible_start(self._held, self._stop)
        cut = len(self._held) - n_held
        text, self._held = self._held[:cut], self._held[cut:]
        return text

    def finish(self) -> str:
        """What is left when no more tokens come: text that only looked like a stop string, half a character."""
        if self.is_stopped:
            return ""
        text, self._held = self._held + self._decode(b"", True), ""
        return text


def possible_start(text: str, marks: Iterable[str]) -> int:
    """How many characters at the end of a text may be the start of one of the marks."""
    longest = 0
    for mark in marks:
        for length in range(min(len(mark) - 1, len(text)), longest, -1):
            if text.endswith(mark[:length]):
                longest = length
                break
    return longest
