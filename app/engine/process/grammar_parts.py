"""What grammars are made of, and what can be told of the parts before any text is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)
_HUGE = 1 << 30

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Literal:
    data: bytes


@dataclass(frozen=True)
class Chars:
    """One character out of ranges of code points, both ends included."""

    ranges: Ranges


@dataclass(frozen=True)
class Series:
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Choice:
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Repeat:
    part: Part
    least: int
    most: int | None  # None: as often as one likes


@dataclass(frozen=True)
class Rule:
    """The rule of this name."""

    name: str


Part = Literal | Chars | Series | Choice | Repeat | Rule


def all_but(ranges: Ranges) -> Ranges:
    """Every character that is in none of the ranges."""
    result, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            result.append((start, low - 1))
        start = max(start, high + 1)
    if start <= _LAST_CODE_POINT:
        result.append((start, _LAST_CODE_POINT))
    return tuple(result)


@lru_cache(maxsize=512)
def utf8_ranges(ranges: Ranges) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Ranges of code points as sequences of ranges of bytes."""
    result: list[tuple[tuple[int, int], ...]] = []
    todo = [(low, min(high, _LAST_CODE_POINT)) for low, high in ranges]
    while todo:
        low, high = todo.pop()
        if low > high:
            continue
        if low <= _SURROGATES[1] and high >= _SURROGATES[0]:
            todo += [(low, _SURROGATES[0] - 1), (_SURROGATES[1] + 1, high)]
            continue
        border = next((last for last in (0x7F, 0x7FF, 0xFFFF) if low <= last < high), None)
        if border is not None:
            todo += [(low, border), (border + 1, high)]
            continue
        split = _split_at(low, high)
        if split is not None:
            todo += [(low, split), (split + 1, high)]
            continue
        result.append(tuple(zip(chr(low).encode(), chr(high).encode(), strict=True)))
    return tuple(result)


def _split_at(low: int, high: int) -> int | None:
    """Where a range of one length in bytes has to be parted so that the bytes vary each for itself."""
    for n in (1, 2, 3):
        mask = (1 << (6 * n)) - 1
        if low > 0x7F and (low & ~mask) != (high & ~mask):
            if low & mask:
                return low | mask
            if high & mask != mask:
                return (high & ~mask) - 1
    return None


def leaf_size(part: Part) -> int:
    """Of a part without rules; one that has them, or repeats a number of times, counts as huge."""
    if isinstance(part, Literal):
        return len(part.data)
    if isinstance(part, Chars):
        return 1 + len(part.ranges)
    if isinstance(part, Series | Choice):
        return 1 + sum(map(leaf_size, part.parts))
    if isinstance(part, Repeat) and part.least + (part.most or 0) <= 1:
        return 1 + leaf_size(part.part)
    return _HUGE


def nullable_rules(rules: Mapping[str, Part]) -> frozenset[str]:
    """The rules that may be empty."""
    users: dict[str, set[str]] = {}
    for name, part in rules.items():
        for used in _names_in(part):
            users.setdefault(used, set()).add(name)
    nullable: set[str] = set()
    todo = list(rules)
    while todo:
        name = todo.pop()
        if name in rules and name not in nullable and is_nullable(rules[name], nullable):
            nullable.add(name)
            todo += users.get(name, ())
    return frozenset(nullable)


def _names_in(part: Part) -> Iterable[str]:
    if isinstance(part, Rule):
        yield part.name
    elif isinstance(part, Series | Choice):
        for inner in part.parts:
            yield from _names_in(inner)
    elif isinstance(part, Repeat):
        yield from _names_in(part.part)


def is_nullable(part: Part, nullable: Iterable[str]) -> bool:
    if isinstance(part, Literal):
        return not part.data
    if isinstance(part, Series):
        return all(is_nullable(inner, nullable) for inner in part.parts)
    if isinstance(part, Choice):
        return any(is_nullable(inner, nullable) for inner in part.parts)
    if isinstance(part, Repeat):
        return part.least == 0 or is_nullable(part.part, nullable)
    return isinstance(part, Rule) and part.name in nullable
