"""Everything into one file, and out of it again, over a Core: nothing is lost, nothing doubled, all or nothing."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.chat_json import time_text
from app.core.chat_views import AttachmentUse, ChatOptions, MessageState, MessageView, PersonaView, SavedPrompt
from app.core.core import Core
from app.core.events import Event, ManyChatsChanged
from app.core.kinds.summarize import SummarizeParams
from app.core.views import JobState
from app.errors import KnownError
from tests.unit import test_chat_documents
from tests.unit.test_chat_service import run as run_in
from tests.unit.test_chat_service import settle, texts
from tests.unit.test_imports import BEES


def run(folder: Path, story: Callable[[Core, list[Event]], Awaitable[None]]) -> None:
    folder.mkdir(exist_ok=True)
    run_in(folder, story)


async def filled(core: Core, folder: Path) -> tuple[str, str]:
    """A profile with something of each; the ids of its chat and its job."""
    work = core.add_folder("Work")
    persona = core.save_persona(PersonaView(id="", name="Cook", system_prompt="You cook."))
    core.save_prompt(SavedPrompt(id="", name="Short", text="Shorter: {text}"))
    chat = await core.send(
        None, "Question one [[say first]]", persona_id=persona, folder_id=work, options=ChatOptions(system_prompt="Hm")
    )
    await settle(core, chat)
    await core.regenerate(core.open_chat(chat).messages[1].id)
    await settle(core, chat)
    core.set_tags(chat, ["tea", "milk"])
    core.pin_chat(chat, True)
    core.archive_chat(chat, True)
    core.save_draft(chat, "unsent")
    core.pin_message(core.open_chat(chat).messages[0].id, True)
    gone = await core.send(None, "Deleted [[say gone]]")
    await settle(core, gone)
    core.delete_chat(gone)
    hidden = await core.send(None, "Secret [[say hidden]]", is_temporary=True)
    await settle(core, hidden)
    core.change_settings(temperature=0.2, theme="dark")
    document = folder / "notes.txt"
    document.write_text("The harvest was good this year. " * 20)
    job = await core.add_job("summarize", SummarizeParams(), [document])
    core.start_job(job)
    assert (await core.wait_for_job(job)).state is JobState.DONE
    return chat, job


def test_everything_arrives_on_another_machine_once(tmp_path: Path) -> None:
    archive = tmp_path / "all.zip"
    found: dict[str, object] = {}
    ids: list[str] = []

    def without_time(message: MessageView) -> tuple[str, MessageView]:
        """Files have microseconds."""
        return time_text(message.created_seconds), replace(message, created_seconds=0.0)

    def seen(core: Core, chat: str, job: str) -> dict[str, object]:
        shown = core.open_chat(chat)
        return {
            "updated": time_text(shown.chat.updated_seconds),
            "chat": replace(shown.chat, updated_seconds=0.0),
            "shown": [message.id for message in shown.messages],
            "all": [without_time(message) for message in core._chats.messages(chat)],
            "folders": core.folders(),
            "personas": core.personas(),
            "prompts": core.saved_prompts(),
            "results": list(core.results(job)),
            "temperature": core.settings.temperature,
        }

    async def leave(core: Core, events: list[Event]) -> None:
        chat, job = await filled(core, tmp_path)
        await core.export_everything(archive)
        found.update(seen(core, chat, job))
        ids[:] = chat, job

    async def arrive(core: Core, events: list[Event]) -> None:
        report = await core.import_file(archive)
        assert (report.chats, report.messages, report.jobs, report.known) == (1, 3, 1, 0)
        assert any(isinstance(event, ManyChatsChanged) for event in events)
        chat, job = ids
        assert seen(core, chat, job) == found
        assert core.chats() == []
        assert [view.id for view in core.chats(archived=True)] == [chat]
        assert core.search("first")[0].chat.id == chat
        assert [view.state for view in core.jobs()] == [JobState.DONE]
        again = await core.import_file(archive)
        assert (again.chats, again.messages, again.jobs, again.known) == (0, 0, 0, 1)
        assert seen(core, chat, job) == found

    run(tmp_path / "a", leave)
    run(tmp_path / "b", arrive)
    with zipfile.ZipFile(archive) as parts:
        whole = b"".join(parts.read(name) for name in parts.namelist())
    for secret in (b"Secret", b"hidden", b"Deleted", b"gone"):
        assert secret not in whole


def test_what_was_said_on_the_other_machine_since_is_added(tmp_path: Path) -> None:
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"

    async def here(core: Core, events: list[Event]) -> None:
        if core.chats():
            report = await core.import_file(second)
            assert (report.chats, report.messages, report.known) == (0, 2, 1)
            assert texts(core, core.chats()[0].id)[2:] == ["Go on [[say two]]", "two"]
            return
        await settle(core, await core.send(None, "Begin [[say one]]"))
        await core.export_everything(first)

    async def there(core: Core, events: list[Event]) -> None:
        await core.import_file(first)
        (chat,) = core.chats()
        await core.send(chat.id, "Go on [[say two]]")
        await settle(core, chat.id)
        await core.export_everything(second)

    run(tmp_path / "a", here)
    run(tmp_path / "b", there)
    run(tmp_path / "a", here)


def test_a_folder_of_the_same_name_is_the_same_folder(tmp_path: Path) -> None:
    archive = tmp_path / "all.zip"

    async def leave(core: Core, events: list[Event]) -> None:
        await settle(core, await core.send(None, "x", folder_id=core.add_folder("Work")))
        await core.export_everything(archive)

    async def arrive(core: Core, events: list[Event]) -> None:
        own = core.add_folder("work")
        await core.import_file(archive)
        assert [folder.id for folder in core.folders()] == [own]
        assert core.chats()[0].folder_id == own

    run(tmp_path / "a", leave)
    run(tmp_path / "b", arrive)


def test_a_file_that_is_damaged_in_its_middle_leaves_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "all.zip"

    async def leave(core: Core, events: list[Event]) -> None:
        for n in range(3):
            await settle(core, await core.send(None, f"Number {n} [[words 80]]"))
        await core.export_everything(archive)

    async def arrive(core: Core, events: list[Event]) -> None:
        core.add_folder("Mine")
        with pytest.raises(KnownError, match="damaged"):
            await core.import_file(archive)
        assert core.chats() == []
        assert core.search("Number") == []
        await core.send(None, "still [[say works]]")

    run(tmp_path / "a", leave)
    with zipfile.ZipFile(archive) as parts:
        at = parts.getinfo("chats/000003.json").header_offset + 200
    data = bytearray(archive.read_bytes())
    data[at] ^= 0xFF
    archive.write_bytes(data)
    run(tmp_path / "b", arrive)


def test_a_program_that_is_killed_in_the_middle_has_nothing_of_the_file_at_the_next_start(tmp_path: Path) -> None:
    from app.core.imports.files import open_import
    from app.store.arrivals import Arrivals

    source = tmp_path / "conversations.json"
    source.write_text(json.dumps([BEES]))

    async def half(core: Core, events: list[Event]) -> None:
        (chat,) = open_import(source).chats
        Arrivals(core._database, -1.0).add_chat(chat.chat, chat.messages)
        assert core.chats(archived=True) == []
        assert core.search("bees") == []

    async def after(core: Core, events: list[Event]) -> None:
        assert core._database.read("SELECT count(*) FROM messages")[0][0] == 0
        assert (await core.import_file(source)).chats == 1

    run(tmp_path / "a", half)
    run(tmp_path / "a", after)


N_CHATS = 3000  # which takes some seconds


def test_chats_can_be_answered_while_a_long_file_is_taken_over(tmp_path: Path) -> None:
    source = tmp_path / "conversations.json"
    source.write_text(json.dumps([{**BEES, "conversation_id": f"c-{n}"} for n in range(N_CHATS)]))

    async def story(core: Core, events: list[Event]) -> None:
        importing = asyncio.ensure_future(core.import_file(source))
        chat = await core.send(None, "Hello [[say quick]]")
        await settle(core, chat)
        assert not importing.done(), "the reply did not wait for the file"
        assert [view.id for view in (*core.chats(), *core.chats(archived=True))] == [chat]
        with pytest.raises(KnownError, match="Another file"):
            await core.import_file(source)
        assert (await importing).chats == N_CHATS

    run(tmp_path, story)


def test_a_chats_own_json_comes_back_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "chat.json"

    async def leave(core: Core, events: list[Event]) -> None:
        chat, _ = await filled(core, tmp_path)
        await core.export_chat(chat, out, "json")

    async def arrive(core: Core, events: list[Event]) -> None:
        report = await core.import_file(out)
        assert (report.chats, report.messages) == (1, 3)
        (chat,) = core.chats(archived=True)
        assert chat.tags == ("tea", "milk")
        assert chat.folder_id == ""
        assert chat.persona_id == ""
        assert [message.version for message in core.open_chat(chat.id).messages] == [1, 2]

    run(tmp_path / "a", leave)
    run(tmp_path / "b", arrive)


def test_a_hostile_file_changes_no_chat_that_is_here(tmp_path: Path) -> None:
    source = tmp_path / "evil.json"

    async def story(core: Core, events: list[Event]) -> None:
        chat = await core.send(None, "Mine [[say safe]]")
        await settle(core, chat)
        own = core.open_chat(chat).messages
        stolen = {"id": own[0].id, "parent": None, "role": "user", "text": "changed"}
        added = {"id": "new", "parent": own[1].id, "role": "user", "text": "put in"}
        source.write_text(
            json.dumps({"format": "rubato-chat", "version": 1, "id": "other", "messages": [stolen, added]})
        )
        report = await core.import_file(source)
        assert report.chats == 0
        assert "another chat" in report.skipped[0]
        assert core.open_chat(chat).messages == own

    run(tmp_path, story)


def test_a_job_of_a_file_never_says_where_this_machine_is_written_to(tmp_path: Path) -> None:
    archive, target = tmp_path / "all.zip", tmp_path / "target.md"

    async def leave(core: Core, events: list[Event]) -> None:
        await filled(core, tmp_path)
        await core.export_everything(archive)

    async def arrive(core: Core, events: list[Event]) -> None:
        report = await core.import_file(evil)
        assert report.jobs == 1
        assert core.jobs()[0].output_path == ""

    async def later(core: Core, events: list[Event]) -> None:
        assert not target.exists()

    run(tmp_path / "a", leave)
    evil = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(evil, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("jobs/"):
                options = json.dumps({"output_path": str(target), "output_format": "markdown"})
                first, _, rest = data.partition(b"\n")
                job = json.loads(first)
                job["job"]["options"] = options
                data = json.dumps(job).encode() + b"\n" + rest
            new.writestr(name, data)
    run(tmp_path / "b", arrive)
    run(tmp_path / "b", later)


def test_a_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("rubato.json", '{"format": "rubato-everything", "version": 2}')

    async def story(core: Core, events: list[Event]) -> None:
        with pytest.raises(KnownError, match="newer Rubato"):
            await core.import_file(archive)

    run(tmp_path, story)


def test_a_place_that_can_not_be_written_says_so_and_leaves_no_part(tmp_path: Path) -> None:
    async def story(core: Core, events: list[Event]) -> None:
        with pytest.raises(KnownError, match="could not write"):
            await core.export_everything(tmp_path / "no such folder" / "all.zip")
        with pytest.raises(KnownError, match="Rubato's own"):
            await core.export_everything(core.paths.database)

    run(tmp_path, story)


def test_documents_that_were_sent_come_along_as_they_were_read(tmp_path: Path) -> None:
    archive, file = tmp_path / "all.zip", tmp_path / "long.txt"
    file.write_text(test_chat_documents.long_text(60))
    seen: list[object] = []

    def look(core: Core) -> list[object]:
        (chat,) = core.chats()
        messages = core.open_chat(chat.id).messages
        shown = [
            (
                [replace(one, can_summarize=False, fits=True) for one in message.attachments],
                message.passages,
            )  # its file is not here
            for message in messages
        ]
        return [shown, [core._attachments.store.given(message.id).text for message in messages[::2]]]  # type: ignore[union-attr]

    async def leave(core: Core, events: test_chat_documents.Heard) -> None:
        (id,) = await core.attach("new", [file])
        await test_chat_documents.read(core, events, "new")
        core.set_attachment_use(id, AttachmentUse.PASSAGES)
        await settle(core, await core.send(None, "What is usual between parties?", new_id="new"))
        seen[:] = look(core)
        await core.export_everything(archive)

    async def arrive(core: Core, events: test_chat_documents.Heard) -> None:
        await core.import_file(archive)
        assert look(core) == seen
        await core.import_file(archive)
        assert look(core) == seen
        (chat,) = core.chats()
        await core.send(chat.id, "And what else is of note?")
        await settle(core, chat.id)
        assert core.open_chat(chat.id).messages[-1].state is MessageState.COMPLETE
        core.delete_chat(chat.id)
        core.purge_chat(chat.id)
        assert core._database.read("SELECT count(*) FROM passages")[0][0] == 0

    for name, story in (("a", leave), ("b", arrive)):
        (tmp_path / name).mkdir()
        test_chat_documents.run(tmp_path / name, story)


def test_what_was_stored_before_the_damage_was_met_is_gone_too(tmp_path: Path) -> None:
    source = tmp_path / "export.zip"
    with zipfile.ZipFile(source, "w") as out:
        whole = [{**BEES, "conversation_id": f"c-{n}", "is_archived": False} for n in range(120)]
        out.writestr("conversations-000.json", json.dumps(whole))
        out.writestr("conversations-001.json", '[{"mapping": {')

    async def story(core: Core, events: list[Event]) -> None:
        with pytest.raises(KnownError, match="damaged"):
            await core.import_file(source)
        assert core.chats() == []
        assert core._database.read("SELECT count(*) FROM messages")[0][0] == 0

    run(tmp_path / "a", story)
