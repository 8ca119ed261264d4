"""The body of /v1/chat/completions becomes a GenerateRequest. Pure.

What this engine can't do is refused in words where it would change the answer; fields that nobody knows are ignored, as
other servers do it, because clients send their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from app.core.openai.api_error import ApiError
from app.engine.messages import GenerateRequest, Priority, Sampling, Turn

MOST_STOPS = 32  # each is looked for at each token
_MOST = 2**31 - 1

Tokens = Annotated[int, Meta(ge=1, le=_MOST)]
Share = Annotated[float, Meta(ge=0, le=1)]
Penalty = Annotated[float, Meta(ge=-100, le=100)]


class _Part(msgspec.Struct):
    type: str
    text: str | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None
    tool_calls: Any = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _JsonSchema(msgspec.Struct):
    schema: dict[str, Any] | None = None  # none: any object, as in OpenAI's


class _Form(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _JsonSchema | None = None


class _Body(msgspec.Struct, kw_only=True):
    """OpenAI's names; those of llama-server and vLLM for what OpenAI has not; `priority` is Rubato's own."""

    messages: Annotated[list[_Message], Meta(min_length=1)]
    model: str | None = None
    priority: Literal["interactive", "bulk"] | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, Meta(ge=0, le=100)] | None = None
    top_p: Share | None = None
    top_k: Annotated[int, Meta(ge=-1, le=_MOST)] | None = None  # 0 and -1: all
    min_p: Share | None = None
    repeat_penalty: Annotated[float, Meta(gt=0, le=100)] | None = None
    repetition_penalty: Annotated[float, Meta(gt=0, le=100)] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None  # -1: a new one
    stop: str | list[str] | None = None
    ignore_eos: bool | None = None
    n: Any = None
    tools: Any = None
    functions: Any = None
    response_format: _Form | None = None
    logprobs: Any = None
    top_logprobs: Any = None
    logit_bias: dict[int, Annotated[float, Meta(ge=-100, le=100)]] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    modalities: Any = None
    audio: Any = None


# (field, the values with which it changes nothing, what to say of the others)
_CAN_NOT: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("n", lambda n: n is None or n == 1, "Rubato gives one answer to a request: leave “n” out, or ask several times."),
    ("tools", lambda tools: not tools, "Rubato calls no tools: leave “tools” out."),
    ("functions", lambda functions: not functions, "Rubato calls no functions: leave “functions” out."),
    ("logprobs", lambda wanted: not wanted, "Rubato tells no probabilities of tokens: leave “logprobs” out."),
    ("top_logprobs", lambda n: not n, "Rubato tells no probabilities of tokens: leave “top_logprobs” out."),
    ("modalities", lambda modes: modes in (None, ["text"]), "Rubato answers in text: leave “modalities” out."),
    ("audio", lambda audio: not audio, "Rubato answers in text: leave “audio” out."),
)
_ROLES: dict[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_decoder = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """`model` is the one that the client named; empty: it takes whichever is loaded."""

    generate: GenerateRequest
    model: str
    is_streamed: bool
    includes_usage: bool  # in a chunk of its own at the end of the stream


def parse(body: bytes, *, default_max_tokens: int) -> ChatRequest:
    """Raises ApiError, with status 400, for what is no request, or asks for what can't be done."""
    try:
        asked = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, f"The body is not a request of this form: {error}.", param=field_of(str(error))) from error
    for name, is_harmless, sentence in _CAN_NOT:
        if not is_harmless(getattr(asked, name)):
            raise ApiError(400, sentence, param=name)
    generate = GenerateRequest(
        turns=tuple(_turn(message, index) for index, message in enumerate(asked.messages)),
        priority=Priority(asked.priority or "interactive"),
        max_tokens=asked.max_completion_tokens or asked.max_tokens or default_max_tokens,
        sampling=_sampling(asked),
        stop=_stop(asked.stop),
        ignore_eos=bool(asked.ignore_eos),
        json_schema=_schema(asked.response_format),
        is_temporary=True,
        keeps_all_turns=True,
    )
    options = asked.stream_options
    return ChatRequest(
        generate=generate,
        model=asked.model or "",
        is_streamed=bool(asked.stream),
        includes_usage=bool(options is not None and options.include_usage),
    )


def _turn(message: _Message, index: int) -> Turn:
    where = f"messages[{index}]"
    role = _ROLES.get(message.role)
    if role is None:
        known = ", ".join(_ROLES)
        raise ApiError(
            400, f"Rubato knows no messages of the role “{message.role}”, only {known}.", param=f"{where}.role"
        )
    if message.tool_calls:
        raise ApiError(400, "Rubato calls no tools: leave messages with calls out.", param=f"{where}.tool_calls")
    content = message.content
    if content is None:
        raise ApiError(400, "A message has text.", param=f"{where}.content")
    if not isinstance(content, str):
        content = "\n".join(_text(part, f"{where}.content[{position}]") for position, part in enumerate(content))
    return Turn(role, content)


def _text(part: _Part, where: str) -> str:
    if part.type != "text":
        raise ApiError(400, f"Rubato reads text only, not “{part.type}”.", param=f"{where}.type")
    if part.text is None:
        raise ApiError(400, "A part of the type “text” has a text.", param=f"{where}.text")
    return part.text


def _sampling(asked: _Body) -> Sampling:
    """The engine's own values for what is not there."""
    given = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "top_k": None if asked.top_k is None else max(0, asked.top_k),
        "min_p": asked.min_p,
        "repeat_penalty": asked.repetition_penalty if asked.repeat_penalty is None else asked.repeat_penalty,
        "frequency_penalty": asked.frequency_penalty,
        "presence_penalty": asked.presence_penalty,
        "logit_bias": None if asked.logit_bias is None else tuple(asked.logit_bias.items()),
        "seed": None if asked.seed in (None, -1) else asked.seed & 0xFFFFFFFF,  # the engine's have 32 bits
    }
    return msgspec.structs.replace(Sampling(), **{name: value for name, value in given.items() if value is not None})


def _schema(form: _Form | None) -> str:
    if form is None or form.type == "text":
        return ""
    if form.type == "json_object":
        return '{"type": "object"}'
    if form.json_schema is None:
        raise ApiError(400, "A form of the type “json_schema” has one.", param="response_format.json_schema")
    schema = form.json_schema.schema
    return '{"type": "object"}' if schema is None else json.dumps(schema)


def _stop(stop: str | list[str] | None) -> tuple[str, ...]:
    stops = [stop] if isinstance(stop, str) else stop or []
    if len(stops) > MOST_STOPS:
        raise ApiError(400, f"Rubato looks for {MOST_STOPS} stop strings at most.", param="stop")
    return tuple(text for text in stops if text)


def field_of(message: str) -> str | None:
    """The one that a message of msgspec is about: it ends with “at `$.field`”."""
    _, found, field = message.partition("`$.")
    return field.partition("`")[0] if found else None
