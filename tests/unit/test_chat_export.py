"""Chats as files: what is shown as Markdown and as a page that loads nothing, everything as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.core import Core
from app.core.events import Event
from app.errors import ErrorKind, KnownError
from tests.unit.test_chat_service import run

ASKED = "[[say **Bold** <script>alert(1)</script> ![x](http://example.org/x.png) | a]] & <b>so</b>"


async def asked(core: Core, text: str = ASKED) -> str:
    chat_id = await core.send(None, text)
    await core.wait_for_reply(chat_id)
    return chat_id


def test_markdown_has_the_shown_branch(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        chat_id = await asked(core, "Say it. [[say First answer.]]")
        prompt = core.open_chat(chat_id).messages[0]
        await core.edit(prompt.id, "Again. [[say Second answer.]]")
        await core.wait_for_reply(chat_id)
        await core.export_chat(chat_id, tmp_path / "chat.md", "markdown")

    run(tmp_path, story)
    text = (tmp_path / "chat.md").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert text.index("## You") < text.index("Again.") < text.index("## Assistant") < text.rindex("Second answer.")
    assert "First answer." not in text.partition("\n")[2], "only the title has it"


def test_a_page_runs_and_loads_nothing(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        await core.export_chat(await asked(core), tmp_path / "chat.html", "html")

    run(tmp_path, story)
    page = (tmp_path / "chat.html").read_text(encoding="utf-8")
    assert "<strong>Bold</strong>" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;b&gt;so&lt;/b&gt;" in page, "what the person wrote is text"


def test_json_has_every_version_and_its_parent(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        chat_id = await asked(core, "One question.")
        reply = core.open_chat(chat_id).messages[1]
        await core.regenerate(reply.id)
        await core.wait_for_reply(chat_id)
        await core.export_chat(chat_id, tmp_path / "chat.json", "json")

    run(tmp_path, story)
    chat = json.loads((tmp_path / "chat.json").read_text(encoding="utf-8"))
    prompt, *replies = chat["messages"]
    assert (chat["format"], chat["version"]) == ("rubato-chat", 1)
    assert prompt["parent"] is None
    assert [reply["parent"] for reply in replies] == [prompt["id"]] * 2
    assert chat["leaf"] == replies[-1]["id"]


def test_a_place_that_can_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        (tmp_path / "taken").mkdir()
        with pytest.raises(KnownError) as raised:
            await core.export_chat(await asked(core), tmp_path / "taken", "markdown")
        assert raised.value.kind is not ErrorKind.BUG
        assert "taken" in raised.value.sentence

    run(tmp_path, story)
    assert list(tmp_path.glob("*.part")) == []
