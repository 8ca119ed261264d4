"""`rubato batch run`: OpenAI's format in and out, and the same command again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from app.engine.process.fake_llama import reply_to
from tests.processes.program import Program, rows, run, wait_for

FAKE = ("--engine", "fake")
SLOW = (*FAKE, "--fake-seconds-per-token", "0.005")


def batch(folder: Path, n: int, *more: str) -> Path:
    file = folder / "in.jsonl"
    file.write_text("".join(f"{line}\n" for line in [*(request(i) for i in range(n)), *more]))
    return file


def request(n: int) -> str:
    body = {"model": "any", "messages": [{"role": "user", "content": question(n)}], "max_tokens": 200}
    return json.dumps({"custom_id": f"request-{n}", "method": "POST", "url": "/v1/chat/completions", "body": body})


def question(n: int) -> str:
    return f"Question {n}? [[words 20]]"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def command(folder: Path) -> list[str]:
    return ["batch", "run", str(folder / "in.jsonl"), "-o", str(folder / "out.jsonl")]


def test_each_request_has_an_answer_or_an_error_and_is_done_once(tmp_path: Path) -> None:
    profile, out = tmp_path / "profile", tmp_path / "out.jsonl"
    batch(tmp_path, 3, '{"custom_id": "odd", "url": "/v1/images", "body": {}}')
    code, said, err = run(profile, *FAKE, *command(tmp_path))
    assert (code, said) == (3, ""), err
    assert [line["custom_id"] for line in lines(out)] == ["request-0", "request-1", "request-2"]
    for n, line in enumerate(lines(out)):
        assert line["response"]["status_code"] == 200
        assert line["response"]["body"]["choices"][0]["message"]["content"] == reply_to(question(n))
    (error,) = lines(tmp_path / "out.jsonl.errors.jsonl")
    assert (error["custom_id"], bool(error["error"]["code"])) == ("odd", True)
    out.unlink()
    code, said, err = run(profile, *FAKE, *command(tmp_path))
    assert (code, said) == (3, ""), err
    assert "done already" in err
    assert len(lines(out)) == 3, "written from what is there"
    assert rows(profile, "SELECT count(*) FROM jobs") == [(1,)]


@pytest.mark.skipif(os.name != "posix", reason="a kill of POSIX")
def test_the_same_command_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    profile, out = tmp_path / "profile", tmp_path / "out.jsonl"
    file = batch(tmp_path, 60)
    with Program(profile, *SLOW, *command(tmp_path)) as program:
        wait_for(lambda: out.exists() and len(lines(out)) >= 5, "answers in the file")
        program.kill()
    (before,) = rows(profile, "SELECT count(*) FROM items WHERE state = 'done'")
    assert 5 <= before[0] < 60
    whole = file.read_text()
    batch(tmp_path, 61)
    code, _, err = run(profile, *FAKE, *command(tmp_path))
    assert (code, err.count("\n")) == (1, 1)
    assert "has changed since the job" in err
    file.write_text(whole)
    code, _, err = run(profile, *FAKE, *command(tmp_path))
    assert code == 0, err
    assert [line["custom_id"] for line in lines(out)] == [f"request-{n}" for n in range(60)]
    assert rows(profile, "SELECT count(*) FROM jobs") == [(1,)]


def test_another_input_or_another_output_is_another_job(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    batch(tmp_path, 2)
    assert run(profile, *FAKE, *command(tmp_path))[0] == 0
    batch(tmp_path, 4)
    code, _, err = run(profile, *FAKE, *command(tmp_path))
    assert code == 0, err
    assert len(lines(tmp_path / "out.jsonl")) == 4
    assert run(profile, *FAKE, *command(tmp_path), "--dry-run")[0] == 0
    assert run(profile, *FAKE, *command(tmp_path)[:-1], str(tmp_path / "other.csv"))[0] == 2
    assert rows(profile, "SELECT count(*) FROM jobs") == [(2,)]
