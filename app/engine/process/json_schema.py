"""A JSON schema becomes the rules of a grammar: what is generated under it is JSON that fits the schema. Pure.

What can't be followed is refused, never passed over: a reply that only nearly fits is worth nothing to a program.
Properties come in the schema's order. Where a schema names properties, others appear only if it says so.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from app.engine.process.grammar_parts import Chars, Choice, Literal, Part, Repeat, Rule, Series, all_but
from app.errors import ErrorKind, KnownError

MOST_CHARACTERS = 200_000
MOST_NESTED = 100
MOST_COUNT = 10_000

_NOT_FOLLOWED = {
    *("pattern", "not", "if", "then", "else", "multipleOf", "minimum", "maximum", "exclusiveMinimum"),
    *("exclusiveMaximum", "uniqueItems", "contains", "patternProperties", "propertyNames", "minProperties"),
    *("maxProperties", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"),
    *("unevaluatedItems", "$dynamicRef", "$recursiveRef"),
}
_ONLY_WORDS = {"title", "description", "default", "examples", "$defs", "definitions", "$schema", "$id", "$comment"}
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


def rules_of(text: str) -> dict[str, Part]:
    """Raises KnownError for what is no JSON schema, or one that can't be followed."""
    if len(text) > MOST_CHARACTERS:
        raise _refused(f"it is longer than {MOST_CHARACTERS:,} characters")
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused("it is not JSON") from error
    return _Converter(schema).rules


class _Converter:
    """`rules` are the result."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._depth = 0
        self._n_objects = 0
        self.rules: dict[str, Part] = dict(_BASIC_RULES)
        self.rules["root"] = Rule("#")
        self._refer("#")

    def _refer(self, pointer: str) -> Part:
        """A rule of its own for each place that is referred to: schemas may contain themselves."""
        if pointer not in self.rules:
            self.rules[pointer] = Literal(b"")  # taken, while it is being made
            depth, self._depth = self._depth, 0
            self.rules[pointer] = self._visit(self._find(pointer))
            self._depth = depth
        return Rule(pointer)

    def _find(self, pointer: str) -> Any:
        found = self._schema
        if not pointer.startswith("#"):
            raise _refused(f"“{pointer}” lies outside of it")
        for part in pointer[1:].split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(key)] if isinstance(found, list) else found[key]
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise _refused(f"“{pointer}” is not in it") from error
        return found

    def _visit(self, schema: Any) -> Part:
        self._depth += 1
        if self._depth > MOST_NESTED or len(self.rules) > MOST_COUNT:
            raise _refused("it is nested too deeply")
        part = self._convert(schema)
        self._depth -= 1
        return part

    def _convert(self, schema: Any) -> Part:
        if schema is True or schema == {}:
            return Rule("value")
        if not isinstance(schema, dict):
            raise _refused("a part of it allows nothing" if schema is False else "a part of it is no schema")
        unknown = sorted(_NOT_FOLLOWED.intersection(schema))
        if unknown:
            raise _refused(f"“{unknown[0]}” is not supported")
        if "$ref" in schema:
            beside = {key: value for key, value in schema.items() if key != "$ref" and key not in _ONLY_WORDS}
            if beside:
                return self._visit(_merged([beside, self._dereferenced(schema)]))
            return self._refer(str(schema["$ref"]))
        if "const" in schema:
            return _constant(schema["const"])
        if "enum" in schema:
            return self._choice([_constant(value) for value in _list(schema, "enum")])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                outer = {name: value for name, value in schema.items() if name != key}
                return self._choice([self._visit(_merged([outer, inner])) for inner in _list(schema, key)])
        if "allOf" in schema:
            outer = {name: value for name, value in schema.items() if name != "allOf"}
            return self._visit(_merged([outer, *map(self._dereferenced, _list(schema, "allOf"))]))
        return self._typed(schema)

    def _dereferenced(self, schema: Any) -> Any:
        for _ in range(MOST_NESTED):
            if not isinstance(schema, dict) or "$ref" not in schema:
                return schema
            schema = self._find(str(schema["$ref"]))
        raise _refused("a part of it refers to itself")

    def _typed(self, schema: dict[str, Any]) -> Part:
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._choice([self._visit({**schema, "type": one}) for one in kind])
        if kind is None and ("properties" in schema or "additionalProperties" in schema or "required" in schema):
            kind = "object"
        if kind is None and ("items" in schema or "prefixItems" in schema):
            kind = "array"
        if kind is None and ("minLength" in schema or "maxLength" in schema or schema.get("format") in _FORMATS):
            kind = "string"
        if kind is None:
            return Rule("value")
        if kind not in _TYPES:
            raise _refused(f"there is no type “{kind}”")
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return self._array(schema)
        if kind == "string":
            return _string(schema)
        return Rule(kind)

    def _object(self, schema: dict[str, Any]) -> Part:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        if not isinstance(properties, dict) or not isinstance(required, list):
            raise _refused("“properties” or “required” is not what it should be")
        others = schema.get("additionalProperties", not properties and not required)
        names = [*properties, *(name for name in required if name not in properties)]
        self._n_objects += 1
        name = f"object {self._n_objects}"
        # two rules for each place in the list of properties: has one come before, or not?
        other = Rule("value") if others is True else None if others is False else self._visit(others)
        last: Part = Literal(b"")
        first: Part = last
        if other is not None:
            pair = Series((Rule("string"), _COLON, other))
            last = Repeat(Series((_COMMA, pair)), 0, None)
            first = Repeat(Series((pair, last)), 0, 1)
        self.rules[f"{name} first {len(names)}"], self.rules[f"{name} next {len(names)}"] = first, last
        for place, key in enumerate(names):
            pair = Series((_constant(key), _COLON, self._visit(properties.get(key, {}))))
            rest = Rule(f"{name} next {place + 1}")
            for which, start in (("first", pair), ("next", Series((_COMMA, pair)))):
                with_it: Part = Series((start, rest))
                if key not in required:
                    with_it = Choice((with_it, Rule(f"{name} {which} {place + 1}")))
                self.rules[f"{name} {which} {place}"] = with_it
        return Series((Literal(b"{"), _WHITE, Rule(f"{name} first 0"), _WHITE, Literal(b"}")))

    def _array(self, schema: dict[str, Any]) -> Part:
        fixed = [self._visit(item) for item in schema.get("prefixItems", [])]
        least, most = _count(schema, "minItems") or 0, _count(schema, "maxItems")
        items = schema.get("items", True)
        inner: Part
        if fixed:
            parts = [fixed[0], *(Series((_COMMA, item)) for item in fixed[1:])]
            if items is not False and "items" in schema:
                left = None if most is None else max(0, most - len(fixed))
                parts.append(Repeat(Series((_COMMA, self._visit(items))), max(0, least - len(fixed)), left))
            inner = Series(tuple(parts))
        else:
            item = self._visit(items)
            more = Repeat(Series((_COMMA, item)), max(0, least - 1), None if most is None else max(0, most - 1))
            inner = Literal(b"") if most == 0 else Series((item, more))
            if least == 0:
                inner = Repeat(inner, 0, 1)
        return Series((Literal(b"["), _WHITE, inner, _WHITE, Literal(b"]")))

    def _choice(self, parts: list[Part]) -> Part:
        if not parts:
            raise _refused("a part of it allows nothing")
        return Choice(tuple(parts))


def _string(schema: dict[str, Any]) -> Part:
    content = _FORMATS.get(schema.get("format", ""))
    if content is None:
        least, most = _count(schema, "minLength") or 0, _count(schema, "maxLength")
        content = Repeat(_CHARACTER, least, most)
    return Series((_QUOTE, content, _QUOTE))


def _merged(schemas: list[Any]) -> dict[str, Any]:
    """All of them at once, where that is simple: what they say of the same thing must be the same."""
    result: dict[str, Any] = {}
    for schema in schemas:
        if schema is True:
            continue
        if not isinstance(schema, dict):
            raise _refused("a part of it is no schema")
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                result[key] = {**result.get(key, {}), **value}
            elif key == "required" and isinstance(value, list):
                result[key] = [*result.get(key, []), *value]
            elif key in _ONLY_WORDS:
                result.setdefault(key, value)
            elif key in result and result[key] != value:
                raise _refused(f"what it says of “{key}” in two places can't be followed at once")
            else:
                result[key] = value
    return result


def _constant(value: Any, depth: int = 0) -> Part:
    if depth > MOST_NESTED:
        raise _refused("it is nested too deeply")
    if not isinstance(value, dict | list) or not value:
        return _text(json.dumps(value, ensure_ascii=False))
    if isinstance(value, list):
        parts = [_constant(inner, depth + 1) for inner in value]
    else:
        parts = [Series((_constant(key), _COLON, _constant(inner, depth + 1))) for key, inner in value.items()]
    listed = Series((parts[0], *(Series((_COMMA, part)) for part in parts[1:])))
    ends = "[]" if isinstance(value, list) else "{}"
    return Series((_text(ends[0]), _WHITE, listed, _WHITE, _text(ends[1])))


def _list(schema: dict[str, Any], key: str) -> list[Any]:
    value = schema[key]
    if not isinstance(value, list) or not value:
        raise _refused(f"“{key}” is no list, or an empty one")
    return value


def _count(schema: dict[str, Any], key: str) -> int | None:
    value = schema.get(key)
    if value is not None and (type(value) is not int or not 0 <= value <= MOST_COUNT):
        raise _refused(f"“{key}” is no number between 0 and {MOST_COUNT:,}")
    return value


def _refused(reason: str) -> KnownError:
    return KnownError(ErrorKind.BAD_REQUEST, f"The JSON schema can't be followed: {reason}.")


def _digits(least: int, most: int) -> Part:
    return Repeat(Chars(((0x30, 0x39),)), least, most)


def _text(text: str) -> Part:
    return Literal(text.encode("utf-8", "replace"))


def _one_of(*texts: str) -> Part:
    return Choice(tuple(map(_text, texts)))


_HEX = Chars(((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)))
_QUOTE = Literal(b'"')
_PLAIN = Chars(all_but(((0, 0x1F), (0x22, 0x22), (0x5C, 0x5C), (0x7F, 0x7F))))
_ESCAPED = Choice((Chars(tuple((ord(c), ord(c)) for c in '"\\/bfnrt')), Series((_text("u"), *[_HEX] * 4))))
_CHARACTER = Choice((_PLAIN, Series((Literal(b"\\"), _ESCAPED))))
# a space, or lines that are indented: never so much that a reply could run away in it
_WHITE = Rule("white")
_COLON = Series((Literal(b":"), _WHITE))
_COMMA = Series((Literal(b","), _WHITE))
_NATURAL = Choice((_text("0"), Series((Chars(((0x31, 0x39),)), _digits(0, 15)))))
_MINUS = Repeat(_text("-"), 0, 1)
_EXPONENT = Series((_one_of("e", "E"), Repeat(_one_of("-", "+"), 0, 1), _digits(1, 3)))
_DATE = Series(
    (
        _digits(4, 4),
        _text("-"),
        Choice((Series((_text("0"), Chars(((0x31, 0x39),)))), _one_of("10", "11", "12"))),
        _text("-"),
        Choice(
            (
                Series((_text("0"), Chars(((0x31, 0x39),)))),
                Series((Chars(((0x31, 0x32),)), _digits(1, 1))),
                _one_of("30", "31"),
            )
        ),
    )
)
_SIXTY = Series((Chars(((0x30, 0x35),)), _digits(1, 1)))
_HOUR = Choice((Series((Chars(((0x30, 0x31),)), _digits(1, 1))), _one_of("20", "21", "22", "23")))
_ZONE = Choice((_text("Z"), Series((_one_of("+", "-"), _HOUR, _text(":"), _SIXTY))))
_FRACTION = Series((_text("."), _digits(1, 6)))
_TIME = Series((_HOUR, _text(":"), _SIXTY, _text(":"), _SIXTY, Repeat(_FRACTION, 0, 1), _ZONE))
_UUID_GROUPS = tuple(Repeat(_HEX, n, n) for n in (8, 4, 4, 4, 12))
_FORMATS: dict[str, Part] = {
    "date": _DATE,
    "time": _TIME,
    "date-time": Series((_DATE, _text("T"), _TIME)),
    "uuid": Series((_UUID_GROUPS[0], *(Series((_text("-"), group)) for group in _UUID_GROUPS[1:]))),
}
_BASIC_RULES: dict[str, Part] = {
    "white": Choice(
        (Literal(b""), _text(" "), Series((_text("\n"), Repeat(Chars(((0x09, 0x09), (0x20, 0x20))), 0, 20))))
    ),
    "string": Series((_QUOTE, Repeat(_CHARACTER, 0, None), _QUOTE)),
    "integer": Series((_MINUS, _NATURAL)),
    "number": Series(
        (
            _MINUS,
            _NATURAL,
            Repeat(Series((_text("."), _digits(1, 15))), 0, 1),
            Repeat(_EXPONENT, 0, 1),
        )
    ),
    "boolean": _one_of("true", "false"),
    "null": _text("null"),
    "object": Series(
        (
            Literal(b"{"),
            _WHITE,
            Repeat(
                Series(
                    (
                        *(Rule("string"), _COLON, Rule("value")),
                        Repeat(Series((_COMMA, Rule("string"), _COLON, Rule("value"))), 0, None),
                    )
                ),
                0,
                1,
            ),
            _WHITE,
            Literal(b"}"),
        )
    ),
    "array": Series(
        (
            Literal(b"["),
            _WHITE,
            Repeat(Series((Rule("value"), Repeat(Series((_COMMA, Rule("value"))), 0, None))), 0, 1),
            _WHITE,
            Literal(b"]"),
        )
    ),
    "value": Choice(tuple(Rule(kind) for kind in ("object", "array", "string", "number", "boolean", "null"))),
}
