"""Whatever is done to a chat: one branch is shown, versions agree, no orphans, search finds what is there."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.core.chat_views import MessageState, MessageView, Role
from app.core.chats import ChatService
from app.engine.fake import fake_engine
from app.engine.interface import ModelState
from app.engine.messages import EngineReported
from app.errors import KnownError
from app.settings import Settings
from app.store.chats import Chats
from app.store.database import Database
from app.store.library import Library


class Unheard:
    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None: ...
    def engine_crashed(self, running: frozenset[str], description: str) -> None: ...
    def chats_active(self, are_active: bool) -> None: ...
    def engine_reported(self, report: EngineReported) -> None: ...


class Tree(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.database = Database(Path(":memory:"), Path("nowhere"))
        self.numbers = itertools.count(1)
        self.deleted: list[tuple[str, str]] = []
        self.chat_ids: list[str] = []
        self.loop.run_until_complete(self._start())
        self.send("c0", is_new=True)

    async def _start(self) -> None:
        self.engine = fake_engine()
        self.chats = ChatService(
            Chats(self.database),
            Library(self.database),
            self.engine,
            Settings,
            lambda event: None,
            clock=lambda: float(next(self.numbers)),
            new_id=lambda: f"id{next(self.numbers):05}",
        )
        await self.engine.start(Unheard())
        await self.engine.load(Path("fake.gguf"))

    def teardown(self) -> None:
        self.loop.run_until_complete(self.chats.close())
        self.loop.run_until_complete(self.engine.close())
        self.loop.close()
        self.database.close()

    def text(self) -> str:
        return f"unique{next(self.numbers)} [[words 2]]"

    def send(self, chat_id: str, *, is_new: bool = False) -> None:
        async def ask() -> None:
            await self.chats.send(None if is_new else chat_id, self.text(), new_id=chat_id)
            await self.chats.wait(chat_id)

        self.loop.run_until_complete(ask())
        if is_new:
            self.chat_ids.append(chat_id)

    def pick(self, data: st.DataObject, role: Role | None = None) -> MessageView | None:
        chat_id = data.draw(st.sampled_from(self.chat_ids))
        shown = [message for message in self.chats.open(chat_id).messages if role in (None, message.role)]
        return data.draw(st.sampled_from(shown)) if shown else None

    @rule(data=st.data())
    def asks(self, data: st.DataObject) -> None:
        self.send(data.draw(st.sampled_from(self.chat_ids)))

    @rule(data=st.data(), role=st.sampled_from(Role))
    def branches(self, data: st.DataObject, role: Role) -> None:
        message = self.pick(data, role)
        if message is None:
            return

        async def branch(message: MessageView) -> None:
            if role is Role.USER:
                await self.chats.edit(message.id, self.text())
            else:
                await self.chats.regenerate(message.id)
            await self.chats.wait(message.chat_id)

        self.loop.run_until_complete(branch(message))

    @rule(data=st.data())
    def edits_a_reply(self, data: st.DataObject) -> None:
        if (message := self.pick(data, Role.ASSISTANT)) is not None:
            self.loop.run_until_complete(self.chats.edit(message.id, self.text()))

    @rule(data=st.data(), version=st.integers(1, 4))
    def chooses(self, data: st.DataObject, version: int) -> None:
        message = self.pick(data)
        if message is not None:
            self.chats.choose_version(message.id, version)

    @rule(data=st.data())
    def deletes(self, data: st.DataObject) -> None:
        message = self.pick(data)
        if message is not None:
            self.chats.delete_message(message.id)
            self.deleted.append((message.chat_id, message.id))
            assert message.id not in [shown.id for shown in self.chats.open(message.chat_id).messages]

    @precondition(lambda self: self.deleted)
    @rule(data=st.data())
    def restores(self, data: st.DataObject) -> None:
        chat_id, id = entry = data.draw(st.sampled_from(self.deleted))
        try:
            self.chats.restore_message(id)
        except KnownError:
            assert self.database.read(
                "SELECT 1 FROM messages JOIN messages AS parents ON messages.parent_id = parents.id"
                " WHERE messages.id = ? AND parents.deleted_seconds IS NOT NULL",
                id,
            )
            return
        self.deleted.remove(entry)
        assert id in [shown.id for shown in self.chats.open(chat_id).messages]

    @precondition(lambda self: len(self.chat_ids) < 3)
    @rule(data=st.data())
    def duplicates(self, data: st.DataObject) -> None:
        chat_id = data.draw(st.sampled_from(self.chat_ids))
        copy_id = self.chats.duplicate(chat_id)
        self.chat_ids.append(copy_id)
        there, copied = (self.chats.open(id).messages for id in (chat_id, copy_id))
        assert [(m.text, m.version, m.n_versions) for m in copied] == [(m.text, m.version, m.n_versions) for m in there]

    @invariant()
    def one_branch_is_shown_and_its_versions_agree(self) -> None:
        for chat_id in self.chat_ids:
            for message in self.chats.open(chat_id).messages:
                assert 1 <= message.version <= message.n_versions
                assert message.state is MessageState.COMPLETE

    @invariant()
    def nothing_hangs_in_the_air(self) -> None:
        assert not self.database.read(
            "SELECT 1 FROM messages JOIN messages AS parents ON messages.parent_id = parents.id"
            " WHERE messages.deleted_seconds IS NULL"
            " AND (parents.deleted_seconds IS NOT NULL OR parents.chat_id <> messages.chat_id)"
        )

    @invariant()
    def search_finds_what_is_there(self) -> None:
        rows = self.database.read("SELECT id FROM messages WHERE role = 'user' AND deleted_seconds IS NULL")
        found = {hit.message_id for hit in self.chats.search("unique", 1000) if hit.message_id}
        assert {row["id"] for row in rows} <= found
        gone = {row["id"] for row in self.database.read("SELECT id FROM messages WHERE deleted_seconds IS NOT NULL")}
        assert not found & gone


Tree.TestCase.settings = hypothesis_settings(max_examples=15, stateful_step_count=20, deadline=None)
TestTree = Tree.TestCase
