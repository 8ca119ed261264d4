"""How large a step of bulk may be, from measured times. Pure.

Where nothing can interrupt a step (on a GPU, or with memory that can't take a torn step back), whoever arrives in the
middle of one waits no longer than LONGEST_SECONDS. In Balanced a turn has a length of its own (balance.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.engine.process.presets import STEP_TOKENS, BulkBudget

LONGEST_SECONDS = 0.05
SMOOTHING = 0.3
GROWTH = 2.0  # a step is at most so much larger than the one before: times of small steps promise too much


@dataclass
class _Work:
    """One kind of it. `most`: tokens of the next step, at first before anything has been measured."""

    least: int
    most: int
    seconds: float = 0.0  # a token

    def size(self, longest_seconds: float, supposed_seconds: float) -> int:
        seconds = self.seconds or supposed_seconds
        fitting = int(longest_seconds / seconds) if seconds > 0 else self.most
        return max(self.least, min(fitting, self.most, STEP_TOKENS))

    def took(self, n: int, seconds: float, largest: int) -> None:
        is_largest = n >= largest  # a smaller step says nothing of a larger one
        self.seconds += (SMOOTHING if self.seconds else 1.0) * (seconds / n - self.seconds)
        if is_largest:
            self.most = int(n * GROWTH)


@dataclass
class StepSize:
    """`took` is told of every step of one kind of work: all reading, or all writing."""

    longest_seconds: float = LONGEST_SECONDS
    supposed_seconds: float = 0.0  # a token, before it has been measured
    _reading: _Work = field(default_factory=lambda: _Work(least=4, most=32))
    _writing: _Work = field(default_factory=lambda: _Work(least=1, most=2))

    def took(self, n_read: int, n_written: int, seconds: float) -> None:
        """Tokens read, or tokens written by as many sequences, in one step."""
        if n_read:
            self._reading.took(n_read, seconds, self.read_tokens)
        elif n_written:
            self._writing.took(n_written, seconds, self._write_sequences)

    def seconds(self, n_read: int, n_written: int) -> float:
        """What a step with so many tokens takes, by what was measured."""
        reading, writing = (work.seconds or self.supposed_seconds for work in (self._reading, self._writing))
        return n_read * reading or n_written * writing

    @property
    def read_tokens(self) -> int:
        """The most that a step may read."""
        return self._reading.size(self.longest_seconds, self.supposed_seconds)

    @property
    def _write_sequences(self) -> int:
        return self._writing.size(self.longest_seconds, self.supposed_seconds)

    def within(self, budget: BulkBudget) -> BulkBudget:
        """No more than fits."""
        return BulkBudget(
            read_tokens=min(budget.read_tokens, self.read_tokens),
            write_sequences=min(budget.write_sequences, self._write_sequences),
        )
