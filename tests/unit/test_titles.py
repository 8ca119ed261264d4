"""A chat's own title: asked at its end in an idle machine, cleaned, given up for whatever else comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app.core.core import Core
from app.core.titles import cleaned
from app.engine.fake import fake_engine
from app.engine.messages import GenerateRequest, Priority, Turn
from app.paths import profile_paths
from app.settings import Settings
from tests.unit.test_chat_service import settle

ABOUT_TEA = "[[later Title: “Ways to make tea.”]] How do I make tea? [[say Boil water.]]"


def run(folder: Path, story: Callable[[Core], Awaitable[None]], settings: Settings | None = None) -> None:
    async def play() -> None:
        model = folder / "fake.gguf"
        model.touch()
        paths = profile_paths(folder / "profile")
        core = Core(paths, fake_engine(), lambda event: None, settings=settings or Settings(), model=model)
        await core.start()
        core._chats.titles.quiet_seconds = 0.0
        try:
            await asyncio.wait_for(story(core), 60)
        finally:
            await core.close()

    asyncio.run(play())


def title(core: Core, chat_id: str) -> str:
    return next(chat.title for chat in core.chats() if chat.id == chat_id)


async def titled(core: Core, chat_id: str) -> str:
    """Once it is another."""
    changed = asyncio.Event()
    first = title(core, chat_id)
    remove = core.add_sink(lambda event: changed.set())
    while title(core, chat_id) == first:
        changed.clear()
        await changed.wait()
    remove()
    return title(core, chat_id)


def test_a_chat_gets_a_title_and_its_next_turn_reads_nothing_again(tmp_path: Path) -> None:
    cached: list[int] = []

    async def go_on(core: Core, chat: str) -> None:
        await core.send(chat, "And milk? [[say Last.]]")
        await settle(core, chat)
        first, second = (message.figures for message in core.open_chat(chat).messages[1::2])
        assert first is not None
        assert second is not None
        assert second.cached_tokens >= first.prompt_tokens - 1
        cached.append(second.cached_tokens)

    async def with_title(core: Core) -> None:
        chat = await core.send(None, ABOUT_TEA)
        assert title(core, chat).startswith("[[later")
        assert await titled(core, chat) == "Ways to make tea"
        assert core.search("make tea")[0].message_id == ""
        await go_on(core, chat)
        await core._chats.titles.settled()
        assert title(core, chat) == "Ways to make tea", "it is asked once"

    async def without(core: Core) -> None:
        chat = await core.send(None, ABOUT_TEA)
        await settle(core, chat)
        await go_on(core, chat)

    run(tmp_path, with_title)
    run(tmp_path, without, Settings(makes_titles=False))
    assert cached[0] == cached[1]


def test_a_turn_ends_the_asking_and_it_is_asked_again_later(tmp_path: Path) -> None:
    async def story(core: Core) -> None:
        go_on = tmp_path / "go on"
        chat = await core.send(None, f"[[later Title: {'x' * 30} [[until {go_on}]]]] Hello [[say Hm.]]")
        await core._chats.titles.begun()
        await core.send(chat, "Quick! [[say Yes.]]")
        await settle(core, chat)
        reply = core.open_chat(chat).messages[-1]
        assert reply.text == "Yes."
        assert reply.figures is not None
        assert reply.figures.cached_tokens > 0
        go_on.touch()
        assert await titled(core, chat) == "x" * 30

    run(tmp_path, story)


def test_a_name_that_a_person_gave_stays(tmp_path: Path) -> None:
    async def story(core: Core) -> None:
        chat = await core.send(None, ABOUT_TEA)
        core.rename_chat(chat, "Mine")
        await settle(core, chat)
        await core._chats.titles.settled()
        assert title(core, chat) == "Mine"
        asked = await core.send(None, ABOUT_TEA)
        await core._chats.titles.begun()
        core.rename_chat(asked, "Mine too")
        await core._chats.titles.settled()
        assert title(core, asked) == "Mine too"

    run(tmp_path, story)


@pytest.mark.parametrize("given", ["[[later Title:  “” ]]", f"[[later Title: {'words ' * 40}]]"])
def test_a_bad_answer_leaves_the_first_words(tmp_path: Path, given: str) -> None:
    async def story(core: Core) -> None:
        chat = await core.send(None, f"Why is it so? {given} [[say Hm.]]")
        await settle(core, chat)
        await core._chats.titles.settled()
        assert title(core, chat).startswith("Why is it so?")

    run(tmp_path, story)


def test_nobody_asks_for_temporary_chats_or_where_the_setting_is_off(tmp_path: Path) -> None:
    async def temporary(core: Core) -> None:
        chat = await core.send(None, ABOUT_TEA, is_temporary=True)
        await settle(core, chat)
        assert core._temporary_chats.titles._timer is None

    async def off(core: Core) -> None:
        chat = await core.send(None, ABOUT_TEA)
        await settle(core, chat)
        assert core._chats.titles._timer is None

    run(tmp_path, temporary)
    run(tmp_path, off, Settings(makes_titles=False))


def test_while_there_is_bulk_work_nothing_is_asked(tmp_path: Path) -> None:
    async def story(core: Core) -> None:
        bulk = GenerateRequest(turns=(Turn("user", "[[stall]]"),), priority=Priority.BULK, max_tokens=2000)
        events = core.generate(bulk)
        await anext(events)
        chat = await core.send(None, ABOUT_TEA)
        await settle(core, chat)
        await core._chats.titles.settled()
        assert title(core, chat).startswith("[[later")
        await events.aclose()
        assert await titled(core, chat) == "Ways to make tea"

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("said", "is_title"),
    [
        (" Making Tea", "Making Tea"),
        ("“Making tea.”\nMore", "Making tea"),
        ("**Title:** Making tea", "Making tea"),
        ("<think>\nhm\n</think>\n\nMaking tea", "Making tea"),
        ("\n\n", ""),
        ("...", ""),
        ("x" * 61, ""),
        ("<think>\nnever ends", ""),
        ("{'a': 1}", ""),
    ],
)
def test_what_a_model_says_is_cleaned(said: str, is_title: str) -> None:
    assert cleaned(said) == is_title
