"""What a reply may say next under a grammar, byte by byte. Pure, and bounded whatever the grammar is.

llama.cpp's own grammar sampler is not used: it ends the process when a token is accepted that the grammar forbids, and
an ambiguous grammar doubles its stacks with every character. Here the ways to read a text share their common part (a
graph-structured stack), so the work for a byte grows with the grammar and not with the number of readings; and where
even that is too much, the one request fails.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.engine.process.grammar_parts import (
    Chars,
    Choice,
    Literal,
    Part,
    Repeat,
    Series,
    is_nullable,
    leaf_size,
    nullable_rules,
    utf8_ranges,
)
from app.errors import ErrorKind, KnownError

MOST_STATES = 50_000
MOST_WORK = 400_000  # steps for one token of output: some tenths of a second
_MOST_KEPT_PLACES = 4_000
_INLINED_SIZE = 40


class _Caller:
    """Where a rule that was called goes on when it is through, for everyone who called it at one place of the text."""

    __slots__ = ("callers", "returns_to")

    def __init__(self, returns_to: int) -> None:
        self.returns_to = returns_to
        self.callers: set[_Caller | None] = set()


_Reading = tuple[int, _Caller | None]


class Place:
    """Where a text has come to. `is_end`: it may end here. The same place is the same object, as far as is cheap."""

    __slots__ = ("first_bytes", "is_end", "mask", "next", "readings")

    def __init__(self, readings: frozenset[_Reading], is_end: bool) -> None:
        self.readings, self.is_end = readings, is_end
        self.next: dict[int, Place | None] = {}
        self.first_bytes: object = None  # kept here by vocabulary.py
        self.mask: object = None


class Grammar:
    """An automaton over bytes: states with edges for bytes, with free edges, and with calls of rules.

    Raises KnownError for one that is too large, that names a rule which it does not have, or that allows no text.
    """

    def __init__(self, rules: Mapping[str, Part], root: str = "root") -> None:
        self._rules = rules
        self._bytes: list[list[tuple[int, int, int]]] = []
        self._free: list[list[int]] = []
        self._calls: list[list[tuple[int, int, bool]]] = []  # start of the rule, state to return to, may it be empty
        self._is_end: list[bool] = []
        self._starts: dict[str, int] = {}
        self._pending: list[tuple[Part, int, int]] = []
        self._nullable = nullable_rules(rules)
        self._inlined: dict[str, bool] = {}
        self._extra: dict[Part, int] = {}
        self._places: dict[tuple[frozenset[_Reading], bool], Place] = {}
        start = self._start_of(root)
        while self._pending:
            part, source, target = self._pending.pop()
            self._build(part, source, target)
        self._is_tail = [self._leads_only_out(state) for state in range(len(self._bytes))]
        self.work = 0
        self.start = self._close([(start, None)])
        if not self.start.readings and not self.start.is_end:
            raise KnownError(ErrorKind.BAD_REQUEST, "The grammar allows no text at all: a rule calls itself for ever.")

    # building

    def _new_state(self) -> int:
        if len(self._bytes) >= MOST_STATES:
            raise too_large()
        self._bytes.append([])
        self._free.append([])
        self._calls.append([])
        self._is_end.append(False)
        return len(self._bytes) - 1

    def _start_of(self, name: str) -> int:
        if name not in self._starts:
            if name not in self._rules:
                raise KnownError(ErrorKind.BAD_REQUEST, f"The grammar has no rule “{name}”, and needs it.")
            self._starts[name] = self._start_of_part(self._rules[name])
        return self._starts[name]

    def _start_of_part(self, part: Part) -> int:
        start, end = self._new_state(), self._new_state()
        self._is_end[end] = True
        self._pending.append((part, start, end))
        return start

    def _build(self, part: Part, source: int, target: int) -> None:
        if isinstance(part, Literal):
            for byte in part.data[:-1]:
                source = self._byte(source, byte, byte, self._new_state())
            if part.data:
                self._byte(source, part.data[-1], part.data[-1], target)
            else:
                self._free[source].append(target)
        elif isinstance(part, Chars):
            for sequence in utf8_ranges(part.ranges):
                state = source
                for low, high in sequence[:-1]:
                    state = self._byte(state, low, high, self._new_state())
                self._byte(state, *sequence[-1], target)
        elif isinstance(part, Series):
            if not part.parts:
                self._free[source].append(target)
            for place, inner in enumerate(part.parts):
                after = target if place == len(part.parts) - 1 else self._new_state()
                self._build(inner, source, after)
                source = after
        elif isinstance(part, Choice):
            for inner in part.parts:
                self._build(inner, source, target)
        elif isinstance(part, Repeat):
            self._build_repeat(part, source, target)
        else:
            if self._is_inlined(part.name):
                self._build(self._rules[part.name], source, target)
            else:
                self._calls[source].append((self._start_of(part.name), target, part.name in self._nullable))

    def _is_inlined(self, name: str) -> bool:
        """A small rule that calls no other is copied: it is then the same place wherever a text has come through it."""
        if name not in self._inlined:
            self._inlined[name] = name in self._rules and leaf_size(self._rules[name]) <= _INLINED_SIZE
        return self._inlined[name]

    def _build_repeat(self, part: Repeat, source: int, target: int) -> None:
        if part.least + (part.most or 0) > MOST_STATES:
            raise too_large()
        if part.most is not None and part.most < part.least:
            raise KnownError(ErrorKind.BAD_REQUEST, "The grammar repeats something at least more often than at most.")
        call: tuple[int, bool] | None = None
        if part.least + (part.most or 0) > 2:  # copies of a call, not of what is called
            if part.part not in self._extra:
                self._extra[part.part] = self._start_of_part(part.part)
            call = self._extra[part.part], is_nullable(part.part, self._nullable)

        def once(source: int, target: int) -> None:
            if call is None:
                self._build(part.part, source, target)
            else:
                self._calls[source].append((call[0], target, call[1]))

        for _ in range(part.least):
            after = self._new_state()
            once(source, after)
            source = after
        if part.most is None:
            loop = self._new_state()
            self._free[source].append(loop)
            self._build(part.part, loop, loop)
            self._free[loop].append(target)
            return
        self._free[source].append(target)
        for _ in range(part.most - part.least):
            after = self._new_state()
            once(source, after)
            self._free[after].append(target)
            source = after

    def _byte(self, source: int, low: int, high: int, target: int) -> int:
        self._bytes[source].append((low, high, target))
        return target

    def _leads_only_out(self, state: int) -> bool:
        """From here a rule can only end: who called it need not be remembered, so a list of any length is flat."""
        for _ in range(20):
            if self._bytes[state] or self._calls[state]:
                return False
            if self._is_end[state]:
                return not self._free[state]
            if len(self._free[state]) != 1:
                return False
            state = self._free[state][0]
        return False

    # reading

    def after(self, place: Place, byte: int) -> Place | None:
        """One byte further; None: the grammar forbids it. Raises KnownError where `work` has become too much."""
        try:
            return place.next[byte]
        except KeyError:
            pass
        seeds: list[_Reading] = []
        for state, caller in place.readings:
            edges = self._bytes[state]
            self.work += len(edges)
            seeds += [(target, caller) for low, high, target in edges if low <= byte <= high]
        if self.work > MOST_WORK:
            raise too_large()
        result = place.next[byte] = self._close(seeds) if seeds else None
        return result

    def _close(self, seeds: list[_Reading]) -> Place:
        """Follow everything that takes no byte."""
        made: dict[int, _Caller] = {}
        new: set[_Caller] = set()
        seen, todo = set(seeds), list(seeds)
        readings: list[_Reading] = []
        is_end = False
        while todo:
            state, caller = todo.pop()
            if self._bytes[state]:
                readings.append((state, caller))
            found: list[_Reading] = [(target, caller) for target in self._free[state]]
            for start, returns_to, may_be_empty in self._calls[state]:
                if self._is_tail[returns_to]:
                    found.append((start, caller))
                else:
                    call = made.get(returns_to)
                    if call is None:
                        call = made[returns_to] = _Caller(returns_to)
                        new.add(call)
                    call.callers.add(caller)
                    found.append((start, call))
                if may_be_empty:
                    found.append((returns_to, caller))
            if self._is_end[state]:
                if caller is None:
                    is_end = True
                elif caller not in new:  # a rule that was called here and is empty: see `is_nullable`
                    found += [(caller.returns_to, outer) for outer in caller.callers]
            self.work += 1 + len(found)
            if self.work > MOST_WORK:
                raise too_large()
            for reading in found:
                if reading not in seen:
                    seen.add(reading)
                    todo.append(reading)
        key = (frozenset(readings), is_end)
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= _MOST_KEPT_PLACES:
                self._places.clear()
            place = self._places[key] = Place(*key)
        return place


class Matcher:
    """The reply of one request under its grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.place = grammar.start

    def begin_token(self) -> None:
        """Each token of output has its own allowance of work."""
        self.grammar.work = 0

    def after(self, data: bytes) -> Place | None:
        """Where these bytes would lead; None: the grammar forbids them."""
        place: Place | None = self.place
        for byte in data:
            place = self.grammar.after(place, byte) if place is not None else None
        return place

    def accept(self, data: bytes) -> bool:
        """Go on behind these bytes; False, and nothing changes, where the grammar forbids them."""
        place = self.after(data)
        if place is None:
            return False
        self.place = place
        return True


def too_large() -> KnownError:
    return KnownError(
        ErrorKind.BAD_REQUEST, "The grammar is too large or too ambiguous to be followed; make it simpler."
    )
