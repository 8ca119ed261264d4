"""The body of /v1/embeddings becomes texts, and their vectors OpenAI's list. Pure."""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from app.core.openai.api_error import ApiError
from app.core.openai.chat_request import field_of
from app.engine.interface import Vector
from app.engine.messages import Priority


class _Body(msgspec.Struct, kw_only=True):
    """OpenAI's names; `priority` is Rubato's own."""

    input: str | list[str]
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Any = None
    priority: Literal["interactive", "bulk"] | None = None


_decoder = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, kw_only=True)
class EmbeddingsRequest:
    """`model` is the one that the client named; empty: it takes whichever is loaded."""

    texts: list[str]
    model: str
    priority: Priority
    is_base64: bool


def parse(body: bytes) -> EmbeddingsRequest:
    """Raises ApiError, with status 400, for what is no request, or asks for what can't be done."""
    try:
        asked = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, f"The body is not a request of this form: {error}.", param=field_of(str(error))) from error
    if asked.dimensions is not None:
        raise ApiError(400, "A vector is as long as the model makes it: leave “dimensions” out.", param="dimensions")
    return EmbeddingsRequest(
        texts=[asked.input] if isinstance(asked.input, str) else asked.input,
        model=asked.model or "",
        priority=Priority(asked.priority or "interactive"),
        is_base64=asked.encoding_format == "base64",
    )


def answer(request: EmbeddingsRequest, vectors: Sequence[Vector], *, model: str, n_tokens: int) -> dict[str, Any]:
    """OpenAI's list. As base64 a vector is floats of 32 bits, little-endian."""
    data = [
        {"object": "embedding", "index": index, "embedding": _base64(vector) if request.is_base64 else vector}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": n_tokens, "total_tokens": n_tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def _base64(vector: Vector) -> str:
    floats = array("f", vector)
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode("ascii")
