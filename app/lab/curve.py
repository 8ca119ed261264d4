"""The curve of a model on this machine, and where on it the presets stand. Pure.

Each point is a number of replies at once: how long each waits for its next token, and how many tokens come in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from app.engine.tuned import Point, Tuned

LEAST_SLOWDOWN, MOST_SLOWDOWN = 1.05, 5.0  # as the settings have it


class Place(NamedTuple):
    """Tokens a second in all, and seconds that each reply waits for its next token."""

    rate: float
    seconds: float


@dataclass(frozen=True)
class Curve:
    """`points`: at least one, from the narrowest to the widest; `batch`: the width that Batch runs."""

    points: tuple[Point, ...]
    batch: int

    @classmethod
    def of(cls, tuned: Tuned) -> Curve | None:
        """None: not measured."""
        points = tuned.curve()
        return cls(tuple(points), tuned.bulk_width() or points[-1].setting.width) if points else None

    @property
    def places(self) -> list[Place]:
        return [Place(point.tokens_per_second, point.step_seconds) for point in self.points]

    @property
    def responsive_place(self) -> Place:
        return self.places[0]

    @property
    def batch_place(self) -> Place:
        widths = [point.setting.width for point in self.points]
        return self.places[widths.index(self.batch) if self.batch in widths else -1]

    @property
    def most_slowdown(self) -> float:
        """That has a place on the curve, of those that can be set."""
        longest = max(place.seconds for place in self.places) / self.places[0].seconds
        return min(MOST_SLOWDOWN, max(LEAST_SLOWDOWN, longest))

    def balanced_place(self, slowdown: float) -> Place:
        """The first on the curve at which a reply waits so many times as long as alone; the last, where none does."""
        wanted = slowdown * self.places[0].seconds
        for before, after in pairwise(self.places):
            if before.seconds <= wanted <= after.seconds and after.seconds > before.seconds:
                return _between(before, after, (wanted - before.seconds) / (after.seconds - before.seconds))
        return self.places[0] if wanted <= self.places[0].seconds else self.places[-1]

    def slowdown_at(self, place: Place) -> float:
        """Of the nearest on the curve, both axes as long as the curve is."""
        rates, waits = [p.rate for p in self.places], [p.seconds for p in self.places]
        spans = (max(rates) - min(rates) or 1.0, max(waits) - min(waits) or 1.0)
        nearest = min(self._along(), key=lambda on: _distance(on, place, spans))
        return min(MOST_SLOWDOWN, max(LEAST_SLOWDOWN, nearest.seconds / self.places[0].seconds))

    def _along(self, n: int = 200) -> Iterator[Place]:
        yield self.places[0]
        for before, after in pairwise(self.places):
            yield from (_between(before, after, step / n) for step in range(1, n + 1))


def _between(one: Place, other: Place, share: float) -> Place:
    return Place(one.rate + share * (other.rate - one.rate), one.seconds + share * (other.seconds - one.seconds))


def _distance(one: Place, other: Place, spans: tuple[float, float]) -> float:
    return ((one.rate - other.rate) / spans[0]) ** 2 + ((one.seconds - other.seconds) / spans[1]) ** 2


def csv(points: Sequence[Point]) -> str:
    """Every point with its settings, a line each."""
    head = "what,at_once,threads,piece,kv,flash_attention,tokens_before,seconds,tokens_per_second,other_cores"
    rows = [
        f"{s.what},{s.width},{s.threads},{s.piece},{s.kv},{int(s.flash_attention)},{s.deeper},{point.step_seconds:.6g},"
        f"{point.tokens_per_second:.6g},{point.other_cores:.3g}"
        for point in points
        for s in (point.setting,)
    ]
    return "\n".join([head, *rows]) + "\n"
