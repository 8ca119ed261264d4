"""Chats over the fake engine: options, queued turns, temporary chats, messages that are deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app.core.chat_views import ChatOptions, PersonaView, SamplingChoice
from app.core.core import Core
from app.core.events import Event, QueuedTurnsChanged
from app.engine.fake import fake_engine
from app.errors import KnownError
from app.paths import profile_paths
from app.settings import Settings


def run(folder: Path, story: Callable[[Core, list[Event]], Awaitable[None]]) -> None:
    async def play() -> None:
        events: list[Event] = []
        model = folder / "fake.gguf"
        model.touch()
        core = Core(profile_paths(folder / "profile"), fake_engine(), events.append, settings=Settings(), model=model)
        await core.start()
        try:
            await asyncio.wait_for(story(core, events), 60)
        finally:
            await core.close()

    asyncio.run(play())


def texts(core: Core, chat_id: str) -> list[str]:
    return [message.text for message in core.open_chat(chat_id).messages]


async def settle(core: Core, chat_id: str) -> None:
    while next(chat for chat in core.chats() if chat.id == chat_id).is_answering:
        await core.wait_for_reply(chat_id)


def test_queued_turns_go_in_order_when_the_reply_has_ended(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        chat = await core.send(None, "[[say one]]")
        await core.queue_turn(chat, "[[say two]]")
        third = await core.queue_turn(chat, "x")
        core.edit_queued(third, "[[say three]]")
        assert [turn.text for turn in core.queued_turns(chat)] == ["[[say two]]", "[[say three]]"]
        await settle(core, chat)
        assert texts(core, chat)[0::2] == ["[[say one]]", "[[say two]]", "[[say three]]"]
        assert core.queued_turns(chat) == []
        assert [event.turns for event in events if isinstance(event, QueuedTurnsChanged)][-1] == ()

    run(tmp_path, story)


def test_queued_turns_stay_after_a_stop_and_over_a_restart(tmp_path: Path) -> None:
    async def first(core: Core, events: list[Event]) -> None:
        chat = await core.send(None, "[[stall]]")
        await core.queue_turn(chat, "[[say later]]")
        core.stop(chat)
        await settle(core, chat)
        assert len(core.queued_turns(chat)) == 1

    async def second(core: Core, events: list[Event]) -> None:
        (chat,) = core.chats()
        (turn,) = core.queued_turns(chat.id)
        await core.send_queued(turn.id)
        await settle(core, chat.id)
        assert texts(core, chat.id)[-2] == "[[say later]]"
        assert core.queued_turns(chat.id) == []
        with pytest.raises(KnownError, match="not waiting"):
            core.remove_queued(turn.id)

    run(tmp_path, first)
    run(tmp_path, second)


def test_nothing_of_a_temporary_chat_is_on_the_disk(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        chat = await core.send(None, "quokka [[say zeppelin]]", is_temporary=True)
        await core.queue_turn(chat, "xylophone")
        core.save_draft(chat, "marzipan")
        await settle(core, chat)
        assert core.open_chat(chat).chat.is_temporary
        assert core.search("quokka")[0].chat.id == chat

    run(tmp_path, story)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    content = b"".join(file.read_bytes() for file in files).lower()
    assert not any(word in content for word in (b"quokka", b"zeppelin", b"xylophone", b"marzipan"))


def test_a_deleted_message_takes_what_follows_and_comes_back(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        chat = await core.send(None, "[[say one]]")
        await settle(core, chat)
        await core.send(chat, "[[say two]]")
        await settle(core, chat)
        shown = core.open_chat(chat).messages
        core.delete_message(shown[2].id)
        assert core.open_chat(chat).messages == shown[:2]
        with pytest.raises(KnownError, match="before it"):
            core.restore_message(shown[3].id)
        core.restore_message(shown[2].id)
        assert core.open_chat(chat).messages == shown
        copy = core.duplicate_chat(chat)
        assert texts(core, copy) == [message.text for message in shown]

    run(tmp_path, story)


def test_options_of_a_reply_count_more_than_the_chats_and_the_personas(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        brief = ChatOptions(max_reply_tokens=3, sampling=SamplingChoice(temperature=0.0))
        persona = core.save_persona(PersonaView(id="", name="Brief", system_prompt="Be brief.", options=brief))
        folder = core.add_folder("Work")
        chat = await core.send(None, "[[words 30]]", persona_id=persona, folder_id=folder)
        await settle(core, chat)
        (reply,) = core.open_chat(chat).messages[1:]
        assert reply.figures is not None
        assert (reply.figures.output_tokens, reply.model_name) == (3, "fake")
        await core.regenerate(reply.id, options=ChatOptions(max_reply_tokens=2))
        await settle(core, chat)
        again = core.open_chat(chat).messages[1]
        assert again.figures is not None
        assert (again.figures.output_tokens, again.n_versions) == (2, 2)
        assert (await core.context_use(chat, "more")).system > 0
        core.delete_folder(folder)
        core.delete_persona(persona)
        view = core.open_chat(chat).chat
        assert (view.folder_id, view.persona_id) == ("", "")

    run(tmp_path, story)


def test_a_reply_that_is_edited_is_another_version_and_nothing_is_asked(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        chat = await core.send(None, "[[say one]]")
        await settle(core, chat)
        await core.send(chat, "[[say two]]")
        await settle(core, chat)
        await core.edit(core.open_chat(chat).messages[1].id, "Uno, by hand.")
        assert texts(core, chat) == ["[[say one]]", "Uno, by hand."]
        assert not next(view for view in core.chats() if view.id == chat).is_answering
        edited = core.open_chat(chat).messages[1]
        assert (edited.version, edited.n_versions) == (2, 2)
        assert [hit.message_id for hit in core.search("Uno")] == [edited.id]
        core.choose_version(edited.id, 1)
        assert texts(core, chat)[0::2] == ["[[say one]]", "[[say two]]"]
        with pytest.raises(KnownError):
            await core.edit(edited.id, "  ")

    run(tmp_path, story)
