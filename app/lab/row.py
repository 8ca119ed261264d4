"""A line of the bench: figures, their targets, and whether they were met."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limit:
    """What a figure must reach: at most, or at least, so much."""

    key: str
    value: float
    is_most: bool = True

    def holds(self, figures: dict[str, float]) -> bool:
        found = figures[self.key]
        return found <= self.value if self.is_most else found >= self.value

    def __str__(self) -> str:
        return f"{self.key} {'≤' if self.is_most else '≥'} {self.value:g}"


@dataclass
class Row:
    """Figures under plain keys: ratios first, absolute ones (…_seconds, …_per_second) behind them."""

    name: str
    figures: dict[str, float] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)  # settings it was measured with

    @property
    def missed(self) -> list[Limit]:
        return [limit for limit in self.limits if not limit.holds(self.figures)]

    def lines(self) -> list[str]:
        """For the table."""
        marks = {limit.key: limit for limit in self.limits}
        lines = []
        for key, value in self.figures.items():
            limit = marks.get(key)
            told = "" if limit is None else f"{'met   ' if limit.holds(self.figures) else 'MISSED'} {limit}"
            lines.append(f"{self.name:<12}{key:<34}{_number(value):>12}  {told}".rstrip())
        lines += [f"{self.name:<12}{key}: {fact}" for key, fact in self.facts.items()]
        return lines


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
