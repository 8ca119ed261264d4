"""The job kind "prompt": a template with `{document}` or `{column}`, over files or rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from app.core.kinds.chosen import amount_of
from app.core.kinds.item_input import ItemInput, Piece, Row, text_of
from app.core.kinds.kind import Answer, Finished, ItemFailed, JobKind, Material
from app.engine.messages import GenerateRequest, Priority, Sampling, Turn
from app.engine.sampling_range import check_sampling
from app.errors import ErrorKind, KnownError

MOST_TITLE_CHARACTERS = 60
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")  # a brace of the text, a field, or a brace that is left alone


class PromptParams(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`template`: `{document}` is all of its text (of a row: all columns), `{name}` what the document is called,
    `{price}` a column; `{{` and `}}` are braces."""

    template: str
    system: str = ""
    max_tokens: int = 512
    temperature: float = 0.2


class Prompt(JobKind):
    """See JobKind."""

    name = "prompt"
    params_type = PromptParams

    def check(self, params: PromptParams, material: Material) -> None:
        used = fields_of(params.template)
        known = ["document", *(("name",) if material.columns is None else material.columns)]
        unknown = [name for name in used if name not in known]
        if unknown:
            fields = ", ".join(f"{{{name}}}" for name in known)
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"There is no {{{unknown[0]}}}. Choose from {fields}; write {{{{ and }}}} for braces.",
            )
        if not used:
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                "The template has no field, so the same would be asked each time. Put {document} in it, or a column's "
                "name in braces.",
            )
        if params.max_tokens < 1:
            raise KnownError(ErrorKind.BAD_REQUEST, "An answer has at least one token: allow more.")
        check_sampling(_sampling(params))

    def title(self, params: PromptParams, material: Material) -> str:
        line = " ".join(params.template.split())
        if len(line) > MOST_TITLE_CHARACTERS:
            line = line[: MOST_TITLE_CHARACTERS - 1].rstrip() + "…"
        return f"{amount_of(material)}: {line}"

    def output_tokens(self, params: PromptParams) -> int:
        return params.max_tokens

    def requests(self, params: PromptParams, input: ItemInput) -> tuple[GenerateRequest, ...]:
        system = (Turn("system", params.system.strip()),) if params.system.strip() else ()
        return (
            GenerateRequest(
                turns=(*system, Turn("user", _filled(params.template, input))),
                priority=Priority.BULK,
                max_tokens=params.max_tokens,
                sampling=_sampling(params),
            ),
        )

    def output(self, params: PromptParams, input: ItemInput, answers: Sequence[Answer]) -> str:
        (answer,) = answers
        text = answer.text.strip()
        if not text:
            raise ItemFailed("The model wrote nothing.")
        return text if answer.is_complete else f"{text} [cut after {answer.usage.output_tokens:,} tokens]"

    def cells(self, params: PromptParams, item: Finished) -> dict[str, str]:
        return {"answer": item.output}


def fields_of(template: str) -> list[str]:
    """The names in braces, in order. Raises KnownError for a brace without its other half."""
    names = []
    for part in _PART.finditer(template):
        if part.group() in ("{", "}"):
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"A “{part.group()}” in the template has no other half. Write {{{{ and }}}} for braces.",
            )
        if part.group(1) is not None:
            names.append(part.group(1).strip())
    return names


def _filled(template: str, input: ItemInput) -> str:
    """What stands in a text is never taken for a field. Raises ItemFailed where there is nothing to fill in."""
    values = {name: _value(name, input) for name in fields_of(template)}
    if not any(value.strip() for value in values.values()):
        raise ItemFailed("There is no text to fill in.")
    return _PART.sub(lambda part: part.group()[0] if part.group(1) is None else values[part.group(1).strip()], template)


def _value(name: str, input: ItemInput) -> str:
    if isinstance(input, Row) and name in input.values:
        return input.values[name]
    if name == "document":
        return text_of(input)
    if name == "name" and isinstance(input, Piece):
        return input.name
    raise ItemFailed(f"There is no “{name}” here.")


def _sampling(params: PromptParams) -> Sampling:
    return Sampling(temperature=params.temperature)


PROMPT = Prompt()
