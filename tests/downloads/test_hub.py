"""The hub is asked, in a process of its own: search, files, tokens; and what it may answer instead."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.downloads.hub import Hub
from app.errors import ErrorKind, KnownError
from tests.downloads.children import processes
from tests.downloads.local_hub import REPOSITORY, REVISION, TOKEN, LocalHub, model_bytes


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalHub]:
    parts = {f"tiny-Q8_0-0000{n}-of-00002.gguf": model_bytes(3000, seed=n) for n in (1, 2)}
    served = LocalHub({"tiny-Q4_0.gguf": model_bytes(2000), "mmproj-tiny.gguf": model_bytes(10), **parts})
    monkeypatch.setenv("HF_ENDPOINT", served.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_TOKEN", "of somebody else")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield served
    served.close()


def ask(profile, *questions: Callable[[Hub], Awaitable[Any]]) -> list[Any]:
    """The answers; a refusal is one."""

    async def talk() -> list[Any]:
        asking = Hub(profile)
        answers: list[Any] = []
        for question in questions:
            try:
                answers.append(await question(asking))
            except KnownError as error:
                answers.append(error)
        await asking.close()
        assert processes("hub") == []
        return answers

    return asyncio.run(talk())


def test_repositories_and_their_files(hub, profile):
    found, none, groups = ask(
        profile,
        lambda asking: asking.search("tiny", 10),
        lambda asking: asking.search("nothing like that", 10),
        lambda asking: asking.files(REPOSITORY),
    )
    assert [(one.repository, one.downloads, one.context_tokens, one.licence) for one in found] == [
        (REPOSITORY, 5000, 8192, "apache-2.0")
    ]
    assert none == ()
    assert [(group.quantisation, group.size_bytes, len(group.files)) for group in groups] == [
        ("Q4_0", 2000, 1),
        ("Q8_0", 6000, 2),
    ]
    assert all(group.revision == REVISION and all(file.sha256 for file in group.files) for group in groups)
    assert not any("authorization" in asked.headers for asked in hub.asked)  # not even that of the environment


def test_a_token_is_kept_in_the_hubs_own_store_for_this_user_alone(hub, profile, tmp_path):
    hub.needs_token = True
    refused, wrong, kept, groups, forgotten = ask(
        profile,
        lambda asking: asking.files(REPOSITORY),
        lambda asking: asking.keep_token("hf_wrong"),
        lambda asking: asking.keep_token(f"  {TOKEN}\n"),
        lambda asking: asking.files(REPOSITORY, "for rubato"),
        lambda asking: asking.forget_token("for rubato"),
    )
    assert "give Rubato a token of yours" in str(refused)
    assert f"{hub.url} does not take this token. Make a new one there" in str(wrong)
    assert (kept.token_name, kept.account) == ("for rubato", "ada")
    assert len(groups) == 2
    assert forgotten is None
    assert hub.asked[-1].headers["authorization"] == f"Bearer {TOKEN}"
    assert stat.S_IMODE((tmp_path / "hf" / "stored_tokens").stat().st_mode) == 0o600
    assert TOKEN not in (tmp_path / "hf" / "stored_tokens").read_text()
    assert TOKEN not in (profile.logs / "download.log").read_text()


@pytest.mark.parametrize("token", ["", "two words", "hf_\u00fc", "a\nb"])
def test_what_is_no_token_is_sent_nowhere(hub, profile, token):
    (error,) = ask(profile, lambda asking: asking.keep_token(token))
    assert error.kind is ErrorKind.BAD_REQUEST
    assert "This is no token" in str(error)
    assert hub.asked == []


def test_a_repository_that_is_not_there_and_names_that_are_none(hub, profile):
    gone, no_name, empty = ask(
        profile,
        lambda asking: asking.files("somebody/else"),
        lambda asking: asking.files("../../etc"),
        lambda asking: asking.files("no owner"),
    )
    assert "somebody/else is not at" in str(gone)
    for error in (no_name, empty):
        assert "is no repository. Name it as OWNER/NAME" in str(error)


def test_a_repository_without_a_model(hub, profile):
    hub.files = {"README.md": b"nothing"}
    (error,) = ask(profile, lambda asking: asking.files(REPOSITORY))
    assert "has no model in the GGUF format" in str(error)


WRONG = {
    "a web page": b"<html>Sign in</html>",
    "another kind": [1, 2, 3],
    "no facts": {},
    "sizes that are none": {
        "id": REPOSITORY,
        "sha": REVISION,
        "siblings": [{"rfilename": "m.gguf", "size": -5, "lfs": {"size": "big", "sha256": 3, "pointerSize": None}}],
    },
    "a commit that is none": {"id": REPOSITORY, "sha": "../..", "siblings": []},
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
def test_a_hub_that_answers_with_something_else(hub, profile, answer):
    hub.answer = lambda path: answer
    files, found = ask(profile, lambda asking: asking.files(REPOSITORY), lambda asking: asking.search("x", 5))
    assert isinstance(files, KnownError)
    assert files.kind is not ErrorKind.BUG, files
    assert not isinstance(found, KnownError) or found.kind is not ErrorKind.BUG, found


def test_a_hub_that_is_not_there(hub, profile, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    (error,) = ask(profile, lambda asking: asking.search("x", 5))
    assert "there is no connection to http://127.0.0.1:9" in str(error)


def test_offline(hub, profile, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (error,) = ask(profile, lambda asking: asking.search("x", 5))
    assert "HF_HUB_OFFLINE is set" in str(error)
    assert hub.asked == []
