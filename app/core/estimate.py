"""How long a job takes: before it begins from measured speeds, while it runs from how far it has come. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from app.engine.messages import EngineReported
from app.store.jobs import SpeedRow

FILL = 0.6  # of the most that an item may write, is written on the mean (summaries of the starter model)
LEAST_TOKENS = 256  # measured, before a speed says something
MOST_TOKENS = 200_000  # measured: beyond it, what is older counts for less and less
TEMPLATE_END_TOKENS = 6  # between an item's text and the reply: ChatML has "<|im_end|>", "<|im_start|>assistant"
_BEGINNING = 20  # letters by which an item's text is found in its prompt
LEAST_DONE = 12  # items: the first ones end late, since several run side by side, and would say that all take as long

NO_SPEED = SpeedRow(read_tokens=0, read_seconds=0, written_tokens=0, written_seconds=0)


@dataclass(frozen=True, kw_only=True)
class Work:
    """Tokens that are to be read (not found in the KV cache) and written."""

    read_tokens: float
    written_tokens: float


def expected_work(*, n_items: int, own_tokens: int, n_own: int, item_overhead: int, output_tokens: int) -> Work:
    """Of a job of `n_items` in all levels, `n_own` of them read so far, which have `own_tokens` of text in all.

    `item_overhead`: what an item's prompt has besides its text and what all prompts begin with.
    """
    mean = own_tokens / n_own if n_own else 0.0
    return Work(read_tokens=n_items * (mean + item_overhead), written_tokens=n_items * output_tokens * FILL)


def own_parts(prompts: Sequence[Sequence[str]], text: str) -> list[str]:
    """Of the prompts of one or two items, a list each: what the first's have behind what both begin with.

    `text`: the first item's own. It is never taken for what all begin with, though the two may begin alike.
    """
    first, second = prompts[0], prompts[1] if len(prompts) > 1 else [""] * len(prompts[0])
    parts = []
    for mine, other in zip(first, second, strict=False):
        place = mine.find(text[:_BEGINNING])
        n_shared = _n_shared(mine, other)
        parts.append(mine[n_shared if place < 0 else min(n_shared, place) :])
    return parts


def _n_shared(one: str, other: str) -> int:
    """Characters that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def seconds_for(work: Work, speed: SpeedRow | None) -> float | None:
    """None: this model was not measured yet."""
    if speed is None or speed.read_tokens < LEAST_TOKENS or speed.read_seconds <= 0:
        return None
    seconds = work.read_tokens * speed.read_seconds / speed.read_tokens
    if work.written_tokens > 0:
        if speed.written_tokens <= 0 or speed.written_seconds <= 0:
            return None
        seconds += work.written_tokens * speed.written_seconds / speed.written_tokens
    return seconds


@dataclass
class SpeedMeter:
    """Sums what the engine tells of bulk work into a model's speed."""

    speed: SpeedRow
    _last: EngineReported | None = None

    def took(self, report: EngineReported) -> None:
        """Reports are sums since the model was loaded; one that is smaller than the last is of another load."""
        last = self._last
        if last is None or report.bulk_read_tokens < last.bulk_read_tokens:
            last = None
        self._last = report
        self.speed = _faded(
            SpeedRow(
                read_tokens=self.speed.read_tokens + report.bulk_read_tokens - (last.bulk_read_tokens if last else 0),
                read_seconds=self.speed.read_seconds
                + report.bulk_read_seconds
                - (last.bulk_read_seconds if last else 0),
                written_tokens=self.speed.written_tokens
                + report.bulk_written_tokens
                - (last.bulk_written_tokens if last else 0),
                written_seconds=self.speed.written_seconds
                + report.bulk_written_seconds
                - (last.bulk_written_seconds if last else 0),
            )
        )


def _faded(speed: SpeedRow) -> SpeedRow:
    share = min(1.0, MOST_TOKENS / max(1.0, speed.read_tokens + speed.written_tokens))
    return SpeedRow(
        read_tokens=speed.read_tokens * share,
        read_seconds=speed.read_seconds * share,
        written_tokens=speed.written_tokens * share,
        written_seconds=speed.written_seconds * share,
    )


@dataclass
class Pace:
    """How fast a job goes, over its last items; time in which it did not run does not count."""

    window_seconds: float = 20.0
    _ends: list[tuple[float, int, int]] = field(default_factory=list)  # (when, items, tokens)
    n_done: int = 0
    run_seconds: float = 0.0
    _last_seconds: float | None = None

    def runs(self, now: float, *, is_running: bool) -> None:
        """Call it now and then."""
        if self._last_seconds is not None:
            self.run_seconds += now - self._last_seconds
        self._last_seconds = now if is_running else None

    def took(self, now: float, n_items: int, n_tokens: int) -> None:
        self.n_done += n_items
        self._ends.append((now, n_items, n_tokens))
        while self._ends and self._ends[0][0] < now - self.window_seconds:
            self._ends.pop(0)

    def rates(self, now: float) -> tuple[float, float]:
        """(items, tokens) a second."""
        recent = [end for end in self._ends if end[0] >= now - self.window_seconds]
        if not recent:
            return 0.0, 0.0
        span = max(1.0, min(self.window_seconds, self.run_seconds))
        return sum(end[1] for end in recent) / span, sum(end[2] for end in recent) / span

    def seconds_left(self, n_left: int, expected_seconds: float | None) -> float | None:
        """`expected_seconds`: by the measured speeds, as long as too few items are done to tell."""
        if n_left <= 0:
            return None
        if self.n_done < LEAST_DONE:
            return expected_seconds
        return self.run_seconds / self.n_done * n_left
