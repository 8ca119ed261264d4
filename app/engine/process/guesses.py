"""Guessing a chat's next tokens from what it has in front of it: where the last ones stood before, what followed them?

Summaries, edits and code repeat their prompt. A step that checks guesses takes longer than one that does not, so they
are made only after a long enough repetition, and rest for a while where they did not pay. Pure: times are arguments.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

LEAST_MATCH = 8  # tokens that must have stood there before; shorter repetitions are chance, and wrong guesses cost
MOST_GUESSES = 24
SMOOTHING = 0.3
_TOKEN, _BYTES = "i", array("i").itemsize
FIRST_REST, LONGEST_REST = 16, 432  # steps without guesses, after they did not pay


@dataclass
class Guesses:
    """Of one sequence; `tokens` is its own list, which grows."""

    tokens: list[int]
    n_steps: int = 0  # in which something was guessed
    n_guessed: int = 0
    n_right: int = 0
    _packed: bytearray = field(default_factory=bytearray)  # the tokens again, for a search in C
    _plain_seconds: float = 0.0
    _rest: int = 0
    _next_rest: int = FIRST_REST

    def next(self, most: int) -> list[int]:
        """Guesses of the tokens after the last one; often none."""
        at = self._find()
        if self._rest > 0:
            self._rest -= 1
            return []
        if at is None or self._plain_seconds == 0:
            return []
        n = min(most, MOST_GUESSES, 2 * (self._match_length(at) - LEAST_MATCH) + 2)
        return self.tokens[at : at + n] if n > 0 else []

    def took(self, n_guessed: int, n_right: int, seconds: float) -> None:
        """A step of this sequence: how many guesses were in it, how many of them were right."""
        if n_guessed == 0:
            before = self._plain_seconds
            self._plain_seconds = seconds if before == 0 else before + SMOOTHING * (seconds - before)
            return
        self.n_steps += 1
        self.n_guessed += n_guessed
        self.n_right += n_right
        if (n_right + 1) * self._plain_seconds < seconds:
            self._rest, self._next_rest = self._next_rest, min(LONGEST_REST, self._next_rest * 3)
        elif n_right == n_guessed:
            self._next_rest = FIRST_REST

    def _find(self) -> int | None:
        """Where what followed the last tokens begins: after the last place where they stood before."""
        packed = self._packed
        packed += array(_TOKEN, self.tokens[len(packed) // _BYTES :]).tobytes()
        last = packed[-LEAST_MATCH * _BYTES :]
        at = len(packed) - len(last) - _BYTES + 1  # the place before may reach into this one
        while (at := packed.rfind(last, 0, at + len(last) - 1)) > 0 and at % _BYTES:
            pass  # it is in the middle of a token
        return at // _BYTES + LEAST_MATCH if at >= 0 else None

    def _match_length(self, at: int) -> int:
        """Tokens before `at` that are the last ones too."""
        tokens, n = self.tokens, LEAST_MATCH
        while n < 2 * MOST_GUESSES and at - n > 0 and tokens[at - n - 1] == tokens[-n - 1]:
            n += 1
        return n
