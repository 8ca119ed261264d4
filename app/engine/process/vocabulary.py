"""Which tokens of a vocabulary may follow at a place of a grammar. Pure."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import numpy.typing as npt

from app.engine.process.grammar import Grammar, Place

Mask = npt.NDArray[np.bool_]


class Vocabulary:
    """The tokens as bytes; `ends` are the ones that end a reply. A token without bytes never follows."""

    def __init__(self, pieces: list[bytes], ends: list[int]) -> None:
        self.pieces = pieces
        self._ends = np.array(ends, dtype=np.int64)
        self._is_end = frozenset(ends)
        first = [piece[0] if piece else 256 for piece in pieces]
        self._first_byte = np.array(first, dtype=np.int64)
        self._first_byte[self._ends] = 256
        order = sorted(token for token in range(len(pieces)) if pieces[token] and token not in self._is_end)
        order.sort(key=pieces.__getitem__)
        self._sorted = [pieces[token] for token in order]
        self._order = np.array(order, dtype=np.int64)

    def is_allowed(self, token: int, grammar: Grammar, place: Place) -> bool:
        if token in self._is_end:
            return place.is_end
        return bool(self.pieces[token]) and self.after(token, grammar, place) is not None

    def after(self, token: int, grammar: Grammar, place: Place) -> Place | None:
        """Where the token leads."""
        found: Place | None = place
        for byte in self.pieces[token]:
            found = grammar.after(found, byte) if found is not None else None
        return found

    def likely(self, grammar: Grammar, place: Place) -> Mask:
        """Tokens whose first byte may follow: cheap, and rules out nearly everything that can't."""
        if place.first_bytes is None:
            allowed = np.zeros(257, dtype=np.bool_)
            allowed[:256] = [grammar.after(place, byte) is not None for byte in range(256)]
            place.first_bytes = allowed
        return self._with_ends(place.first_bytes[self._first_byte], place)  # type: ignore[index]

    def allowed(self, grammar: Grammar, place: Place) -> Mask:
        """Exactly the tokens that may follow."""
        if place.mask is None:
            allowed = np.zeros(len(self.pieces), dtype=np.bool_)
            found: list[int] = []
            self._collect(grammar, place, 0, len(self._sorted), 0, found)
            allowed[self._order[found]] = True
            place.mask = self._with_ends(allowed, place)
        return place.mask  # type: ignore[return-value]

    def _with_ends(self, mask: Mask, place: Place) -> Mask:
        mask[self._ends] = place.is_end
        return mask

    def _collect(self, grammar: Grammar, place: Place, low: int, high: int, depth: int, found: list[int]) -> None:
        """Tokens between `low` and `high`, in order of their bytes, share `depth` bytes, which lead to `place`."""
        while low < high and len(self._sorted[low]) == depth:
            found.append(low)
            low += 1
        while low < high:
            prefix = self._sorted[low][: depth + 1]
            byte = prefix[depth]
            end = bisect_left(self._sorted, True, low, high, key=lambda piece: piece[depth] > byte)
            after = grammar.after(place, byte)
            if after is not None:
                self._collect(grammar, after, low, end, depth + 1, found)
            low = end
