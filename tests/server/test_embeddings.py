"""/v1/embeddings: vectors as numbers and as base64, and what is refused."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

import pytest

from app.engine.process.fake_llama import EMBEDDING_SIZE, embedding_of_words
from tests.model.tiny_models import encoder, full_attention
from tests.server.served import Client, Served

PATH = "/v1/embeddings"
TEXTS = ["The ferry left late.", "A letter came in the morning."]


def ask(client: Client, input: Any, **fields: Any) -> tuple[int, dict[str, Any]]:
    return client.ask("POST", PATH, {"input": input, **fields})


@pytest.mark.parametrize("priority", [{}, {"priority": "bulk"}])
def test_each_text_has_its_vector(client: Client, priority: dict[str, str]) -> None:
    status, answer = ask(client, TEXTS, model="fake", **priority)
    assert status == 200
    assert (answer["object"], answer["model"]) == ("list", "fake")
    assert [(part["object"], part["index"]) for part in answer["data"]] == [("embedding", 0), ("embedding", 1)]
    for text, part in zip(TEXTS, answer["data"], strict=True):
        assert part["embedding"] == pytest.approx(embedding_of_words(text))
    n_tokens = sum(map(len, TEXTS))  # the fake's are bytes
    assert answer["usage"] == {"prompt_tokens": n_tokens, "total_tokens": n_tokens}


def test_one_text_by_itself_and_none(client: Client) -> None:
    assert ask(client, TEXTS[0])[1]["data"] == ask(client, TEXTS[:1])[1]["data"]
    assert ask(client, [])[1]["data"] == []


def test_as_base64(client: Client) -> None:
    _, answer = ask(client, TEXTS, encoding_format="base64")
    numbers = [struct.unpack(f"<{EMBEDDING_SIZE}f", base64.b64decode(part["embedding"])) for part in answer["data"]]
    for text, vector in zip(TEXTS, numbers, strict=True):
        assert vector == pytest.approx(embedding_of_words(text), abs=1e-6)


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"input": ["Fine.", "x" * 3000]}, "input", "context_length_exceeded"),
        ({"input": ["Fine.", ""]}, None, None),
        ({"input": [1, 2]}, "input[0]", None),
        ({"input": TEXTS, "encoding_format": "hex"}, "encoding_format", None),
        ({"input": TEXTS, "dimensions": 8}, "dimensions", None),
    ],
    ids=["too long", "empty", "tokens", "format", "dimensions"],
)
def test_what_can_not_be_done_is_refused(client: Client, fields: dict[str, Any], param: str, code: str) -> None:
    status, answer = client.ask("POST", PATH, fields)
    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"
    assert (answer["error"]["param"], answer["error"]["code"]) == (param, code)
    assert answer["error"]["message"]


def test_another_model_and_no_post(client: Client) -> None:
    assert ask(client, TEXTS, model="another")[1]["error"]["code"] == "model_not_found"
    assert client.get(PATH)[0] == 405


def test_a_model_that_embeds_does_not_write_and_one_that_writes_may_not_embed(tmp_path: Path) -> None:
    model = encoder(tmp_path / "encoder.gguf")
    with Served(tmp_path / "one", "--model", str(model)) as served, served.client() as client:
        assert ask(client, TEXTS)[0] == 200
        status, answer = client.chat("Hello.")
        assert (status, answer["error"]["code"]) == (503, "no_model")
    model = full_attention(tmp_path / "writer.gguf")
    with Served(tmp_path / "other", "--model", str(model)) as served, served.client() as client:
        status, answer = ask(client, TEXTS)
        assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
        assert "no embeddings" in answer["error"]["message"]
