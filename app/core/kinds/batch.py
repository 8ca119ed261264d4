"""The job kind "batch": the lines of a batch file in OpenAI's format, as its batch API and vLLM's `run-batch` take it.

Each line is a chat completion. The model that a line names is not looked at: the one that the job has answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from app.core.kinds.chosen import amount_of
from app.core.kinds.item_input import Call, ItemInput
from app.core.kinds.kind import Answer, Finished, ItemFailed, JobKind, Material
from app.core.openai import chat_request
from app.core.openai.api_error import ApiError
from app.core.openai.completion import completion
from app.engine.messages import FinishReason, GenerateRequest, Priority
from app.errors import ErrorKind, KnownError

PATH = "/v1/chat/completions"


class BatchParams(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`max_tokens`: of an answer to a line that says nothing of it.

    `file` and `digest` name what was given, so that a command that is given again knows its job.
    """

    max_tokens: int = 1024
    file: str = ""
    digest: str = ""


class _Line(msgspec.Struct):
    custom_id: str
    url: str
    body: msgspec.Raw
    method: str = "POST"


class _Named(msgspec.Struct):
    custom_id: str = ""


class _Model(msgspec.Struct):
    model: str | None = None


_lines, _names = msgspec.json.Decoder(_Line), msgspec.json.Decoder(_Named)


class Batch(JobKind):
    """See JobKind."""

    name = "batch"
    params_type = BatchParams
    reads_lines = True

    def check(self, params: BatchParams, material: Material) -> None:
        if params.max_tokens < 1:
            raise KnownError(ErrorKind.BAD_REQUEST, "An answer has at least one token: allow more.")

    def title(self, params: BatchParams, material: Material) -> str:
        return f"Requests of {amount_of(material)}"

    def output_tokens(self, params: BatchParams) -> int:
        return params.max_tokens

    def fitted(self, params: BatchParams, bulk_context: int) -> BatchParams:
        return msgspec.structs.replace(params, max_tokens=max(1, min(params.max_tokens, bulk_context // 2)))

    def id_of_line(self, line: str) -> str:
        try:
            return _names.decode(line).custom_id
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
            return ""

    def requests(self, params: BatchParams, input: ItemInput) -> tuple[GenerateRequest, ...]:
        try:
            return (_request(_line(input), params),)
        except ApiError as error:
            raise ItemFailed(error.sentence) from error

    def output(self, params: BatchParams, input: ItemInput, answers: Sequence[Answer]) -> str:
        (answer,) = answers
        line = _lines.decode(_line(input))
        body = completion(
            answer.text,
            FinishReason.END if answer.is_complete else FinishReason.LENGTH,
            answer.usage,
            id=f"chatcmpl-{line.custom_id}",
            model=msgspec.json.decode(line.body, type=_Model).model or "",
            created_seconds=0,
        )
        return json.dumps(body, ensure_ascii=False)

    def cells(self, params: BatchParams, item: Finished) -> dict[str, str]:
        answer = json.loads(item.output)["choices"][0]["message"]["content"] if item.is_done else ""
        custom_id = item.input.custom_id if isinstance(item.input, Call) else ""
        return {"custom_id": custom_id, "answer": answer}


def response_line(item: Finished, *, created_seconds: int) -> str:
    """A line of the output file, of an item that is done. `created_seconds`: of the day it was answered."""
    body = {**json.loads(item.output), "created": created_seconds}
    return _reply_line(item, 200, body, None)


def error_line(item: Finished) -> str:
    """A line of the error file, of an item that has failed."""
    error = _refusal(item.input) or ApiError(500, item.error, code="request_failed")
    what = error.body["error"]
    return _reply_line(item, error.status, error.body, {"code": what["code"] or what["type"], "message": item.error})


def _reply_line(item: Finished, status: int, body: dict[str, Any], error: dict[str, str] | None) -> str:
    custom_id = item.input.custom_id if isinstance(item.input, Call) else ""
    response = {"status_code": status, "request_id": f"req_{item.id}", "body": body}
    line = {"id": f"batch_req_{item.id}", "custom_id": custom_id or None, "response": response, "error": error}
    return json.dumps(line, ensure_ascii=False)


def _line(input: ItemInput) -> str:
    assert isinstance(input, Call)
    return input.body


def _refusal(input: ItemInput) -> ApiError | None:
    """Why a line is no request that can be answered."""
    try:
        _request(_line(input), BatchParams())
    except ApiError as error:
        return error
    return None


def _request(line: str, params: BatchParams) -> GenerateRequest:
    """Raises ApiError."""
    try:
        call = _lines.decode(line)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise ApiError(
            400,
            f"The line is not one of a batch file: {error}.",
            code="invalid_json_line",
            param=chat_request.field_of(str(error)),
        ) from error
    if not call.custom_id:
        raise ApiError(400, "The line has an empty “custom_id”. Give it one.", code="missing_required_parameter")
    if call.method != "POST":
        raise ApiError(400, f"The method is {call.method}, not POST.", code="invalid_method", param="method")
    if call.url != PATH:
        raise ApiError(400, f"A batch asks for {PATH}, not for {call.url}.", code="invalid_url", param="url")
    asked = chat_request.parse(bytes(call.body), default_max_tokens=params.max_tokens)
    return msgspec.structs.replace(asked.generate, priority=Priority.BULK)


BATCH = Batch()
