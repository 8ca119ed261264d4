"""A JSON schema becomes a grammar: what is generated under it is JSON that fits the schema. Pure.

llguidance follows the standard, and refuses what it can't follow. A standard schema allows much that nobody meant, so
here a schema that says less is read as more narrow: one that has properties means an object, and where it names them
others appear only if it says so; the same for lists whose items are given one by one. Where schemas are joined (by
allOf, or beside a reference or a choice) only the standard tells what is meant. Properties come in the schema's order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from app.engine.process.lark import NO_FORCING
from app.errors import ErrorKind, KnownError

MOST_CHARACTERS = 50_000
MOST_NESTED = 100
MOST_CHOICES = 150  # that refer: a character may end one in as many ways at as many places, some tenths of a second
MOST_NAME_PATTERNS = 50  # each is compared with each
MOST_JOINED_PATTERNS = 8  # each makes it take longer by half to find out what they have in common

_OPTIONS = {
    "whitespace_pattern": r" |\n[ \t]{0,20}",  # never so much that a reply could run away in it
    "coerce_one_of": True,
    "json_allow_general_unicode_escapes": True,
}
_KINDS = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
_CHOICES = ("anyOf", "oneOf")
_JOINS = ("allOf", "$ref", *_CHOICES)
_FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri")
_WITH_NAMES = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_WITH_VALUES = ("const", "enum", "default", "examples")


def lark_of(text: str) -> str:
    """Raises KnownError for what is no JSON, or costs too much to follow."""
    if len(text) > MOST_CHARACTERS:
        raise refused(f"it is longer than {MOST_CHARACTERS:,} characters")
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refused("it is not JSON") from error
    if schema is True:
        schema = {}
    if not isinstance(schema, dict):
        raise refused("it allows nothing" if schema is False else "it is no schema")
    parts = list(_parts(schema))
    are_joined = any(_joins(part) for part in parts)
    _check_cost(parts, are_joined)
    for part in parts:
        _narrow(part, is_closed=not are_joined)
    return f"{NO_FORCING}\nstart: %json {json.dumps({**schema, 'x-guidance': _OPTIONS})}"


def refused(reason: str) -> KnownError:
    return KnownError(ErrorKind.BAD_REQUEST, f"The JSON schema can't be followed: {reason}.")


def _parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema and all schemas in it."""
    todo: list[tuple[Any, int]] = [(schema, 0)]
    while todo:
        found, depth = todo.pop()
        if depth > MOST_NESTED:
            raise refused("it is nested too deeply")
        if isinstance(found, list):
            todo += [(inner, depth + 1) for inner in found]
        elif isinstance(found, dict):
            yield found
            for key, inner in found.items():
                if key in _WITH_NAMES and isinstance(inner, dict):
                    todo += [(one, depth + 2) for one in inner.values()]
                elif key not in _WITH_VALUES:
                    todo.append((inner, depth + 1))


def _kind(part: dict[str, Any]) -> str | None:
    return next((kind for kind, words in _KINDS.items() if any(word in part for word in words)), None)


def _joins(part: dict[str, Any]) -> bool:
    """Several schemas have to fit at once."""
    all_of = part.get("allOf")
    n_said = (_kind(part) is not None) + sum(key in part for key in _JOINS)
    return n_said > 1 or (isinstance(all_of, list) and len(all_of) > 1)


def _check_cost(parts: list[dict[str, Any]], are_joined: bool) -> None:
    choices = [one for part in parts for key in _CHOICES if isinstance(part.get(key), list) for one in part[key]]
    if sum('"$ref"' in json.dumps(one) for one in choices) > MOST_CHOICES:
        raise refused(f"it leaves more than {MOST_CHOICES} choices of what it refers to")
    of_names = [part["patternProperties"] for part in parts if isinstance(part.get("patternProperties"), dict)]
    if sum(map(len, of_names)) > MOST_NAME_PATTERNS:
        raise refused(f"it has more than {MOST_NAME_PATTERNS} patterns of names")
    if are_joined and len({str(part["pattern"]) for part in parts if "pattern" in part}) > MOST_JOINED_PATTERNS:
        raise refused(f"it joins more than {MOST_JOINED_PATTERNS} patterns")


def _narrow(part: dict[str, Any], *, is_closed: bool) -> None:
    """Write down what the standard leaves open."""
    if part.get("format") not in _FORMATS:
        part.pop("format", None)  # the standard has it as a remark
    kind = _kind(part)
    if kind is not None and not any(key in part for key in ("type", "const", "enum", *_JOINS)):
        part["type"] = kind
    if not is_closed:
        return
    if ("properties" in part or "required" in part) and "patternProperties" not in part:
        part.setdefault("additionalProperties", False)
    if isinstance(part.get("prefixItems"), list):
        part.setdefault("minItems", len(part["prefixItems"]))
        part.setdefault("items", False)
