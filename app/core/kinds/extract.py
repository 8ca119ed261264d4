"""The job kind "extract": what a text says of some fields, as JSON that fits a schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from app.core.kinds.chosen import amount_of, check_columns, chosen_text
from app.core.kinds.item_input import ItemInput
from app.core.kinds.kind import Answer, Finished, ItemFailed, JobKind, Material
from app.engine.messages import GenerateRequest, Priority, Sampling, Turn
from app.engine.process.json_schema import lark_of
from app.errors import ErrorKind, KnownError

_SAMPLING = Sampling(temperature=0.0)
_TYPE_WORDS = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
    "null": "null",
}


class ExtractParams(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`schema` is JSON (see fields.py for one made from a form). `columns` of tables that are read; none: all."""

    schema: str
    instruction: str = ""
    columns: tuple[str, ...] = ()
    max_tokens: int = 512


class Extract(JobKind):
    """See JobKind."""

    name = "extract"
    params_type = ExtractParams

    def check(self, params: ExtractParams, material: Material) -> None:
        _properties(params)
        lark_of(params.schema)
        if params.max_tokens < 1:
            raise KnownError(ErrorKind.BAD_REQUEST, "An answer has at least one token: allow more.")
        check_columns(params.columns, material)

    def title(self, params: ExtractParams, material: Material) -> str:
        names = list(_properties(params))
        what = ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
        return f"{what} from {amount_of(material)}"

    def output_tokens(self, params: ExtractParams) -> int:
        return params.max_tokens

    def requests(self, params: ExtractParams, input: ItemInput) -> tuple[GenerateRequest, ...]:
        asked = Turn("user", f"Text: {chosen_text(input, params.columns)}")
        return (
            GenerateRequest(
                turns=(Turn("system", _instruction(params)), asked),
                priority=Priority.BULK,
                max_tokens=params.max_tokens,
                sampling=_SAMPLING,
                json_schema=params.schema,
            ),
        )

    def output(self, params: ExtractParams, input: ItemInput, answers: Sequence[Answer]) -> str:
        (answer,) = answers
        if not answer.is_complete:
            raise ItemFailed(
                f"The answer was cut after {answer.usage.output_tokens:,} tokens. Allow more, or ask less."
            )
        try:
            found = json.loads(answer.text)
        except (ValueError, RecursionError) as error:
            raise ItemFailed("The answer is not JSON.") from error
        missing = [name for name in _required(params) if not isinstance(found, dict) or name not in found]
        if missing:
            raise ItemFailed(f"The answer has no “{missing[0]}”.")
        return _compact(found)

    def cells(self, params: ExtractParams, item: Finished) -> dict[str, str]:
        found = json.loads(item.output) if item.is_done else {}
        return {name: _cell(found.get(name)) for name in _properties(params)}


def _properties(params: ExtractParams) -> dict[str, Any]:
    """Of the schema, by name. Raises KnownError for what is no schema of an object."""
    try:
        schema = json.loads(params.schema)
    except (ValueError, RecursionError) as error:
        reason = f": {error}" if isinstance(error, json.JSONDecodeError) else ""
        raise KnownError(ErrorKind.BAD_REQUEST, f"The schema is not JSON{reason}. Mend it.") from error
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise KnownError(ErrorKind.BAD_REQUEST, 'The schema is not one of an object. Begin it with {"type": "object"}.')
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        raise KnownError(ErrorKind.BAD_REQUEST, "The schema names no fields. Name them in its “properties”.")
    return properties


def _required(params: ExtractParams) -> list[str]:
    required: list[str] = json.loads(params.schema).get("required", [])
    return required


def _instruction(params: ExtractParams) -> str:
    fields = "\n".join(_line(name, schema) for name, schema in _properties(params).items())
    asked = f"Read the text and answer in JSON with these fields, as the text gives them:\n{fields}"
    return "\n\n".join(part for part in (params.instruction.strip(), asked) if part)


def _line(name: str, schema: Any) -> str:
    """A field as the model reads it: “- due (date, or null): when it has to be paid”."""
    schema = schema if isinstance(schema, dict) else {}
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    if "enum" in schema:
        form = "one of " + ", ".join(_compact(value) for value in schema["enum"])
    elif "properties" in schema or _has_items_of_its_own(schema):
        form = _compact({key: value for key, value in schema.items() if key != "description"})
    else:
        words = [schema.get("format") or _TYPE_WORDS.get(str(type), str(type)) for type in types if type != "null"]
        form = ", or ".join([*words, *(["null"] if "null" in types else [])])
    told = schema.get("description")
    return f"- {name}" + (f" ({form})" if form else "") + (f": {told}" if told else "")


def _has_items_of_its_own(schema: dict[str, Any]) -> bool:
    items = schema.get("items")
    return isinstance(items, dict) and items.get("type") != "string"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _compact(value)


def _compact(value: Any) -> str:
    # a model may write half of a surrogate pair, which is no text
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": ")).encode("utf-8", "replace").decode()


EXTRACT = Extract()
