"""What comes back from `rubato serve`, whole and in chunks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.engine.process.fake_llama import reply_to
from tests.processes.program import rows
from tests.server.served import CHAT, Client, Served


def text_of(chunks: list[dict[str, Any]]) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"])


def test_a_whole_answer(client: Client) -> None:
    prompt = "What is a rubato?"
    status, answer = client.chat(prompt)
    assert status == 200
    assert answer["object"] == "chat.completion"
    assert answer["id"].startswith("chatcmpl-")
    (choice,) = answer["choices"]
    assert choice["message"] == {"role": "assistant", "content": reply_to(prompt)}
    assert choice["finish_reason"] == "stop"
    usage = answer["usage"]
    assert usage["completion_tokens"] == len(reply_to(prompt)) + 1, "each byte, and the end"
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 0 < answer["timings"]["ttft_ms"] <= answer["timings"]["total_ms"]


def test_what_was_read_before_is_counted_as_cached(client: Client) -> None:
    prompt = "The same long question as before. " * 10
    client.text(prompt)
    usage = client.chat(prompt)[1]["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == usage["prompt_tokens"] - 1


def test_a_stream_with_its_usage(client: Client) -> None:
    prompt = "What is a rubato?"
    chunks = list(client.stream(prompt, stream_options={"include_usage": True}))
    *grown, ended, last = chunks
    assert text_of(grown) == reply_to(prompt)
    assert grown[0]["choices"][0]["delta"] == {"role": "assistant", "content": reply_to(prompt)[0]}
    assert all(chunk["usage"] is None for chunk in [*grown, ended])
    assert ended["choices"][0]["delta"] == {}
    assert ended["choices"][0]["finish_reason"] == "stop"
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == len(reply_to(prompt)) + 1
    assert {chunk["id"] for chunk in chunks} == {last["id"]}


def test_a_stream_without_usage(client: Client) -> None:
    chunks = list(client.stream("Hello."))
    assert text_of(chunks) == reply_to("Hello.")
    assert not any("usage" in chunk for chunk in chunks)


def test_a_stream_of_no_text_has_its_chunks_all_the_same(client: Client) -> None:
    first, last = client.stream("[[say END]]", stop="END")
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert last["choices"][0]["finish_reason"] == "stop"


def test_an_answer_ends_at_a_stop_string(client: Client) -> None:
    for stop in ("fou", ["nowhere", "fou"]):
        status, answer = client.chat("[[say one two three four five]]", stop=stop)
        assert status == 200
        assert answer["choices"][0]["message"]["content"] == "one two three "
        assert answer["choices"][0]["finish_reason"] == "stop"


def test_an_answer_ends_at_its_longest_length(client: Client) -> None:
    for field in ("max_tokens", "max_completion_tokens"):
        status, answer = client.chat("[[say one two three]]", **{field: 5})
        assert status == 200
        assert answer["choices"][0]["message"]["content"] == "one t"
        assert answer["choices"][0]["finish_reason"] == "length"
        assert answer["usage"]["completion_tokens"] == 5


def test_the_models_own_end_can_be_ignored(client: Client) -> None:
    _, answer = client.chat("[[say ab]]", max_tokens=7, ignore_eos=True)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 7


def test_a_message_in_parts_of_text_and_a_message_of_a_developer(client: Client) -> None:
    parts = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    messages = [{"role": "developer", "content": "Be short."}, {"role": "user", "content": parts}]
    _, answer = client.ask("POST", CHAT, {"messages": messages})
    assert answer["choices"][0]["message"]["content"] == reply_to("One.\nTwo.")


def test_the_models_and_the_health(client: Client) -> None:
    assert client.get("/health") == (200, {"status": "ok"})
    status, models = client.get("/v1/models")
    assert status == 200
    (model,) = models["data"]
    assert (models["object"], model["object"], model["id"]) == ("list", "model", "fake")
    for name in (model["id"], "fake.gguf", ""):
        assert client.text("Hello.", model=name) == reply_to("Hello.")


def test_nothing_is_stored(served: Served, client: Client) -> None:
    client.text("A secret.")
    assert rows(served.profile, "SELECT count(*) FROM chats") == [(0,)]
    assert rows(served.profile, "SELECT count(*) FROM messages") == [(0,)]
    assert not any("secret" in log.read_text() for log in (served.profile / "logs").glob("*.log"))


def test_the_real_model_answers_whole_and_in_chunks(tmp_path: Path, starter_model: Path) -> None:
    fields = {"temperature": 0, "max_tokens": 12}
    with Served(tmp_path, "--model", str(starter_model)) as served, served.client() as client:
        (model,) = client.get("/v1/models")[1]["data"]
        whole = client.text("What is the capital of France?", model=model["id"], **fields)
        assert whole.strip()
        options = {"include_usage": True}
        chunks = list(client.stream("What is the capital of France?", stream_options=options, **fields))
        assert text_of(chunks).strip()
        usage = chunks[-1]["usage"]
        assert 0 < usage["completion_tokens"] <= 12
        assert 0 < usage["prompt_tokens_details"]["cached_tokens"] < usage["prompt_tokens"]
        long = client.chat("Say yes.", temperature=0.8, seed=7, max_tokens=20, ignore_eos=True)[1]
        assert long["usage"]["completion_tokens"] == 20
