"""Rules become a grammar in Lark's notation, as llguidance reads it. Pure.

llguidance cuts a text into the longest pieces that its terminals allow and never goes back on a cut, so a grammar that
is written with terminals of many characters would refuse some of what it says. Here there are two cases in which no
cut can be wrong: a grammar that no rule leads back into is one terminal, and in any other each terminal is a single
character. Rules that only go back to themselves at their end are repetitions, and count among the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping

from app.engine.process.grammar_parts import Chars, Choice, Literal, Part, Repeat, Rule, Series
from app.errors import ErrorKind, KnownError

NO_FORCING = '%llguidance {"no_forcing": true}'  # a text may be said in any tokens, not only in the usual ones
MOST_NESTED = 100  # rules within each other; llguidance follows them on the stack
MOST_READINGS = 60_000  # ways to end a rule times places that wait for its end
MOST_RECURSIVE_READINGS = 2_500  # the same for a rule that leads back into itself, where each place may be many
EVERYTHING = "\\u{0}-\\u{10ffff}"
_MOST_PARENTHESES = 8  # what is nested deeper becomes a rule


def lark_of(rules: Mapping[str, Part], root: str = "root") -> str:
    """Raises KnownError for rules that need one which is not there, and for too many of them."""
    rules = {name: _without_call_at_end(name, part) for name, part in _needed(rules, root).items()}
    depths = _depths(rules)
    is_terminal = root in depths
    if is_terminal:
        if depths[root] > MOST_NESTED:
            raise too_large()
    else:
        _check_readings(rules, depths)
    writer = _Writer({name: f"{'R' if is_terminal else 'r'}{n}" for n, name in enumerate(rules)}, is_terminal)
    for name, part in rules.items():
        writer.write(writer.names[name], part)
    return "\n".join([NO_FORCING, f"start: {writer.names[root]}", *writer.lines])


def too_large() -> KnownError:
    return KnownError(
        ErrorKind.BAD_REQUEST, "The grammar is too large or too ambiguous to be followed; make it simpler."
    )


def _inner(part: Part) -> tuple[Part, ...]:
    if isinstance(part, Series | Choice):
        return part.parts
    return (part.part,) if isinstance(part, Repeat) else ()


def _calls(part: Part) -> Iterator[str]:
    """The rules that a part names, as often as it does."""
    todo = [part]
    while todo:
        found = todo.pop()
        if isinstance(found, Rule):
            yield found.name
        todo += _inner(found)


def _needed(rules: Mapping[str, Part], root: str) -> dict[str, Part]:
    """The rules that one comes to from the first."""
    found: dict[str, Part] = {}
    todo = [root]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        if name not in rules:
            raise KnownError(ErrorKind.BAD_REQUEST, f"The grammar has no rule “{name}”, and needs it.")
        found[name] = rules[name]
        todo += _calls(rules[name])
    return found


def _without_call_at_end(name: str, part: Part) -> Part:
    """`x ::= a x | b` says the same as `x ::= a* b`."""
    again: list[Part] = []
    last: list[Part] = []
    for parts in _alternatives(part) if name in _calls(part) else ():
        if parts and parts[-1] == Rule(name):
            again.append(Series(parts[:-1]))
        else:
            last.append(Series(parts))
    if not again or not last:
        return part
    return Series((Repeat(Choice(tuple(again)), 0, None), Choice(tuple(last))))


def _alternatives(part: Part, depth: int = 0) -> Iterator[tuple[Part, ...]]:
    """Each as a series; what stands in parentheses at the end of one is taken apart as well."""
    if isinstance(part, Choice):
        for inner in part.parts:
            yield from _alternatives(inner, depth)
    elif isinstance(part, Repeat) and (part.least, part.most) == (0, 1):
        yield from _alternatives(part.part, depth)
        yield ()
    elif isinstance(part, Series) and 0 < len(part.parts) < 50 and depth < 3:
        for end in _alternatives(part.parts[-1], depth + 1):
            yield (*part.parts[:-1], *end)
    else:
        yield (part,)


def _depths(rules: Mapping[str, Part]) -> dict[str, int]:
    """How deep rules lie within each other, for those that nothing leads back into."""
    callers: dict[str, list[str]] = {name: [] for name in rules}
    n_open: dict[str, int] = {}
    for name, part in rules.items():
        called = set(_calls(part))
        n_open[name] = len(called)
        for inner in called:
            callers[inner].append(name)
    depths: dict[str, int] = {}
    todo = [name for name, n in n_open.items() if n == 0]
    while todo:
        name = todo.pop()
        below = max((depths[inner] for inner in _calls(rules[name])), default=0)
        depths[name] = below + _depth(rules[name])
        for caller in callers[name]:
            n_open[caller] -= 1
            if n_open[caller] == 0:
                todo.append(caller)
    return depths


def _depth(part: Part) -> int:
    return 1 + max(map(_depth, _inner(part)), default=0)


def _check_readings(rules: Mapping[str, Part], not_recursive: Container[str]) -> None:
    """What one character may cost: some tenths of a second at the limits."""
    if len(rules) > MOST_NESTED * 10:
        raise too_large()
    n_uses = Counter(name for part in rules.values() for name in _calls(part))
    for name, part in rules.items():
        most = MOST_READINGS if name in not_recursive else MOST_RECURSIVE_READINGS
        if n_uses[name] * _n_alternatives(part) > most:
            raise too_large()


def _n_alternatives(part: Part) -> int:
    inner = sum(_n_alternatives(one) - 1 for one in _inner(part))
    return inner + (len(part.parts) if isinstance(part, Choice) else 1)


class _Writer:
    """`lines` are the rules; those that it makes itself come before the ones that need them."""

    def __init__(self, names: dict[str, str], is_terminal: bool) -> None:
        self.names = names
        self.lines: list[str] = []
        self._is_terminal = is_terminal
        self._n_made = 0

    def write(self, name: str, part: Part) -> None:
        self.lines.append(f"{name}: {self._text(part, 0)}")

    def _text(self, part: Part, depth: int) -> str:
        if isinstance(part, Rule):
            return self.names[part.name]
        if isinstance(part, Chars):
            return _one_of(part)
        if isinstance(part, Literal):
            texts = [f"\\u{{{ord(character):x}}}" for character in part.text]
            return "/" + ("" if self._is_terminal else "/ /").join(texts) + "/" if texts else '""'
        if depth == _MOST_PARENTHESES:
            self._n_made += 1
            name = f"{'G' if self._is_terminal else 'g'}{self._n_made}"
            self.write(name, part)
            return name
        if isinstance(part, Repeat) and part.most == 0:
            return '""'
        if isinstance(part, Repeat):
            return f"({self._text(part.part, depth + 1)}){{{part.least},{'' if part.most is None else part.most}}}"
        if isinstance(part, Choice) and not self._is_terminal:
            part = _told_apart(part)
        between = " | " if isinstance(part, Choice) else " "
        return f"({between.join(self._text(inner, depth + 1) for inner in part.parts)})" if part.parts else '""'


def _told_apart(part: Choice) -> Choice:
    """The same choice, in which no two texts begin with the same character: few of many texts are then open at once."""
    beginnings: dict[str, list[str]] = {}
    others: list[Part] = []
    for inner in part.parts:
        if isinstance(inner, Literal) and inner.text:
            beginnings.setdefault(inner.text[0], []).append(inner.text)
        else:
            others.append(inner)
    for texts in beginnings.values():
        first, last = min(texts), max(texts)
        shared = first[: next((n for n, pair in enumerate(zip(first, last, strict=False)) if len({*pair}) > 1), None)]
        ends = Choice(tuple(Literal(text[len(shared) :]) for text in texts))
        others.append(Literal(shared) if len(texts) == 1 else Series((Literal(shared), ends)))
    return Choice(tuple(others))


def _one_of(part: Chars) -> str:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(part.ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    ranges = "".join(f"\\u{{{low:x}}}-\\u{{{high:x}}}" for low, high in merged)
    is_inverse = part.is_inverse == bool(ranges)  # all but none is any
    return f"/[{'^' if is_inverse else ''}{ranges or EVERYTHING}]/"
