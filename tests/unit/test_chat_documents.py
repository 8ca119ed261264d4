"""Documents in chats, over the fake engine: what is given, what waits, what stays, what is gone when it is purged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app.core.chat_export import ExportFormat
from app.core.chat_views import AttachmentState, AttachmentUse, AttachmentView, MessageState
from app.core.core import Core
from app.core.events import AttachmentsChanged, Event, ReplyWaits
from app.engine.fake import fake_engine
from app.errors import KnownError
from app.paths import profile_paths
from app.settings import Settings
from tests.ingest.pdf_writer import Page, pdf

Story = Callable[[Core, "Heard"], Awaitable[None]]


def run(folder: Path, story: Story, *, closes: bool = True) -> None:
    """`closes` False: the program is killed at the end of the story."""

    async def play() -> None:
        events = Heard()
        model = folder / "fake.gguf"
        model.touch()
        core = Core(profile_paths(folder / "profile"), fake_engine(), events.append, settings=Settings(), model=model)
        await core.start()
        try:
            await asyncio.wait_for(story(core, events), 60)
        finally:
            if closes:
                await core.close()
            else:
                await core._engine.close()
                await end_readers()

    asyncio.run(play())


async def end_readers() -> None:
    """They end in the middle, as in a kill. Not by the end of asyncio.run: that also cancels what connects the pipes
    of a process that is just being started, and then waits for it for ever (Python 3.11)."""
    readers = [task for task in asyncio.all_tasks() if task.get_name().startswith("read document")]
    for task in readers:
        task.cancel()
    await asyncio.gather(*readers, return_exceptions=True)


class Heard(list[Event]):
    """Events as they come; `until` looks again with each."""

    def __init__(self) -> None:
        super().__init__()
        self.came = asyncio.Event()

    def append(self, event: Event) -> None:
        super().append(event)
        self.came.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            self.came.clear()
            await self.came.wait()


async def read(core: Core, events: Heard, chat_id: str) -> list[AttachmentView]:
    await events.until(lambda: all(view.state is not AttachmentState.READING for view in core.attachments(chat_id)))
    return core.attachments(chat_id)


def long_text(n_paragraphs: int = 200) -> str:
    filler = "The parties agree on what is usual between parties who agree, and on nothing else of any note. " * 8
    return "\n\n".join(
        f"{filler} The quokka eats {n} leaves." if n == 120 else f"{n}: {filler}" for n in range(n_paragraphs)
    )


async def settle(core: Core, chat_id: str) -> None:
    while next(chat for chat in core.chats() if chat.id == chat_id).is_answering:
        await core.wait_for_reply(chat_id)


def given(core: Core, message_id: str) -> str:
    row = core._attachments.store.given(message_id) or core._temporary_attachments.store.given(message_id)
    return row.text if row is not None else ""


def test_a_document_that_fits_goes_in_whole_and_stays_in_the_conversation(tmp_path: Path) -> None:
    file = tmp_path / "lease.txt"
    file.write_text("The rent is due on the first.\n\nThe notice period is three months.")

    async def story(core: Core, events: Heard) -> None:
        (id,) = await core.attach("new", [file])
        assert await core.attach("new", [file]) == [id]  # it is there already
        (view,) = await read(core, events, "new")
        assert (view.id, view.name, view.use, view.fits, view.error) == (
            id,
            "lease.txt",
            AttachmentUse.WHOLE,
            True,
            "",
        )
        assert view.n_tokens > 10
        assert (await core.context_use("new")).documents > view.n_tokens
        file.unlink()  # the copy is what counts
        chat = await core.send(None, "When is the rent due?", new_id="new")
        await settle(core, chat)
        prompt, reply = core.open_chat(chat).messages
        assert [one.name for one in prompt.attachments] == ["lease.txt"]
        assert given(core, prompt.id).endswith("The notice period is three months.\n</document>")
        assert reply.state is MessageState.COMPLETE
        assert reply.figures is not None
        assert reply.figures.prompt_tokens > view.n_tokens
        assert core.attachments(chat) == []
        assert (await core.context_use(chat)).documents >= view.n_tokens
        await core.send(chat, "And the notice?")
        await settle(core, chat)
        follow_up = core.open_chat(chat).messages[-1]
        assert follow_up.figures is not None
        assert follow_up.figures.cached_tokens > view.n_tokens  # it was not read again
        assert follow_up.passages == ()

    run(tmp_path, story)


def test_while_only_some_passages_have_their_meaning_they_do_not_come_before_the_right_one(tmp_path: Path) -> None:
    file = tmp_path / "contract.txt"
    file.write_text(long_text())

    async def story(core: Core, events: Heard) -> None:
        await core.attach("new", [file])
        await read(core, events, "new")
        store = core._attachments.store
        (document,) = {row.document.id for row in store.waiting("new")}
        _, second, *rest = [one.id for one in store.passages(document)]
        while len(store.vectors([document], "Fake")) < len(rest):
            await core.count_tokens(["The engine is asked again for as long as it embeds."])
        store.save_vectors("another model", dict.fromkeys(rest, b""))
        assert list(store.vectors([document], "Fake"))[-1] == second
        chat = await core.send(None, "How many leaves does the quokka eat?", new_id="new")
        await settle(core, chat)
        assert any("quokka eats 120" in one.text for one in core.open_chat(chat).messages[1].passages)

    run(tmp_path, story)


def test_one_that_does_not_fit_is_searched_and_its_passages_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "contract.txt"
    file.write_text(long_text())

    async def story(core: Core, events: Heard) -> None:
        await core.attach("new", [file])
        (view,) = await read(core, events, "new")
        assert (view.use, view.fits) == (AttachmentUse.PASSAGES, False)
        chat = await core.send(None, "How many leaves does the quokka eat?", new_id="new")
        await settle(core, chat)
        prompt, reply = core.open_chat(chat).messages
        assert any("quokka eats 120" in one.text for one in reply.passages)
        assert all(one.name == "contract.txt" and one.place.startswith("part ") for one in reply.passages)
        assert "quokka eats 120" in given(core, prompt.id)
        assert reply.figures is not None
        assert reply.figures.prompt_tokens < view.n_tokens
        forms: tuple[ExportFormat, ...] = ("markdown", "html", "json")
        for form in forms:
            await core.export_chat(chat, tmp_path / form, form)
            assert "contract.txt" in (tmp_path / form).read_text(encoding="utf-8")
        await core.regenerate(reply.id)
        await settle(core, chat)
        again = core.open_chat(chat).messages[1]
        assert again.passages == reply.passages
        await core.send(chat, "And what does the quokka agree on?")
        await settle(core, chat)
        second = core.open_chat(chat).messages[-1]
        assert not {one.text for one in second.passages} & {one.text for one in reply.passages}
        await core.edit(prompt.id, "What of 7: ?")
        await settle(core, chat)
        edited, other = core.open_chat(chat).messages
        assert [one.name for one in edited.attachments] == ["contract.txt"]
        assert other.passages != reply.passages

    run(tmp_path, story)


def test_passages_of_a_pdf_have_their_pages(tmp_path: Path) -> None:
    pages = [
        Page().paragraph(*[f"Line {n} of {topic} in the lease of the house." for n in range(18)], top=700)
        for topic in ("rent", "garden", "cellar", "attic")
    ]
    (tmp_path / "lease.pdf").write_bytes(pdf(*pages))

    async def story(core: Core, events: Heard) -> None:
        (id,) = await core.attach("new", [tmp_path / "lease.pdf"])
        (view,) = await read(core, events, "new")
        assert (view.n_pages, view.use) == (4, AttachmentUse.WHOLE)
        core.set_attachment_use(id, AttachmentUse.PASSAGES)
        chat = await core.send(None, "What of the cellar?", new_id="new")
        await settle(core, chat)
        passages = core.open_chat(chat).messages[1].passages
        assert any("cellar" in one.text and "3" in one.place for one in passages)
        assert all("page" in one.place for one in passages)

    run(tmp_path, story)


def test_whole_is_refused_before_anything_is_sent_where_it_can_never_fit(tmp_path: Path) -> None:
    async def story(core: Core, events: Heard) -> None:
        id = await core.attach_text("new", "Pasted text", long_text())
        assert (await read(core, events, "new"))[0].use is AttachmentUse.PASSAGES
        core.set_attachment_use(id, AttachmentUse.WHOLE)
        await events.until(lambda: not core.attachments("new")[0].fits)
        with pytest.raises(KnownError, match="Choose passages"):
            await core.send(None, "What does it say?", new_id="new")
        assert core.chats() == []
        assert len(core.attachments("new")) == 1

    run(tmp_path, story)


def test_bad_files_say_why_on_their_chip_and_are_not_sent(tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").touch()
    (tmp_path / "locked.pdf").write_bytes(pdf(Page().put("secret", x=50, y=700), encrypted=True))
    (tmp_path / "noise.xyz").write_bytes(bytes(range(256)) * 40)

    async def story(core: Core, events: Heard) -> None:
        await core.attach("new", [tmp_path / name for name in ("empty.pdf", "noise.xyz", "missing.txt", "locked.pdf")])
        views = await read(core, events, "new")
        assert [view.state for view in views] == [AttachmentState.FAILED] * 4
        for part, view in zip(("empty", "kind", "not there", "password"), views, strict=True):
            assert part in view.error
        with pytest.raises(KnownError, match="Take it away"):
            await core.send(None, "Well?", new_id="new")
        for view in views:
            core.detach(view.id)
        assert core.attachments("new") == []
        many = tmp_path / "many"
        many.mkdir()
        for n in range(60):
            (many / f"{n}.txt").write_text("x")
        with pytest.raises(KnownError, match="50 documents"):
            await core.attach("new", [many])
        with pytest.raises(KnownError, match="empty"):
            await core.attach_text("new", "Pasted text", "  \n ")

    run(tmp_path, story)


def test_a_draft_keeps_its_documents_over_a_kill_and_reads_on(tmp_path: Path) -> None:
    file = tmp_path / "lease.txt"
    file.write_text("The rent is due on the first.")

    async def first(core: Core, events: Heard) -> None:
        await core.attach("first", [file])  # killed before it was read

    async def second(core: Core, events: Heard) -> None:
        (view,) = core.adopt_attachments("second")
        assert view.chat_id == "second"
        (view,) = await read(core, events, "second")
        assert (view.state, view.name) == (AttachmentState.READY, "lease.txt")
        await core.send(None, "When?", new_id="second")
        await settle(core, "second")
        assert "due on the first" in given(core, core.open_chat("second").messages[0].id)

    run(tmp_path, first, closes=False)
    run(tmp_path, second)


def test_a_turn_waits_for_its_summary_and_stop_ends_the_wait(tmp_path: Path) -> None:
    file = tmp_path / "contract.txt"
    file.write_text(long_text(20))

    async def story(core: Core, events: Heard) -> None:
        (id,) = await core.attach("new", [file])
        await read(core, events, "new")
        core.set_attachment_use(id, AttachmentUse.SUMMARY)
        await events.until(lambda: bool(core.attachments("new")[0].job_id))
        job_id = core.attachments("new")[0].job_id
        core.pause_job(job_id)
        chat = await core.send(None, "What is it about?", new_id="new")
        await events.until(lambda: any(isinstance(event, ReplyWaits) for event in events))
        waits = next(event for event in events if isinstance(event, ReplyWaits))
        assert "summary of “contract.txt”" in waits.sentence
        assert waits.attachment_id == id
        core.stop(chat)
        await settle(core, chat)
        stopped = core.open_chat(chat).messages[1]
        assert (stopped.state, stopped.text) == (MessageState.STOPPED, "")
        await core.regenerate(stopped.id)
        core.resume_job(job_id)
        await core.wait_for_job(job_id)
        await settle(core, chat)
        prompt, reply = core.open_chat(chat).messages
        assert reply.state is MessageState.COMPLETE
        assert given(core, prompt.id).startswith('<summary name="contract.txt">')

    run(tmp_path, story)


def test_passages_may_be_used_instead_while_a_turn_waits(tmp_path: Path) -> None:
    async def story(core: Core, events: Heard) -> None:
        id = await core.attach_text("new", "Pasted text", long_text(20))
        await read(core, events, "new")
        core.set_attachment_use(id, AttachmentUse.SUMMARY)
        await events.until(lambda: bool(core.attachments("new")[0].job_id))
        job_id = core.attachments("new")[0].job_id
        core.pause_job(job_id)
        chat = await core.send(None, "What do the parties agree on?", new_id="new")
        await events.until(lambda: any(isinstance(event, ReplyWaits) for event in events))
        core.set_attachment_use(id, AttachmentUse.PASSAGES)
        await settle(core, chat)
        assert core.open_chat(chat).messages[1].passages
        assert all(job.id != job_id for job in core.jobs())
        with pytest.raises(KnownError, match="read this document already"):
            core.set_attachment_use(id, AttachmentUse.WHOLE)

    run(tmp_path, story)


def test_documents_go_with_a_turn_that_waits_for_a_reply(tmp_path: Path) -> None:
    async def story(core: Core, events: Heard) -> None:
        go_on = tmp_path / "go on"
        chat = await core.send(None, f"[[until {go_on}]]")
        await core.attach_text(chat, "Pasted text", "The rent is due on the first.")
        await core.queue_turn(chat, "When is it due?")
        assert core.attachments(chat) == []
        go_on.touch()
        await events.until(lambda: not core.queued_turns(chat))
        await settle(core, chat)
        assert "due on the first" in given(core, core.open_chat(chat).messages[2].id)

    run(tmp_path, story)


def test_documents_go_with_everything_to_another_machine(tmp_path: Path) -> None:
    archive = tmp_path / "everything.zip"
    before: list[tuple[object, ...]] = []

    def seen(core: Core, chat_id: str) -> tuple[object, ...]:
        prompt, reply = core.open_chat(chat_id).messages[:2]
        passages = [(one.name, one.place, one.text) for one in reply.passages]
        return [(one.name, one.use) for one in prompt.attachments], given(core, prompt.id), passages

    async def leave(core: Core, events: Heard) -> None:
        await core.attach_text("new", "Pasted text", long_text())
        await core.attach_text("new", "Lease", "The rent is due on the first.")
        await read(core, events, "new")
        chat = await core.send(None, "What does the quokka eat?", new_id="new")
        await settle(core, chat)
        before.append(seen(core, chat))
        await core.export_everything(archive)

    async def arrive(core: Core, events: Heard) -> None:
        for _ in range(2):
            await core.import_file(archive)
            assert seen(core, "new") == before[0]
        await core.send("new", "And what of 7?")
        await settle(core, "new")
        assert core.open_chat("new").messages[-1].passages

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    run(tmp_path / "a", leave)
    run(tmp_path / "b", arrive)


def test_purging_a_chat_leaves_no_byte_of_its_documents(tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("The zeppelin lands at noon.\n\n" + long_text(10))

    async def story(core: Core, events: Heard) -> None:
        (id,) = await core.attach("new", [file])
        await read(core, events, "new")
        core.set_attachment_use(id, AttachmentUse.SUMMARY)
        await events.until(lambda: bool(core.attachments("new")[0].job_id))
        chat = await core.send(None, "When?", new_id="new")
        await settle(core, chat)
        copy = core.duplicate_chat(chat)
        assert [one.name for one in core.open_chat(copy).messages[0].attachments] == ["secret.txt"]
        assert given(core, core.open_chat(copy).messages[0].id)
        core.delete_chat(chat)
        core.purge_chat(chat)
        assert list((tmp_path / "profile" / "attachments").rglob("secret.txt"))  # the copy has it
        core.delete_chat(copy)
        core.purge_chat(copy)
        assert core.jobs() == []

    run(tmp_path, story)
    files = [one for one in (tmp_path / "profile").rglob("*") if one.is_file()]
    content = b"".join(one.read_bytes() for one in files).lower()
    assert b"zeppelin" not in content
    assert b"quokka" not in content


def test_documents_of_a_temporary_chat_are_in_memory_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("The zeppelin lands at noon.")

    async def story(core: Core, events: Heard) -> None:
        (id,) = await core.attach("new", [file], is_temporary=True)
        await core.attach_text("new", "Pasted text", "A marzipan potato.", is_temporary=True)
        await read(core, events, "new")
        with pytest.raises(KnownError, match="temporary chat"):
            core.set_attachment_use(id, AttachmentUse.SUMMARY)
        assert (await core.context_use("new")).documents > 0
        chat = await core.send(None, "When?", new_id="new", is_temporary=True)
        await settle(core, chat)
        assert "zeppelin" in given(core, core.open_chat(chat).messages[0].id)
        assert [event for event in events if isinstance(event, AttachmentsChanged)][-1].attachments == ()

    run(tmp_path, story)
    files = [one for one in (tmp_path / "profile").rglob("*") if one.is_file()]
    content = b"".join(one.read_bytes() for one in files).lower()
    assert b"zeppelin" not in content
    assert b"marzipan" not in content
