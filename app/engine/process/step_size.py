"""How large a step may be that nothing can interrupt: on a GPU, or with memory that can't take a torn step back. Pure.

Sized from measured times, so that whoever arrives in the middle of one waits no longer than LONGEST_SECONDS.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.process.presets import STEP_TOKENS, BulkBudget

LONGEST_SECONDS = 0.05
FIRST_TOKENS = 32  # before anything has been measured
LEAST_TOKENS = 4
SMOOTHING = 0.3
GROWTH = 2.0  # a step is at most so much larger than the one before: times of small steps promise too much


@dataclass
class StepSize:
    """`took` is told of every step of one kind of work: all reading, or all writing."""

    read_tokens: int = FIRST_TOKENS
    write_sequences: int = 2
    _read_seconds: float = 0.0  # a token
    _write_seconds: float = 0.0  # a sequence

    def took(self, n_read: int, n_written: int, seconds: float) -> None:
        """Tokens read, or tokens written by as many sequences, in one step."""
        if n_read:
            self._read_seconds = _smooth(self._read_seconds, seconds / n_read)
            self.read_tokens = _size(n_read, self.read_tokens, self._read_seconds, LEAST_TOKENS, STEP_TOKENS)
        elif n_written:
            self._write_seconds = _smooth(self._write_seconds, seconds / n_written)
            self.write_sequences = _size(n_written, self.write_sequences, self._write_seconds, 1, STEP_TOKENS)

    def within(self, budget: BulkBudget) -> BulkBudget:
        """No more than fits."""
        return BulkBudget(
            read_tokens=min(budget.read_tokens, self.read_tokens),
            write_sequences=min(budget.write_sequences, self.write_sequences),
        )


def _size(n: int, before: int, seconds_each: float, least: int, most: int) -> int:
    fitting = int(LONGEST_SECONDS / seconds_each) if seconds_each > 0 else most
    grown = int(n * GROWTH) if n >= before else before  # a smaller step says nothing of a larger one
    return max(least, min(fitting, grown, most))


def _smooth(before: float, now: float) -> float:
    return now if before == 0 else before + SMOOTHING * (now - before)
