"""Which bytes of a file are still missing, and who fetches which. Pure; whoever shares it between threads locks it."""

from __future__ import annotations

from collections.abc import Sequence

LEAST_SPLIT_BYTES = 8 << 20  # less is not worth a request of its own
MOST_SPANS = 64


class Span:
    """Bytes from `position` up to `end` are missing. It shrinks from both sides: fetched, and given to another."""

    def __init__(self, position: int, end: int) -> None:
        self.position = position
        self.end = end

    @property
    def missing(self) -> int:
        return self.end - self.position


class Segments:
    """`spans` are the missing bytes of a file of `size` bytes, in order; without them all are missing."""

    def __init__(self, size: int, spans: Sequence[tuple[int, int]] | None = None) -> None:
        self.size = size
        self._spans = [Span(*span) for span in ([(0, size)] if spans is None else spans) if span[0] < span[1]]
        self._taken: set[Span] = set()

    @property
    def done(self) -> int:
        """Bytes that are there."""
        return self.size - sum(span.missing for span in self._spans)

    def spans(self) -> list[tuple[int, int]]:
        """What is missing, in order."""
        return [(span.position, span.end) for span in self._spans]

    def take(self, least_split: int = LEAST_SPLIT_BYTES) -> Span | None:
        """Work for one more: a span that nobody has, else half of the longest. None: there is none worth it."""
        free = next((span for span in self._spans if span not in self._taken), None)
        if free is None:
            longest = max(self._spans, key=lambda span: span.missing, default=None)
            if longest is None or longest.missing < 2 * least_split or len(self._spans) >= MOST_SPANS:
                return None
            middle = longest.position + longest.missing // 2
            free = Span(middle, longest.end)
            longest.end = middle
            self._spans.insert(self._spans.index(longest) + 1, free)
        self._taken.add(free)
        return free

    def advance(self, span: Span, n_bytes: int) -> None:
        """The next bytes of the span are there."""
        if not 0 <= n_bytes <= span.missing:
            raise ValueError(f"{n_bytes} bytes for a span that misses {span.missing}")
        span.position += n_bytes
        if not span.missing:
            self._spans.remove(span)
            self._taken.discard(span)


def are_sound(spans: Sequence[tuple[int, int]], size: int) -> bool:
    """Could these be the missing bytes of a file of this size?"""
    edges = [edge for span in spans for edge in span]
    return len(spans) <= MOST_SPANS and edges == sorted(edges) and all(0 <= edge <= size for edge in edges)
