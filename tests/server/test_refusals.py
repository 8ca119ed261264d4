"""What is refused, in OpenAI's form: a status, a sentence, and a code or a field where there is one."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from app.engine.process.fake_llama import TOO_LARGE, reply_to
from app.server.connection import BODY_LIMIT_BYTES
from tests.processes.program import ENDLESS, PATIENCE_SECONDS, run, wait_for
from tests.server.served import CHAT, FAKE, Client, Served, asking


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"logprobs": True}, "logprobs"),
        ({"frequency_penalty": 1000}, "frequency_penalty"),
        ({"logit_bias": {"7": 101}}, "logit_bias[...]"),
        ({"priority": "urgent"}, "priority"),
        ({"temperature": -1}, "temperature"),
        ({"top_p": 1.5}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"seed": 2**70}, "seed"),
        ({"stop": [str(n) for n in range(33)]}, "stop"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "4"}]}, "messages[0].role"),
        ({"messages": [{"role": "assistant", "content": None}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}]},
            "messages[0].content[0].type",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_that_is_off_is_named(client: Client, fields: dict[str, Any], param: str) -> None:
    status, answer = client.chat("Hello.", **fields)
    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["param"] == param
    assert answer["error"]["message"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b"\xff", b'{"messages": ' + b"[" * 5000, b'{"messages": "\\ud800"}']
)
def test_a_body_that_is_no_request(client: Client, body: bytes) -> None:
    status, answer = client.ask("POST", CHAT, body)
    assert status == 400
    assert answer["error"]["message"].startswith("The body is not a request of this form: ")


def test_fields_that_change_nothing_are_taken(client: Client) -> None:
    harmless = {"n": 1, "tools": [], "frequency_penalty": 0.0, "response_format": {"type": "text"}, "user": "me"}
    nothing = dict.fromkeys(("stop", "seed", "top_k", "max_tokens", "stream", "logit_bias", "priority", "model"))
    assert client.text("Hello.", **harmless, **nothing) == reply_to("Hello.")


def test_an_unknown_path_method_and_model(client: Client) -> None:
    status, answer = client.get("/v1/completions")
    assert status == 404
    assert CHAT in answer["error"]["message"]
    assert client.get(CHAT)[0] == 405
    client.send("HEAD", "/health")
    response = client.http.getresponse()
    assert (response.status, response.headers["Allow"], response.read()) == (405, "GET", b"")
    status, answer = client.chat("Hello.", model="another")
    assert (status, answer["error"]["code"], answer["error"]["param"]) == (404, "model_not_found", "model")


@pytest.mark.parametrize("priority", ["interactive", "bulk"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_that_is_too_long(client: Client, priority: str, stream: bool) -> None:
    status, answer = client.chat("A word. " * 2000, priority=priority, stream=stream)
    assert (status, answer["error"]["code"]) == (400, "context_length_exceeded")


def test_an_empty_prompt(client: Client) -> None:
    assert client.chat(" ")[0] == 400


def test_a_body_that_is_too_large_is_told_so_and_the_connection_goes_on(client: Client) -> None:
    status, answer = client.ask("POST", CHAT, b" " * (BODY_LIMIT_BYTES + 1))
    assert (status, answer["error"]["code"]) == (413, "request_too_large")
    assert client.text("Hello.") == reply_to("Hello.")


def test_who_asks_before_a_body_that_is_too_large_need_not_send_it(served: Served) -> None:
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {1 << 40}\r\n\r\n"
    assert b"HTTP/1.1 413 " in said_to(served, head.encode())


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("evil.example", None),
        ("127.0.0.1.evil.example:80", None),
        ("localhost", "https://evil.example"),
        ("localhost", "null"),
        ("localhost:8033", "http://localhost:3000"),
        ("evil.example", "http://evil.example"),
    ],
)
def test_web_pages_are_refused(client: Client, host: str, origin: str | None) -> None:
    headers = {"Host": host, **({"Origin": origin} if origin else {})}
    for method, path, body in (("POST", CHAT, asking("Hello.")), ("GET", "/v1/models", None), ("OPTIONS", CHAT, None)):
        client.send(method, path, body, headers)
        response = client.http.getresponse()
        assert response.status == 403
        assert not any(name.lower().startswith("access-control") for name in response.headers)
        assert json.loads(response.read())["error"]["code"] == "forbidden"


@pytest.mark.parametrize(
    ("host", "origin"), [("localhost", None), ("LOCALHOST:99", None), ("127.0.0.1:7", "http://127.0.0.1:7")]
)
def test_programs_of_this_machine_are_answered(client: Client, host: str, origin: str | None) -> None:
    headers = {"Host": host, **({"Origin": origin} if origin else {})}
    assert client.ask("GET", "/health", None, headers)[0] == 200


def said_to(served: Served, data: bytes) -> bytes:
    """What comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"x" * 100_000 + b"\r\n\r\n", b"431"),
        (b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"400"),
    ],
    ids=["TLS", "no host", "a huge head", "a length of many digits"],
)
def test_what_is_no_http_is_answered_and_closed(served: Served, data: bytes, status: bytes) -> None:
    answer = said_to(served, data)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["type"] == "invalid_request_error"


def test_without_a_model_it_says_why(tmp_path: Path) -> None:
    with Served(tmp_path, *FAKE, "--model", TOO_LARGE) as served, served.client() as client:
        health = wait_for(lambda: (got := client.get("/health"))[1]["status"] == "no model" and got, "a failed load")
        assert health[0] == 503
        assert health[1]["message"].startswith("There is not enough free memory")
        for stream in (False, True):
            status, answer = client.chat("Hello.", stream=stream, model="whichever")
            assert (status, answer["error"]["code"]) == (503, "no_model")
            assert answer["error"]["message"] == health[1]["message"]
        assert client.get("/v1/models") == (200, {"object": "list", "data": []})
        assert served.process.stderr is not None
        assert served.process.stderr.readline().strip() == health[1]["message"]


def test_an_engine_that_crashes_is_told_and_the_next_request_is_answered(tmp_path: Path) -> None:
    with Served(tmp_path, *FAKE) as served, served.client() as client:
        for stream in (False, True):
            status, answer = client.chat("[[crash]]", stream=stream)
            assert (status, answer["error"]["code"]) == (503, "engine_crashed")
            assert client.text("Hello.") == reply_to("Hello.")


def test_an_engine_that_is_killed_in_the_middle_of_a_stream_ends_it_with_an_error(tmp_path: Path) -> None:
    with Served(tmp_path, *FAKE) as served, served.client() as client:
        chunks = client.stream(ENDLESS)
        next(chunks)
        served.engine().kill()
        last = next(chunk for chunk in chunks if "error" in chunk)
        assert last["error"]["code"] == "engine_crashed"


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, out, err = run(tmp_path, *FAKE, "serve", "--port", str(port))
    assert (code, out) == (1, "")
    assert err == f"Port {port} is in use already. Choose another one with --port, or 0 for any that is free.\n"


@pytest.mark.parametrize("port", ["-1", "65536", "http", "9" * 5000])
def test_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    code, _, err = run(tmp_path, *FAKE, "serve", f"--port={port}")
    assert code == 2
    assert "Traceback" not in err
