"""What grammars are made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Literal:
    text: str


@dataclass(frozen=True)
class Chars:
    """One character out of ranges of code points, both ends included; `is_inverse`: one that is in none of them."""

    ranges: tuple[tuple[int, int], ...]
    is_inverse: bool = False


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
