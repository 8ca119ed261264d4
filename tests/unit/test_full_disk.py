"""A reply that ends while the disk takes nothing: shown whole, worked on whole, written when there is room."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.core.chat_views import MessageState
from app.core.chats import ChatService
from app.core.events import Event, NoticeShown, ReplyEnded
from app.engine.fake import fake_engine
from app.engine.interface import ModelState
from app.engine.messages import EngineReported
from app.engine.process.fake_llama import reply_to
from app.settings import Settings
from app.store.chats import Chats
from app.store.database import Database
from app.store.library import Library

LONG = "Tell me everything. [[words 1000]]"


class Unheard:
    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None: ...
    def engine_crashed(self, running: frozenset[str], description: str) -> None: ...
    def chats_active(self, are_active: bool) -> None: ...
    def engine_reported(self, report: EngineReported) -> None: ...


def limit_pages(database: Database, n_pages: int) -> None:
    database.read(f"PRAGMA max_page_count = {n_pages}")


async def story(folder: Path) -> None:
    database = Database(folder / "rubato.sqlite3", folder / "backups")
    engine, events = fake_engine(), list[Event]()
    chats = ChatService(
        Chats(database), Library(database), engine, lambda: Settings(max_reply_tokens=8000), events.append
    )
    await engine.start(Unheard())
    await engine.load(Path("fake.gguf"))
    try:
        chat_id = await chats.send(None, LONG)
        limit_pages(database, database.read("PRAGMA page_count")[0][0])
        await asyncio.wait_for(chats.wait(chat_id), 60)
        assert any(isinstance(event, NoticeShown) and "disk is full" in event.sentence for event in events)
        (ended,) = [event.message for event in events if isinstance(event, ReplyEnded)]
        whole = (reply_to(LONG), MessageState.COMPLETE)
        assert len(whole[0]) > 4096, "more than what fits the pages there are"
        assert (ended.text, ended.state) == whole
        shown = chats.open(chat_id).messages[-1]
        assert (shown.text, shown.state, shown.figures) == (*whole, ended.figures)
        assert database.read("SELECT text FROM messages WHERE id = ?", ended.id)[0][0] != whole[0]

        limit_pages(database, 100_000)
        await chats.send(chat_id, "And then? [[words 3]]")
        await asyncio.wait_for(chats.wait(chat_id), 60)
        second = [event.message for event in events if isinstance(event, ReplyEnded)][-1]
        assert second.figures is not None
        assert second.figures.prompt_tokens > len(whole[0]), "the next turn has the whole reply before it"
        await chats.close()
        assert database.read("SELECT text, state FROM messages WHERE id = ?", ended.id)[0][:] == (whole[0], "complete")
    finally:
        await engine.close()
        database.close()


def test_a_reply_that_the_disk_did_not_take_is_kept_and_written_when_there_is_room(tmp_path: Path) -> None:
    asyncio.run(story(tmp_path))
