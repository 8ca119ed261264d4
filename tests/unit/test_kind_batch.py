"""Lines of a batch file: each is a request as OpenAI has it, and becomes a line of the output or of the error file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.kinds.batch import BATCH, BatchParams, error_line, response_line
from app.core.kinds.item_input import Call
from app.core.kinds.kind import Answer, Finished, ItemFailed, Material
from app.engine.messages import GenerateRequest, Priority, Turn, Usage
from app.errors import KnownError

PARAMS = BatchParams(max_tokens=99)
HELLO = {"model": "gpt-x", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."}]}


def line(body: Any = HELLO, **changes: Any) -> Call:
    whole = {"custom_id": "a-1", "method": "POST", "url": "/v1/chat/completions", "body": body, **changes}
    text = json.dumps(whole)
    return Call(custom_id=BATCH.id_of_line(text), body=text)


def asked(**fields: Any) -> GenerateRequest:
    (request,) = BATCH.requests(PARAMS, line({**HELLO, **fields}))
    return request


def done(call: Call, *, is_complete: bool = True) -> Finished:
    usage = Usage(prompt_tokens=12, cached_tokens=4, output_tokens=3)
    output = BATCH.output(PARAMS, call, [Answer(text="Hällo.", is_complete=is_complete, usage=usage)])
    return Finished(id=7, position=0, level=0, input=call, output=output)


def failed(call: Call, error: str = "") -> Finished:
    if not error:
        with pytest.raises(ItemFailed) as caught:
            BATCH.requests(PARAMS, call)
        error = str(caught.value)
    return Finished(id=8, position=0, level=0, input=call, output="", error=error)


def test_a_line_becomes_a_bulk_request() -> None:
    request = asked()
    assert request.turns == (Turn("system", "Be brief."), Turn("user", "Hi."))
    assert (request.priority, request.max_tokens, request.keeps_all_turns) == (Priority.BULK, 99, True)
    assert asked(priority="interactive").priority is Priority.BULK


def test_what_a_line_says_of_its_answer_is_kept() -> None:
    request = asked(
        max_completion_tokens=5,
        temperature=0.5,
        top_p=0.9,
        seed=3,
        stop=["\n"],
        frequency_penalty=0.5,
        presence_penalty=-1,
        logit_bias={"50": -100},
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "array"}}},
    )
    sampling = request.sampling
    assert (request.max_tokens, request.stop, request.json_schema) == (5, ("\n",), '{"type": "array"}')
    assert (sampling.temperature, sampling.top_p, sampling.seed) == (0.5, 0.9, 3)
    assert (sampling.frequency_penalty, sampling.presence_penalty) == (0.5, -1)
    assert sampling.logit_bias == ((50, -100.0),)
    assert asked(response_format={"type": "json_object"}).json_schema == '{"type": "object"}'
    assert asked(response_format={"type": "text"}, logit_bias=None).json_schema == ""


def test_an_answer_is_a_line_of_the_output_file() -> None:
    found = json.loads(response_line(done(line()), created_seconds=1_700_000_000))
    assert (found["id"], found["custom_id"], found["error"]) == ("batch_req_7", "a-1", None)
    assert (found["response"]["status_code"], found["response"]["request_id"]) == (200, "req_7")
    assert found["response"]["body"] == {
        "id": "chatcmpl-a-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-x",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hällo."},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 12,
            "completion_tokens": 3,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }


def test_an_answer_that_was_cut_says_so() -> None:
    body = json.loads(done(line(), is_complete=False).output)
    assert body["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("call", "code", "param"),
    [
        (Call(custom_id="", body="{"), "invalid_json_line", None),
        (Call(custom_id="", body="[" * 5000), "invalid_json_line", None),
        (Call(custom_id="", body="\ud800"), "invalid_json_line", None),
        (line(custom_id=3), "invalid_json_line", "custom_id"),
        (line(custom_id=""), "missing_required_parameter", None),
        (line(method="GET"), "invalid_method", "method"),
        (line(url="/v1/embeddings"), "invalid_url", "url"),
        (line({"model": "x"}), "invalid_request_error", None),
        (line({**HELLO, "n": 2}), "invalid_request_error", "n"),
        (line({**HELLO, "temperature": -1}), "invalid_request_error", "temperature"),
        (
            line({**HELLO, "messages": [{"role": "cat", "content": "?"}]}),
            "invalid_request_error",
            "messages[0].role",
        ),
    ],
)
def test_a_line_that_is_no_request_is_a_line_of_the_error_file(call: Call, code: str, param: str | None) -> None:
    item = failed(call)
    found = json.loads(error_line(item))
    assert (found["id"], found["custom_id"]) == ("batch_req_8", call.custom_id or None)
    assert found["error"] == {"code": code, "message": item.error}
    assert found["response"]["status_code"] == 400
    assert found["response"]["body"]["error"]["param"] == param


def test_what_the_engine_could_not_do_is_a_line_of_the_error_file() -> None:
    found = json.loads(error_line(failed(line(), "The prompt is too long.")))
    assert found["error"] == {"code": "request_failed", "message": "The prompt is too long."}
    assert found["response"]["status_code"] == 500


def test_the_names_of_lines() -> None:
    assert BATCH.id_of_line('{"custom_id": "x", "body": 3}') == "x"
    assert [BATCH.id_of_line(text) for text in ("", "{", "[]", '{"custom_id": 3}', "\ud800")] == [""] * 5


def test_cells_title_and_parameters() -> None:
    assert BATCH.cells(PARAMS, done(line())) == {"custom_id": "a-1", "answer": "Hällo."}
    assert BATCH.cells(PARAMS, failed(line(), "No.")) == {"custom_id": "a-1", "answer": ""}
    assert BATCH.title(PARAMS, Material(names=("in.jsonl",))) == "Requests of in.jsonl"
    assert BATCH.fitted(BatchParams(), 1000).max_tokens == 500
    with pytest.raises(KnownError, match="at least one token"):
        BATCH.check(BatchParams(max_tokens=0), Material(names=("in.jsonl",)))
