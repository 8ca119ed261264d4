"""Chats: what was asked is stored before it is generated. Runs on the core thread."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from app.core import thoughts
from app.core.attachments import AttachmentService
from app.core.chat_choice import ChatChoice, chosen
from app.core.chat_views import (
    NO_CHAT_OPTIONS,
    ChatOptions,
    ChatView,
    ContextUse,
    MessageState,
    MessageView,
    OpenChat,
    PersonaView,
    Role,
    SearchHit,
)
from app.core.context_meter import ContextMeter
from app.core.events import ChatChanged, ChatDeleted, Event, MessageAdded, MessageChanged, MessagesReplaced, ReplyEnded
from app.core.queued_turns import QueuedTurns
from app.core.reply_writer import BROKEN_OFF, Ending, ReplyWriter
from app.core.stored_chats import StoredChats, decoded, encoded
from app.core.titles import Titles
from app.core.turn_documents import TurnDocuments
from app.engine.interface import Engine
from app.engine.messages import GenerateRequest
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.settings import Settings
from app.store.chats import Chats, MessageRow
from app.store.library import Library, QueuedRow

log = topic("chat")

TITLE_LENGTH = 60


async def _no_other_model(path: str) -> None:
    """Whatever is loaded answers."""


class ChatService:
    """All chats. `publish` hands events to the face."""

    def __init__(
        self,
        store: Chats,
        library: Library,
        engine: Engine,
        settings: Callable[[], Settings],
        publish: Callable[[Event], None],
        *,
        persona: Callable[[str], PersonaView | None] = lambda id: None,
        load_model: Callable[[str], Awaitable[None]] = _no_other_model,
        ahead: Callable[[Path | None, GenerateRequest], None] | None = None,
        model_name: Callable[[], str] = lambda: "",
        attachments: AttachmentService | None = None,
        is_temporary: bool = False,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._store = store
        self._library = library
        self._engine = engine
        self._settings, self._persona = settings, persona
        self._is_temporary = is_temporary
        self._meter = ContextMeter(engine)
        self._attachments = attachments
        self._documents = TurnDocuments(attachments, engine) if attachments is not None else None
        self._publish = publish
        self._clock = clock
        self._new_id = new_id
        self._writer = ReplyWriter(
            store=store,
            engine=engine,
            choice=self._choice,
            load_model=load_model,
            ahead=ahead or (lambda _, request: engine.read_ahead(request)),
            model_name=model_name,
            is_temporary=is_temporary,
            publish=publish,
            ended=self._ended,
            documents=self._documents,
        )
        self._stored = StoredChats(store, library.draft, self._writer, self._documents, is_temporary=is_temporary)
        self.queued = QueuedTurns(library, self._send_queued, lambda id: self._writer.get(id) is not None, publish)

        self.titles = Titles(engine=engine, request=self._untitled, take=self._take_title)

    def recover(self) -> None:
        """At the start: replies that a kill or a quit broke off keep their text and can be continued."""
        count = self._store.replace_state(MessageState.WRITING.value, MessageState.INTERRUPTED.value, BROKEN_OFF)
        if count:
            log.info("%d replies were broken off", count)
        with self._purging():
            self._store.empty_bin()
        self.queued.recover()

    # looking

    def all(self, *, archived: bool = False) -> list[ChatView]:
        return [self._stored.chat_view(row) for row in self._store.all(archived=archived)]

    def has(self, chat_id: str) -> bool:
        return self._store.get(chat_id) is not None or self._store.is_in_bin(chat_id)

    def has_message(self, message_id: str) -> bool:
        return self._store.message(message_id) is not None

    async def context_use(self, chat_id: str, typed: str) -> ContextUse:
        """What of the context a next turn would take. `chat_id` may be of a chat to be made."""
        row = self._store.get(chat_id)
        choice = self._choice(chat_id, NO_CHAT_OPTIONS)
        branch = self._store.branch(row.leaf_id if row else None)
        given = self._documents.texts(chat_id) if self._documents is not None else {}
        return await self._meter.measure(
            choice.system_prompt,
            [thoughts.answer_of(message.text) for message in branch],
            [given[message.id] for message in branch if given.get(message.id)],
            typed,
            choice.max_reply_tokens,
        )

    def search(self, text: str, limit: int) -> list[SearchHit]:
        return [
            SearchHit(
                chat=self._stored.chat_view(self._stored.chat(hit.chat_id)),
                message_id=hit.message_id,
                snippet=hit.snippet,
                marks=hit.marks,
            )
            for hit in self._store.search(text, limit)
        ]

    def open(self, chat_id: str) -> OpenChat:
        row = self._stored.chat(chat_id)
        return OpenChat(chat=self._stored.chat_view(row), messages=self._stored.branch(row))

    def messages(self, chat_id: str) -> list[MessageView]:
        """All of them, whatever branch they are on, parents first."""
        return [self._stored.message_view(row) for row in self._store.messages(self._stored.chat(chat_id).id)]

    # asking

    async def send(
        self,
        chat_id: str | None,
        text: str,
        *,
        new_id: str | None = None,
        entered_seconds: float | None = None,
        persona_id: str = "",
        folder_id: str = "",
        options: ChatOptions | None = None,
    ) -> str:
        """Store the prompt, then have it answered; returns the chat's id at once. `new_id`: of a chat to be made."""
        arranged = {"persona_id": persona_id, "folder_id": folder_id, "options": encoded(options or NO_CHAT_OPTIONS)}
        text = _not_empty(text)
        row = self._stored.chat(chat_id) if chat_id else None
        id = row.id if row else new_id or self._new_id()
        if row is None and self._store.is_in_bin(id):
            raise KnownError(ErrorKind.BAD_REQUEST, f"The chat {id} is in the bin. Take it out, or ask in a new one.")
        prompt = self._new_message(id, row.leaf_id if row else None, Role.USER, text, MessageState.COMPLETE)
        self._refuse_while_answering(id)
        if self._attachments is not None:
            self._attachments.check_ready_to_send(id)
        with self._store.together():
            self._library.set_draft(chat_id or "", "")
            turn = self._store_turn(id, [prompt], new_title=None if row else title_of(text))
            if row is None:
                self._library.set_draft(id, "")
                self._store.change(id, **arranged)
            if self._attachments is not None:
                self._attachments.store.send(id, prompt.id)
        self._begin(turn, entered_seconds=entered_seconds)
        self._tell_attachments(id)
        return id

    def _send_queued(self, queued: QueuedRow) -> None:
        row = self._stored.chat(queued.chat_id)
        self._refuse_while_answering(row.id)
        prompt = self._new_message(row.id, row.leaf_id, Role.USER, _not_empty(queued.text), MessageState.COMPLETE)
        with self._store.together():
            turn = self._store_turn(row.id, [prompt])
            if self._attachments is not None:
                self._attachments.store.send_queued(queued.id, prompt.id)
            self._library.remove_queued(queued.id)
        self._begin(turn)

    async def queue_turn(self, chat_id: str, text: str) -> str:
        """Stored now, sent when the reply that is being written has ended."""
        id, row = self._new_id(), self._stored.chat(chat_id)
        if self._attachments is not None:
            self._attachments.check_ready_to_send(chat_id)
        with self._store.together():
            self.queued.store(id, row.id, _not_empty(text))
            if self._attachments is not None:
                self._attachments.store.queue(row.id, id)
        self._tell_attachments(row.id)
        self.queued.added(row.id)
        return id

    def read_ahead(self, chat_id: str, typed: str) -> None:
        """A turn is near: the chat was opened, or somebody types. `chat_id` may be of a chat to be made."""
        row = self._store.get(chat_id)
        self._writer.read_ahead(chat_id, row.leaf_id if row is not None else None, typed)

    async def regenerate(self, message_id: str, options: ChatOptions = NO_CHAT_OPTIONS) -> None:
        """Another version of a reply, beside the ones there are; `options` are for this one alone."""
        message = self._stored.message(message_id)
        self._refuse_while_answering(message.chat_id)
        turn = self._store_turn(message.chat_id, [], parent_id=message.parent_id)
        self._begin(turn, is_branch=True, options=options)

    async def edit(self, message_id: str, text: str) -> None:
        """Another version of a prompt, and a reply to it; of a reply, another version as it was changed by hand."""
        message = self._stored.message(message_id)
        if message.role == Role.ASSISTANT.value:
            self._refuse_while_answering(message.chat_id)
            changed = self._new_message(
                message.chat_id, message.parent_id, Role.ASSISTANT, _not_empty(text), MessageState.COMPLETE
            )
            self._store.add_turn(new_title=None, chat_id=message.chat_id, messages=[changed], now_seconds=self._clock())
            self.publish_chat(message.chat_id)
            self._publish_branch(message.chat_id)
            return
        prompt = self._new_message(
            message.chat_id, message.parent_id, Role.USER, _not_empty(text), MessageState.COMPLETE
        )
        self._refuse_while_answering(message.chat_id)
        with self._store.together():
            turn = self._store_turn(message.chat_id, [prompt])
            if self._attachments is not None:
                self._attachments.store.copy({message.id: prompt.id}, self._new_id, with_texts=False)
        self._begin(turn, is_branch=True)

    async def continue_reply(self, message_id: str) -> None:
        """Go on where a reply was stopped, cut or interrupted."""
        message = self._stored.message(message_id)
        self._refuse_while_answering(message.chat_id)
        self._writer.write_unwritten()
        message = self._stored.message(message_id)
        self._store.save_text(message.id, message.text, MessageState.WRITING.value)
        self._writer.start(message.chat_id, message.id, message.text, time.monotonic())
        self.publish_chat(message.chat_id)
        self._publish_branch(message.chat_id)

    def stop(self, chat_id: str) -> None:
        self._writer.stop(chat_id)

    async def wait(self, chat_id: str) -> None:
        """Until no reply is being written in this chat."""
        await self._writer.wait(chat_id)

    # arranging

    def choose_version(self, message_id: str, version: int) -> None:
        """Show version 1 ... n of a message, and the newest branch below it."""
        message = self._stored.message(message_id)
        self._refuse_while_answering(message.chat_id)
        versions = self._store.versions(message)
        chosen = versions[min(max(version, 1), len(versions)) - 1]
        self._store.set_leaf(message.chat_id, self._store.newest_leaf_below(chosen))
        self._publish_branch(message.chat_id)

    def rename(self, chat_id: str, title: str) -> None:
        self.change(chat_id, title=title.strip() or self._stored.chat(chat_id).title, title_by="person")

    def change(self, chat_id: str, **columns: object) -> None:
        """Set columns of its row."""
        self._store.change(self._stored.chat(chat_id).id, **columns)
        self.publish_chat(chat_id)

    def set_tags(self, chat_id: str, tags: Sequence[str]) -> None:
        """Without empty ones, each once."""
        stripped = dict.fromkeys(tag.strip() for tag in tags)
        self.change(chat_id, tags=json.dumps([tag for tag in stripped if tag], ensure_ascii=False))

    def set_options(self, chat_id: str, options: ChatOptions) -> None:
        self.change(chat_id, options=encoded(options))

    def save_draft(self, chat_id: str, text: str) -> None:
        """What was typed and not sent; empty: in the new chat."""
        self._library.set_draft(chat_id, text)

    def draft(self, chat_id: str) -> str:
        return self._library.draft(chat_id)

    def duplicate(self, chat_id: str) -> str:
        """With all versions; returns the new one's id."""
        self._refuse_while_answering(self._stored.chat(chat_id).id)
        copy_id = self._new_id()
        with self._store.together():
            copies = self._store.duplicate(chat_id, copy_id, self._new_id, self._clock())
            if self._attachments is not None:
                self._attachments.store.copy(copies, self._new_id, with_texts=True)
        self.publish_chat(copy_id)
        return copy_id

    def pin_message(self, message_id: str, is_pinned: bool) -> None:
        self._store.pin_message(self._stored.message(message_id).id, is_pinned)
        self._publish(MessageChanged(message=self._stored.message_view(self._stored.message(message_id))))

    def delete_message(self, message_id: str) -> None:
        """With what follows it, until the next start; `restore_message` brings it back."""
        message = self._stored.message(message_id)
        self._refuse_while_answering(message.chat_id)
        shown = [row.id for row in self._store.branch(self._stored.chat(message.chat_id).leaf_id)]
        with self._store.together():
            self._store.delete_message(message.id, self._clock())
            if message.id in shown:
                others = self._store.versions(message)
                leaf = self._store.newest_leaf_below(others[-1]) if others else message.parent_id
                self._store.set_leaf(message.chat_id, leaf)
        self._publish_branch(message.chat_id)

    def restore_message(self, message_id: str) -> None:
        message = self._store.message(message_id)
        if message is None or message.deleted_seconds is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This message can't be brought back any more.")
        parent = self._store.message(message.parent_id) if message.parent_id else None
        if parent is not None and parent.deleted_seconds is not None:
            raise KnownError(ErrorKind.BAD_REQUEST, "The message before it is deleted too. Bring that one back first.")
        self._refuse_while_answering(message.chat_id)
        with self._store.together():
            self._store.undelete_message(message)
            self._store.set_leaf(message.chat_id, self._store.newest_leaf_below(message.id))
        self._publish_branch(message.chat_id)

    def delete(self, chat_id: str) -> None:
        """Into the bin, which is emptied at the next start; `restore` takes it out again."""
        self.stop(chat_id)
        self._store.put_in_bin(chat_id, self._clock())
        self._engine.forget_chat(chat_id)
        self._publish(ChatDeleted(chat_id=chat_id))

    def restore(self, chat_id: str) -> None:
        self._store.take_out_of_bin(chat_id)
        self.publish_chat(chat_id)

    def purge(self, chat_id: str) -> None:
        """A chat in the bin is gone for good, and its words from the disk."""
        if self._store.is_in_bin(chat_id):
            with self._purging():
                self._store.empty_bin(chat_id)
            self._engine.forget_chat(chat_id)

    def _purging(self) -> AbstractContextManager[None]:
        return self._attachments.purging() if self._attachments is not None else contextlib.nullcontext()

    def _tell_attachments(self, chat_id: str) -> None:
        if self._attachments is not None and self._attachments.store.is_used(chat_id):
            self._attachments.tell(chat_id)

    async def close(self) -> None:
        """Save what is being written, as interrupted."""
        await self.titles.close()
        await self._writer.close()

    def _store_turn(
        self, chat_id: str, prompts: list[MessageRow], *, parent_id: str | None = None, new_title: str | None = None
    ) -> list[MessageRow]:
        """What is asked and an empty reply to it."""
        parent = prompts[-1].id if prompts else parent_id
        turn = [*prompts, self._new_message(chat_id, parent, Role.ASSISTANT, "", MessageState.WRITING)]
        self._store.add_turn(new_title=new_title, chat_id=chat_id, messages=turn, now_seconds=self._clock())
        return turn

    def _begin(
        self,
        turn: list[MessageRow],
        *,
        is_branch: bool = False,
        entered_seconds: float | None = None,
        options: ChatOptions = NO_CHAT_OPTIONS,
    ) -> None:
        """Have a turn answered that is in the store."""
        reply = turn[-1]
        entered = time.monotonic() if entered_seconds is None else entered_seconds
        self._writer.start(reply.chat_id, reply.id, "", entered, options)
        self.publish_chat(reply.chat_id)
        if is_branch:
            self._publish_branch(reply.chat_id)
        else:
            for message in turn:
                self._publish(MessageAdded(message=self._stored.message_view(message)))

    def _choice(self, chat_id: str, options: ChatOptions) -> ChatChoice:
        row = self._store.get(chat_id)
        if row is None:
            return chosen(self._settings(), None, options)
        return chosen(self._settings(), self._persona(row.persona_id), decoded(row.options), options)

    def _ended(self, ending: Ending) -> None:
        stored = self._store.message(ending.message_id)
        if stored is not None:
            view = self._stored.message_view(stored)
            self._publish(ReplyEnded(message=view))
        self.publish_chat(ending.chat_id)
        went_well = ending.state in (MessageState.COMPLETE, MessageState.CUT)
        if went_well and self._untitled(ending.chat_id) is not None:
            self.titles.want(ending.chat_id)
        self.queued.reply_ended(ending.chat_id, went_well=went_well)

    def _untitled(self, chat_id: str) -> GenerateRequest | None:
        """What a title is asked with; None: it wants none, has one, or is being answered."""
        row = self._store.get(chat_id)
        wants_one = self._settings().makes_titles and not self._is_temporary
        if not wants_one or row is None or row.title_by != "words" or self._writer.get(chat_id) is not None:
            return None
        return self._writer.request_of(chat_id, row.leaf_id)

    def _take_title(self, chat_id: str, title: str) -> None:
        """Empty: the first words stay."""
        if title:
            self.change(chat_id, title=title, title_by="model")
        else:
            self._store.change(chat_id, title_by="model")

    def _refuse_while_answering(self, chat_id: str) -> None:
        if self._writer.get(chat_id) is not None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This chat is being answered. Wait for the reply, or stop it.")

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

    def publish_chat(self, chat_id: str) -> None:
        row = self._store.get(chat_id)
        if row is not None:
            self._publish(ChatChanged(chat=self._stored.chat_view(row)))

    def grown(self, chat_id: str) -> None:
        """Messages were added to it by an import."""
        self._publish_branch(chat_id)

    def _publish_branch(self, chat_id: str) -> None:
        self._publish(MessagesReplaced(chat_id=chat_id, messages=self._stored.branch(self._stored.chat(chat_id))))


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
