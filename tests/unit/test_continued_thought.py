"""A reply that was stopped while the model thought, and continued: one thought, between one pair of tags."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.core.chats import ChatService
from app.core.events import Event, ReplyGrew
from app.core.thoughts import CLOSE, OPEN, answer_of
from app.engine.fake import fake_engine
from app.settings import Settings
from app.store.chats import Chats
from app.store.database import Database
from app.store.library import Library
from tests.unit.test_full_disk import Unheard

THOUGHT = "Hm, so. " * 40


def test_a_continued_thought_is_one_thought(tmp_path: Path) -> None:
    async def story() -> None:
        database = Database(tmp_path / "rubato.sqlite3", tmp_path / "backups")
        engine, settings = fake_engine(), Settings(max_reply_tokens=120)
        grew = asyncio.Event()

        def hear(event: Event) -> None:
            if isinstance(event, ReplyGrew):
                grew.set()

        chats = ChatService(Chats(database), Library(database), engine, lambda: settings, hear)
        await engine.start(Unheard())
        await engine.load(Path("fake.gguf"))
        try:
            chat_id = await chats.send(None, f"[[say <think>{THOUGHT}</think>Hello.]]")
            await asyncio.wait_for(chats.wait(chat_id), 30)
            cut = chats.open(chat_id).messages[-1]
            assert cut.text.startswith(OPEN)
            assert CLOSE.strip() not in cut.text
            settings.max_reply_tokens = 2000
            await chats.continue_reply(cut.id)
            await asyncio.wait_for(chats.wait(chat_id), 30)
            whole = chats.open(chat_id).messages[-1].text
            assert whole.count("<think>") == whole.count("</think>") == 1
            assert answer_of(whole) == "Hello."
        finally:
            await chats.close()
            await engine.close()

    asyncio.run(story())
