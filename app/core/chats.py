"""Chats: what was asked is stored before it is generated, and a reply is saved as it grows. Runs on the core thread."""

from __future__ import annotations

import asyncio
import dataclasses
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from app.core.events import (
    ChatChanged,
    ChatDeleted,
    Event,
    MessageAdded,
    MessagesReplaced,
    NoticeShown,
    PromptProgressed,
    ReplyEnded,
    ReplyGrew,
)
from app.core.views import ChatView, Figures, MessageState, MessageView, OpenChat, Role
from app.engine.interface import Engine
from app.engine.messages import (
    FinishReason,
    GenerateRequest,
    Priority,
    PromptRead,
    RequestFailed,
    RequestFinished,
    Sampling,
    TextProduced,
    Turn,
)
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.settings import Settings
from app.store.chats import ChatRow, Chats, MessageRow

log = topic("chat")

SAVE_EVERY_SECONDS = 0.5  # a kill loses at most this much of a reply
TITLE_LENGTH = 60
_QUIT = "Rubato was closed before this reply was complete."


@dataclass
class _Writing:
    """A reply that is being generated."""

    chat_id: str
    message_id: str
    text: str
    entered_seconds: float  # monotonic
    task: asyncio.Task[None] | None = None
    first_text_seconds: float = 0.0
    is_saved: bool = True
    save_timer: asyncio.TimerHandle | None = None
    last_event: RequestFinished | RequestFailed | None = None


@dataclass(kw_only=True)
class ChatService:
    """All chats. `publish` hands events to the face."""

    store: Chats
    engine: Engine
    settings: Callable[[], Settings]
    publish: Callable[[Event], None]
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    _writing: dict[str, _Writing] = field(default_factory=dict)  # by chat

    def recover(self) -> None:
        """At the start: replies that a kill or a quit broke off keep their text and can be continued."""
        count = self.store.replace_state(MessageState.WRITING.value, MessageState.INTERRUPTED.value, _QUIT)
        if count:
            log.info("%d replies were broken off", count)
        self.store.empty_bin()

    # looking

    def all(self) -> list[ChatView]:
        return [self._chat_view(row) for row in self.store.all()]

    def search(self, text: str) -> list[ChatView]:
        return [self._chat_view(row) for row in self.store.search(text)] if text.strip() else self.all()

    def open(self, chat_id: str) -> OpenChat:
        row = self._chat(chat_id)
        return OpenChat(chat=self._chat_view(row), messages=self._branch(row))

    # asking

    async def send(
        self, chat_id: str | None, text: str, *, new_id: str | None = None, entered_seconds: float | None = None
    ) -> str:
        """Store the prompt, then have it answered; returns the chat's id at once. `new_id`: of a chat to be made."""
        text = text.strip()
        if not text:
            raise KnownError(ErrorKind.BAD_REQUEST, "The message is empty. Write something first.")
        row = self._chat(chat_id) if chat_id else None
        id = row.id if row else new_id or self.new_id()
        prompt = self._new_message(id, row.leaf_id if row else None, Role.USER, text, MessageState.COMPLETE)
        await self._ask(id, [prompt], new_title=None if row else title_of(text), entered_seconds=entered_seconds)
        return id

    async def regenerate(self, message_id: str) -> None:
        """Another version of a reply, beside the ones there are."""
        message = self._message(message_id)
        await self._ask(message.chat_id, [], parent_id=message.parent_id, is_branch=True)

    async def edit(self, message_id: str, text: str) -> None:
        """Another version of a prompt, and a reply to it."""
        message = self._message(message_id)
        prompt = self._new_message(message.chat_id, message.parent_id, Role.USER, text.strip(), MessageState.COMPLETE)
        await self._ask(message.chat_id, [prompt], is_branch=True)

    async def continue_reply(self, message_id: str) -> None:
        """Go on where a reply was stopped, cut or interrupted."""
        message = self._message(message_id)
        self._refuse_while_answering(message.chat_id)
        self.store.save_text(message.id, message.text, MessageState.WRITING.value)
        self._start(message.chat_id, message.id, message.text, self.monotonic())
        self._publish_branch(message.chat_id)

    def stop(self, chat_id: str) -> None:
        writing = self._writing.get(chat_id)
        if writing is not None:
            self.engine.cancel(writing.message_id)

    async def wait(self, chat_id: str) -> None:
        """Until no reply is being written in this chat."""
        writing = self._writing.get(chat_id)
        if writing is not None and writing.task is not None:
            await asyncio.wait({writing.task})

    # arranging

    def choose_version(self, message_id: str, version: int) -> None:
        """Show version 1 ... n of a message, and the newest branch below it."""
        message = self._message(message_id)
        self._refuse_while_answering(message.chat_id)
        versions = self.store.versions(message)
        chosen = versions[min(max(version, 1), len(versions)) - 1]
        self.store.set_leaf(message.chat_id, self.store.newest_leaf_below(chosen))
        self._publish_branch(message.chat_id)

    def rename(self, chat_id: str, title: str) -> None:
        self.store.rename(chat_id, title.strip() or self._chat(chat_id).title)
        self._publish_chat(chat_id)

    def delete(self, chat_id: str) -> None:
        """Into the bin, which is emptied at the next start; `restore` takes it out again."""
        self.stop(chat_id)
        self.store.put_in_bin(chat_id, self.clock())
        self.engine.forget_chat(chat_id)
        self.publish(ChatDeleted(chat_id=chat_id))

    def restore(self, chat_id: str) -> None:
        self.store.take_out_of_bin(chat_id)
        self._publish_chat(chat_id)

    async def close(self) -> None:
        """Save what is being written, as interrupted."""
        for writing in list(self._writing.values()):
            if writing.task is not None:
                writing.task.cancel()
                await asyncio.wait({writing.task})

    # one reply

    async def _ask(
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
        entered = self.monotonic() if entered_seconds is None else entered_seconds
        parent = prompts[-1].id if prompts else parent_id
        reply = self._new_message(chat_id, parent, Role.ASSISTANT, "", MessageState.WRITING)
        messages = [*prompts, reply]
        self.store.add_turn(new_title=new_title, chat_id=chat_id, messages=messages, now_seconds=self.clock())
        self._start(chat_id, reply.id, "", entered)
        self._publish_chat(chat_id)
        if is_branch:
            self._publish_branch(chat_id)
        else:
            for message in messages:
                self.publish(MessageAdded(message=self._message_view(message)))

    def _start(self, chat_id: str, message_id: str, text: str, entered: float) -> None:
        writing = _Writing(chat_id, message_id, text, entered)
        self._writing[chat_id] = writing
        writing.task = asyncio.create_task(self._write(writing), name=f"reply {message_id}")

    async def _write(self, writing: _Writing) -> None:
        id = writing.message_id
        try:
            request = self._request(writing)
            async for event in self.engine.generate(id, request):
                if isinstance(event, PromptRead):
                    self.publish(
                        PromptProgressed(
                            chat_id=writing.chat_id, message_id=id, n_read=event.n_read, n_total=event.n_total
                        )
                    )
                elif isinstance(event, TextProduced):
                    writing.first_text_seconds = writing.first_text_seconds or self.monotonic()
                    writing.text += event.text
                    self.publish(ReplyGrew(chat_id=writing.chat_id, message_id=id, text=event.text))
                    self._save_soon(writing)
                else:
                    writing.last_event = event
        except KnownError as error:
            writing.last_event = RequestFailed(id=id, kind=error.kind, sentence=error.sentence)
        except asyncio.CancelledError:
            writing.last_event = None  # the program is closing
        except Exception:
            log.exception("a reply failed")
            writing.last_event = RequestFailed(
                id=id, kind=ErrorKind.BUG, sentence="This reply failed for a reason that is in the log. Try again."
            )
        self._end(writing)

    def _request(self, writing: _Writing) -> GenerateRequest:
        settings = self.settings()
        *before, reply = self.store.branch(writing.message_id)
        turns = [Turn("system", settings.system_prompt)] if settings.system_prompt.strip() else []
        for message in before:
            if message.text:
                turns.append(Turn("user" if message.role == Role.USER.value else "assistant", message.text))
        return GenerateRequest(
            turns=tuple(turns),
            priority=Priority.INTERACTIVE,
            max_tokens=settings.max_reply_tokens,
            sampling=Sampling(temperature=settings.temperature),
            begun_reply=reply.text,
            cache_key=writing.chat_id,
        )

    def _save_soon(self, writing: _Writing) -> None:
        writing.is_saved = False
        if writing.save_timer is None:
            loop = asyncio.get_running_loop()
            writing.save_timer = loop.call_later(SAVE_EVERY_SECONDS, self._save, writing)

    def _save(self, writing: _Writing) -> None:
        writing.save_timer = None
        if not writing.is_saved:
            self._save_or_tell(
                lambda: self.store.save_text(writing.message_id, writing.text, MessageState.WRITING.value)
            )
            writing.is_saved = True

    def _end(self, writing: _Writing) -> None:
        if writing.save_timer is not None:
            writing.save_timer.cancel()
        del self._writing[writing.chat_id]
        state, error = _last_word(writing.last_event)
        figures = self._figures(writing)
        self._save_or_tell(
            lambda: self.store.finish_message(
                writing.message_id,
                text=writing.text,
                state=state.value,
                error=error,
                figures=None if figures is None else dataclasses.asdict(figures),
            )
        )
        stored = self.store.message(writing.message_id)
        if stored is not None:
            view = dataclasses.replace(
                self._message_view(stored), text=writing.text, state=state, error=error, figures=figures
            )
            self.publish(ReplyEnded(message=view))
        self._publish_chat(writing.chat_id)

    def _figures(self, writing: _Writing) -> Figures | None:
        event = writing.last_event
        if not isinstance(event, RequestFinished) or not writing.first_text_seconds:
            return None
        usage = event.usage
        return Figures(
            ttft_seconds=writing.first_text_seconds - writing.entered_seconds,
            tokens_per_second=event.timings.output_rate(usage.output_tokens),
            output_tokens=usage.output_tokens,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
        )

    def _save_or_tell(self, save: Callable[[], None]) -> None:
        try:
            save()
        except KnownError as error:
            self.publish(NoticeShown(sentence=error.sentence, is_error=True))

    # rows and views

    def _refuse_while_answering(self, chat_id: str) -> None:
        if chat_id in self._writing:
            raise KnownError(ErrorKind.BAD_REQUEST, "This chat is being answered. Wait for the reply, or stop it.")

    def _new_message(
        self, chat_id: str, parent_id: str | None, role: Role, text: str, state: MessageState
    ) -> MessageRow:
        return MessageRow(
            id=self.new_id(),
            chat_id=chat_id,
            parent_id=parent_id,
            role=role.value,
            text=text,
            state=state.value,
            error="",
            figures=None,
            created_seconds=self.clock(),
        )

    def _chat(self, chat_id: str) -> ChatRow:
        row = self.store.get(chat_id)
        if row is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This chat is not there any more.")
        return row

    def _message(self, message_id: str) -> MessageRow:
        row = self.store.message(message_id)
        if row is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This message is not there any more.")
        return row

    def _chat_view(self, row: ChatRow) -> ChatView:
        return ChatView(
            id=row.id, title=row.title, updated_seconds=row.updated_seconds, is_answering=row.id in self._writing
        )

    def _branch(self, row: ChatRow) -> tuple[MessageView, ...]:
        return tuple(self._message_view(message) for message in self.store.branch(row.leaf_id))

    def _message_view(self, row: MessageRow) -> MessageView:
        writing = self._writing.get(row.chat_id)
        is_writing = writing is not None and writing.message_id == row.id
        versions = self.store.versions(row)
        return MessageView(
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

    def _publish_chat(self, chat_id: str) -> None:
        row = self.store.get(chat_id)
        if row is not None:
            self.publish(ChatChanged(chat=self._chat_view(row)))

    def _publish_branch(self, chat_id: str) -> None:
        self.publish(MessagesReplaced(chat_id=chat_id, messages=self._branch(self._chat(chat_id))))


def title_of(text: str) -> str:
    """A chat's title until it has a better one: the start of its first message."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH].rpartition(" ")[0]
    return f"{cut or line[:TITLE_LENGTH]}…"


def _last_word(event: RequestFinished | RequestFailed | None) -> tuple[MessageState, str]:
    if event is None:
        return MessageState.INTERRUPTED, _QUIT
    if isinstance(event, RequestFailed):
        crashed = event.kind is ErrorKind.ENGINE_CRASHED
        return (MessageState.INTERRUPTED if crashed else MessageState.FAILED), event.sentence
    states = {FinishReason.CANCELLED: MessageState.STOPPED, FinishReason.LENGTH: MessageState.CUT}
    return states.get(event.reason, MessageState.COMPLETE), ""
