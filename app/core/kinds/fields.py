"""The fields of a form, as a JSON schema, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from app.errors import ErrorKind, KnownError

FieldKind = Literal["text", "number", "integer", "yes_no", "date", "choice", "list"]
_TYPES: dict[FieldKind, dict[str, Any]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "yes_no": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "list": {"type": "array", "items": {"type": "string"}},
}


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One value to find. `choices` of a choice. Not required: it is null where the text does not say it."""

    name: str
    kind: FieldKind = "text"
    description: str = ""
    choices: tuple[str, ...] = ()
    is_required: bool = True


def fields_schema(fields: Sequence[Field]) -> str:
    """JSON. Raises KnownError for fields that make no schema."""
    problem = _problem(fields)
    if problem:
        raise KnownError(ErrorKind.BAD_REQUEST, problem)
    schema = {
        "type": "object",
        "properties": {field.name.strip(): _property(field) for field in fields},
        "required": [field.name.strip() for field in fields],
        "additionalProperties": False,
    }
    return json.dumps(schema, ensure_ascii=False, indent=2)


def schema_fields(schema: str) -> tuple[Field, ...] | None:
    """The fields that a schema was made from; None for one that says more than they can."""
    try:
        properties = json.loads(schema)["properties"]
        fields = tuple(_field(name, value) for name, value in properties.items())
        is_same = json.loads(fields_schema(fields)) == json.loads(schema)
    except (KnownError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return fields if is_same else None


def _problem(fields: Sequence[Field]) -> str:
    if not fields:
        return "Name at least one field to look for."
    names = [field.name.strip() for field in fields]
    if not all(names):
        return "One of the fields has no name. Give each field a name."
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        return f"The field “{twice[0]}” is there twice. Name each field once."
    for field in fields:
        if field.kind == "choice" and not any(choice.strip() for choice in field.choices):
            return f"The field “{field.name}” has nothing to choose from. Name its choices, or make it a text."
    return ""


def _property(field: Field) -> dict[str, Any]:
    if field.kind == "choice":
        choices = list(dict.fromkeys(choice.strip() for choice in field.choices if choice.strip()))
        schema: dict[str, Any] = {"enum": [*choices, *([] if field.is_required else [None])]}
    else:
        schema = dict(_TYPES[field.kind])
        if not field.is_required:
            schema["type"] = [schema["type"], "null"]
    return {**schema, "description": field.description.strip()} if field.description.strip() else schema


def _field(name: str, schema: dict[str, Any]) -> Field:
    """Raises LookupError where it is none."""
    description = schema.get("description", "")
    if "enum" in schema:
        choices = tuple(choice for choice in schema["enum"] if isinstance(choice, str))
        is_required = None not in schema["enum"]
        return Field(name=name, kind="choice", description=description, choices=choices, is_required=is_required)
    type, is_required = schema["type"], True
    if isinstance(type, list):
        type, is_required = type[0], False
    for kind, wanted in _TYPES.items():
        if wanted["type"] == type and wanted.get("format") == schema.get("format"):
            return Field(name=name, kind=kind, description=description, is_required=is_required)
    raise LookupError(name)
