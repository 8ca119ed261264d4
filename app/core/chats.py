"""Chats: what was asked is stored before it is generated. Runs on the core thread."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable

from app.core.chat_views import ChatView, Figures, MessageState, MessageView, OpenChat, Role, SearchHit
from app.core.events import ChatChanged, ChatDeleted, Event, MessageAdded, MessagesReplaced, ReplyEnded
from app.core.reply_writer import BROKEN_OFF, Ending, ReplyWriter
from app.engine.interface import Engine
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.settings import Settings
from app.store.chats import ChatRow, Chats, MessageRow

log = topic("chat")

TITLE_LENGTH = 60


class ChatService:
    """All chats. `publish` hands events to the face."""

    def __init__(
        self,
        store: Chats,
        engine: Engine,
        settings: Callable[[], Settings],
        publish: Callable[[Event], None],
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._store = store
        self._engine = engine
        self._publish = publish
        self._clock = clock
        self._new_id = new_id
        self._writer = ReplyWriter(store=store, engine=engine, settings=settings, publish=publish, ended=self._ended)

    def recover(self) -> None:
        """At the start: replies that a kill or a quit broke off keep their text and can be continued."""
        count = self._store.replace_state(MessageState.WRITING.value, MessageState.INTERRUPTED.value, BROKEN_OFF)
        if count:
            log.info("%d replies were broken off", count)
        self._store.empty_bin()

    # looking

    def all(self) -> list[ChatView]:
        return [self._chat_view(row) for row in self._store.all()]

    def search(self, text: str, limit: int) -> list[SearchHit]:
        found = self._store.search(text)[:limit] if text.strip() else []
        return [SearchHit(chat=self._chat_view(row), message_id="", snippet=row.title) for row in found]

    def open(self, chat_id: str) -> OpenChat:
        row = self._chat(chat_id)
        return OpenChat(chat=self._chat_view(row), messages=self._branch(row))

    # asking

    async def send(
        self, chat_id: str | None, text: str, *, new_id: str | None = None, entered_seconds: float | None = None
    ) -> str:
        """Store the prompt, then have it answered; returns the chat's id at once. `new_id`: of a chat to be made."""
        text = _not_empty(text)
        row = self._chat(chat_id) if chat_id else None
        id = row.id if row else new_id or self._new_id()
        if row is None and self._store.is_in_bin(id):
            raise KnownError(ErrorKind.BAD_REQUEST, f"The chat {id} is in the bin. Take it out, or ask in a new one.")
        prompt = self._new_message(id, row.leaf_id if row else None, Role.USER, text, MessageState.COMPLETE)
        self._ask(id, [prompt], new_title=None if row else title_of(text), entered_seconds=entered_seconds)
        return id

    def read_ahead(self, chat_id: str, typed: str) -> None:
        """A turn is near: the chat was opened, or somebody types. `chat_id` may be of a chat to be made."""
        row = self._store.get(chat_id)
        self._writer.read_ahead(chat_id, row.leaf_id if row is not None else None, typed)

    async def regenerate(self, message_id: str) -> None:
        """Another version of a reply, beside the ones there are."""
        message = self._message(message_id)
        self._ask(message.chat_id, [], parent_id=message.parent_id, is_branch=True)

    async def edit(self, message_id: str, text: str) -> None:
        """Another version of a prompt, and a reply to it."""
        message = self._message(message_id)
        prompt = self._new_message(
            message.chat_id, message.parent_id, Role.USER, _not_empty(text), MessageState.COMPLETE
        )
        self._ask(message.chat_id, [prompt], is_branch=True)

    async def continue_reply(self, message_id: str) -> None:
        """Go on where a reply was stopped, cut or interrupted."""
        message = self._message(message_id)
        self._refuse_while_answering(message.chat_id)
        self._writer.write_unwritten()
        message = self._message(message_id)
        self._store.save_text(message.id, message.text, MessageState.WRITING.value)
        self._writer.start(message.chat_id, message.id, message.text, time.monotonic())
        self._publish_chat(message.chat_id)
        self._publish_branch(message.chat_id)

    def stop(self, chat_id: str) -> None:
        self._writer.stop(chat_id)

    async def wait(self, chat_id: str) -> None:
        """Until no reply is being written in this chat."""
        await self._writer.wait(chat_id)

    # arranging

    def choose_version(self, message_id: str, version: int) -> None:
        """Show version 1 ... n of a message, and the newest branch below it."""
        message = self._message(message_id)
        self._refuse_while_answering(message.chat_id)
        versions = self._store.versions(message)
        chosen = versions[min(max(version, 1), len(versions)) - 1]
        self._store.set_leaf(message.chat_id, self._store.newest_leaf_below(chosen))
        self._publish_branch(message.chat_id)

    def rename(self, chat_id: str, title: str) -> None:
        self._store.rename(chat_id, title.strip() or self._chat(chat_id).title)
        self._publish_chat(chat_id)

    def delete(self, chat_id: str) -> None:
        """Into the bin, which is emptied at the next start; `restore` takes it out again."""
        self.stop(chat_id)
        self._store.put_in_bin(chat_id, self._clock())
        self._engine.forget_chat(chat_id)
        self._publish(ChatDeleted(chat_id=chat_id))

    def restore(self, chat_id: str) -> None:
        self._store.take_out_of_bin(chat_id)
        self._publish_chat(chat_id)

    async def close(self) -> None:
        """Save what is being written, as interrupted."""
        await self._writer.close()

    def _ask(
        self,
        chat_id: str,
        prompts: list[MessageRow],
        *,
        parent_id: str | None = None,
        new_title: str | None = None,
        is_branch: bool = False,
        entered_seconds: float | None = None,
    ) -> None:
        self._refuse_while_answering(chat_id)
        entered = time.monotonic() if entered_seconds is None else entered_seconds
        parent = prompts[-1].id if prompts else parent_id
        reply = self._new_message(chat_id, parent, Role.ASSISTANT, "", MessageState.WRITING)
        messages = [*prompts, reply]
        self._store.add_turn(new_title=new_title, chat_id=chat_id, messages=messages, now_seconds=self._clock())
        self._writer.start(chat_id, reply.id, "", entered)
        self._publish_chat(chat_id)
        if is_branch:
            self._publish_branch(chat_id)
        else:
            for message in messages:
                self._publish(MessageAdded(message=self._message_view(message)))

    def _ended(self, ending: Ending) -> None:
        stored = self._store.message(ending.message_id)
        if stored is not None:
            view = self._message_view(stored)
            self._publish(ReplyEnded(message=view))
        self._publish_chat(ending.chat_id)

    def _refuse_while_answering(self, chat_id: str) -> None:
        if self._writer.get(chat_id) is not None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This chat is being answered. Wait for the reply, or stop it.")

    # rows and views

    def _new_message(
        self, chat_id: str, parent_id: str | None, role: Role, text: str, state: MessageState
    ) -> MessageRow:
        return MessageRow(
            id=self._new_id(),
            chat_id=chat_id,
            parent_id=parent_id,
            role=role.value,
            text=text,
            state=state.value,
            error="",
            figures=None,
            created_seconds=self._clock(),
        )

    def _chat(self, chat_id: str) -> ChatRow:
        row = self._store.get(chat_id)
        if row is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This chat is not there any more.")
        return row

    def _message(self, message_id: str) -> MessageRow:
        row = self._store.message(message_id)
        if row is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This message is not there any more.")
        return row

    def _chat_view(self, row: ChatRow) -> ChatView:
        is_answering = self._writer.get(row.id) is not None
        return ChatView(id=row.id, title=row.title, updated_seconds=row.updated_seconds, is_answering=is_answering)

    def _branch(self, row: ChatRow) -> tuple[MessageView, ...]:
        return tuple(self._message_view(message) for message in self._store.branch(row.leaf_id))

    def _message_view(self, row: MessageRow) -> MessageView:
        writing = self._writer.get(row.chat_id)
        is_writing = writing is not None and writing.message_id == row.id
        versions = self._store.versions(row)
        view = MessageView(
            id=row.id,
            chat_id=row.chat_id,
            role=Role(row.role),
            text=writing.text if writing is not None and is_writing else row.text,
            state=MessageState.WRITING if is_writing else MessageState(row.state),
            created_seconds=row.created_seconds,
            figures=Figures(**row.figures) if row.figures else None,
            error=row.error,
            version=versions.index(row.id) + 1 if row.id in versions else 1,
            n_versions=max(1, len(versions)),
        )
        return view if is_writing else self._as_ended(view)

    def _as_ended(self, view: MessageView) -> MessageView:
        """What was shown at the end of a reply, also while the disk has not taken it."""
        ending = self._writer.unwritten(view.id)
        if ending is None:
            return view
        return dataclasses.replace(
            view, text=ending.text, state=ending.state, error=ending.error, figures=ending.figures
        )

    def _publish_chat(self, chat_id: str) -> None:
        row = self._store.get(chat_id)
        if row is not None:
            self._publish(ChatChanged(chat=self._chat_view(row)))

    def _publish_branch(self, chat_id: str) -> None:
        self._publish(MessagesReplaced(chat_id=chat_id, messages=self._branch(self._chat(chat_id))))


def title_of(text: str) -> str:
    """A chat's title until it has a better one: the start of its first message."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH].rpartition(" ")[0]
    return f"{cut or line[:TITLE_LENGTH]}…"


def _not_empty(text: str) -> str:
    text = text.strip()
    if not text:
        raise KnownError(ErrorKind.BAD_REQUEST, "The message is empty. Write something first.")
    return text
