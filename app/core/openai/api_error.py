"""What a client is told when its request can't be answered: an HTTP status and OpenAI's error object. Pure."""

from __future__ import annotations

from typing import Any

from app.errors import ErrorKind

INVALID, UNAVAILABLE, FAULT = "invalid_request_error", "unavailable_error", "server_error"
BUG_SENTENCE = "This failed through a fault of Rubato's own; its log says why."

_OF_KINDS = {
    ErrorKind.PROMPT_TOO_LONG: (400, "context_length_exceeded"),
    ErrorKind.BAD_REQUEST: (400, None),
    ErrorKind.NO_MODEL: (503, "no_model"),
    ErrorKind.MODEL_UNREADABLE: (503, "no_model"),
    ErrorKind.OUT_OF_MEMORY: (503, "no_model"),
    ErrorKind.ENGINE_CRASHED: (503, "engine_crashed"),  # it is started again: the client may try once more
}


class ApiError(Exception):
    """`status` is HTTP's; `code` is for the client's code, `param` the field of its request that is off."""

    def __init__(
        self,
        status: int,
        sentence: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.code, self.param = status, sentence, code, param
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, Any]:
        """OpenAI's error object."""
        type = INVALID if self.status < 500 else UNAVAILABLE if self.status == 503 else FAULT
        return {"error": {"message": self.sentence, "type": type, "param": self.param, "code": self.code}}


def of_kind(kind: ErrorKind, sentence: str, *, text_param: str = "messages") -> ApiError:
    """What the engine, or the program, said of its own failures. `text_param`: the field that the texts are in."""
    status, code = _OF_KINDS.get(kind, (500, None))
    return ApiError(status, sentence, code=code, param=text_param if kind is ErrorKind.PROMPT_TOO_LONG else None)
