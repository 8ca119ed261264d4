"""A reply in two: what the model thought before it answered, and its answer. Pure.

Core keeps a thought at the beginning of a message, between <think> and </think>. Anywhere else these are text.
"""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class ThoughtParts:
    """Feed a message as it grows. `is_thinking` while it is in the middle of its thought."""

    def __init__(self) -> None:
        self.is_thinking = False
        self.has_thought = False
        self._is_begun = False  # whether it is known how the message begins
        self._is_fresh = True  # white space at the beginning of a part is left out
        self._held = ""

    def feed(self, text: str) -> tuple[str, str]:
        """What is added to the thought, and to the answer. What may be the beginning of a tag waits."""
        self._held += text
        if not self._is_begun:
            start = self._held.lstrip()
            if len(start) < len(_OPEN) and _OPEN.startswith(start):
                return "", ""
            self._is_begun = True
            if start.startswith(_OPEN):
                self.is_thinking = self.has_thought = True
                self._held = start[len(_OPEN) :]
            else:
                self._is_fresh = False  # an answer without a thought stays as it is
        if not self.is_thinking:
            return "", self._answer()
        at = self._held.find(_CLOSE)
        if at < 0:
            return self._taken(self._certain()), ""
        thought = self._taken(at).rstrip()
        self._held = self._held[len(_CLOSE) :].lstrip() if self._held.startswith(_CLOSE) else self._held
        self.is_thinking, self._is_fresh = False, True
        return thought, self._answer()

    def finish(self) -> tuple[str, str]:
        """What was held back, when no more comes; the message may still go on after that."""
        if not self._is_begun:
            return "", self._answer_as_it_is()
        if self.is_thinking:
            return self._taken(len(self._held)).rstrip(), ""
        return "", ""

    def _certain(self) -> int:
        """How much of what is held can't belong to the tag that ends a thought, or to the white space before it."""
        at = self._held.rfind("<")
        if at < 0 or not _CLOSE.startswith(self._held[at:]):
            at = len(self._held)
        return len(self._held[:at].rstrip())

    def _taken(self, count: int) -> str:
        taken, self._held = self._held[:count], self._held[count:]
        if self._is_fresh:
            taken = taken.lstrip()
        self._is_fresh = self._is_fresh and not taken
        return taken

    def _answer(self) -> str:
        return self._taken(len(self._held))

    def _answer_as_it_is(self) -> str:
        taken, self._held, self._is_begun, self._is_fresh = self._held, "", bool(self._held), False
        return taken


def parts_of(text: str) -> tuple[str, str]:
    """The thought and the answer of a whole message."""
    parts = ThoughtParts()
    thought, answer = parts.feed(text)
    more_thought, more_answer = parts.finish()
    return thought + more_thought, answer + more_answer
