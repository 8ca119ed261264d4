"""One reply at a time a chat: streamed from the engine, saved as it grows, ended with one last word.

Runs on the core thread. Promises: the text on the disk is never more than SAVE_EVERY_SECONDS behind what was shown;
every reply ends in a state that says how, with a sentence where something went wrong.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from app.core import thoughts
from app.core.chat_choice import ChatChoice
from app.core.chat_views import NO_CHAT_OPTIONS, ChatOptions, Figures, MessageState, Role
from app.core.document_turn import joined
from app.core.events import Event, NoticeShown, PromptProgressed, ReplyGrew, ReplyWaits
from app.core.full_disk import AGAIN_SECONDS
from app.core.turn_documents import TurnDocuments
from app.engine.interface import Engine
from app.engine.messages import (
    FinishReason,
    GenerateRequest,
    LastWord,
    Priority,
    PromptRead,
    RequestFailed,
    RequestFinished,
    TextProduced,
    Turn,
)
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.store.chats import Chats, MessageRow

log = topic("chat")

SAVE_EVERY_SECONDS = 0.5
BROKEN_OFF = "Rubato was closed before this reply was complete."


@dataclass
class Writing:
    """A reply that is being generated. Seconds are monotonic; 0.0: has not happened."""

    chat_id: str
    message_id: str
    text: str
    entered_seconds: float
    task: asyncio.Task[None] | None = None
    preparing: asyncio.Task[None] | None = None  # its turn's documents
    first_text_seconds: float = 0.0
    is_thinking: bool = False
    options: ChatOptions = NO_CHAT_OPTIONS
    model_name: str = ""
    thinking_since_seconds: float = 0.0
    thinking_seconds: float = 0.0
    is_saved: bool = True
    is_stopped: bool = False
    save_timer: asyncio.TimerHandle | None = None
    last_event: LastWord | None = None


@dataclass(frozen=True, kw_only=True)
class Ending:
    """The last word on a reply."""

    chat_id: str
    message_id: str
    text: str
    state: MessageState
    error: str
    figures: Figures | None
    model_name: str
    thinking_seconds: float


@dataclass(kw_only=True)
class ReplyWriter:
    """`ended` is called once a reply, after it was saved."""

    store: Chats
    engine: Engine
    choice: Callable[[str, ChatOptions], ChatChoice]  # for a chat, and the options of one reply
    load_model: Callable[[str], Awaitable[None]]  # a path; empty: the one that is loaded will do
    ahead: Callable[[Path | None, GenerateRequest], None]  # has a prompt read by this model, or the one that is loaded
    model_name: Callable[[], str]
    is_temporary: bool
    publish: Callable[[Event], None]
    ended: Callable[[Ending], None]
    documents: TurnDocuments | None = None
    monotonic: Callable[[], float] = time.monotonic
    _writing: dict[str, Writing] = field(default_factory=dict)  # by chat
    _unwritten: dict[str, Ending] = field(default_factory=dict)  # by message
    _again: asyncio.TimerHandle | None = None

    def get(self, chat_id: str) -> Writing | None:
        """The reply that is being written in a chat."""
        return self._writing.get(chat_id)

    def start(
        self, chat_id: str, message_id: str, text: str, entered_seconds: float, options: ChatOptions = NO_CHAT_OPTIONS
    ) -> None:
        """Write the reply `message_id`, which is in the store; `text` is what it has already."""
        writing = self._writing[chat_id] = Writing(chat_id, message_id, text, entered_seconds, options=options)
        writing.is_thinking = thoughts.is_open(text)
        writing.task = asyncio.create_task(self._write(writing), name=f"reply {message_id}")

    def stop(self, chat_id: str) -> None:
        writing = self._writing.get(chat_id)
        if writing is not None:
            writing.is_stopped = True  # also where the engine has not been asked yet
            if writing.preparing is not None:
                writing.preparing.cancel()
            self.engine.cancel(writing.message_id)

    async def wait(self, chat_id: str) -> None:
        """Until no reply is being written in this chat."""
        writing = self._writing.get(chat_id)
        if writing is not None and writing.task is not None:
            await asyncio.wait({writing.task})

    async def close(self) -> None:
        """End all, saved as interrupted."""
        tasks = [writing.task for writing in self._writing.values() if writing.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self.write_unwritten()
        if self._again is not None:
            self._again.cancel()

    async def _write(self, writing: Writing) -> None:
        id = writing.message_id
        try:
            await self.load_model(self.choice(writing.chat_id, writing.options).model)
            if not writing.is_stopped:
                await self._prepare(writing)
            if writing.is_stopped:
                return
            writing.model_name = self.model_name()
            async for event in self.engine.generate(id, self._request(writing)):
                if isinstance(event, PromptRead):
                    progress = PromptProgressed(
                        chat_id=writing.chat_id, message_id=id, n_read=event.n_read, n_total=event.n_total
                    )
                    self.publish(progress)
                elif isinstance(event, TextProduced):
                    self._count_thinking(writing, event.is_thinking)
                    text = thoughts.turn_of(event.is_thinking, writing.is_thinking) + event.text
                    writing.is_thinking = event.is_thinking
                    writing.text += text
                    self.publish(ReplyGrew(chat_id=writing.chat_id, message_id=id, text=text))
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
        finally:
            self._end(writing)

    async def _prepare(self, writing: Writing) -> None:
        """Have the turn its documents; to stop the reply ends the wait. Raises KnownError."""
        documents = self.documents
        if documents is None or not documents.is_used(writing.chat_id):
            return

        def say(sentence: str, attachment_id: str) -> None:
            chat_id, id = writing.chat_id, writing.message_id
            waits = ReplyWaits(chat_id=chat_id, message_id=id, sentence=sentence, attachment_id=attachment_id)
            self.publish(waits)

        *before, _ = self.store.branch(writing.message_id)
        writing.preparing = asyncio.create_task(documents.prepare(before, say))
        try:
            await asyncio.wait({writing.preparing})
        finally:
            writing.preparing.cancel()
        if not writing.preparing.cancelled():
            writing.preparing.result()

    def _count_thinking(self, writing: Writing, is_thinking: bool) -> None:
        now = self.monotonic()
        writing.first_text_seconds = writing.first_text_seconds or now
        if is_thinking:
            writing.thinking_since_seconds = writing.thinking_since_seconds or now
            writing.thinking_seconds = now - writing.thinking_since_seconds
        elif writing.is_thinking and writing.thinking_since_seconds:
            writing.thinking_seconds = now - writing.thinking_since_seconds

    def _request(self, writing: Writing) -> GenerateRequest:
        *before, reply = self.store.branch(writing.message_id)
        choice = self.choice(writing.chat_id, writing.options)
        return self._request_for(writing.chat_id, choice, before, begun_reply=reply.text)

    def read_ahead(self, chat_id: str, leaf_id: str | None, typed: str) -> None:
        """Have the engine read what a next turn will begin with: the chat, and what has been typed."""
        if self._writing.get(chat_id) is None:
            request = self.request_of(chat_id, leaf_id)
            given = self.documents.beginning(chat_id) if self.documents is not None else ""
            turns = (*request.turns, Turn("user", joined(given, typed)))
            model = self.choice(chat_id, NO_CHAT_OPTIONS).model
            self.ahead(Path(model) if model else None, msgspec.structs.replace(request, turns=turns))

    def request_of(self, chat_id: str, leaf_id: str | None) -> GenerateRequest:
        """What a next turn would be sent with, without that turn."""
        return self._request_for(chat_id, self.choice(chat_id, NO_CHAT_OPTIONS), self.store.branch(leaf_id))

    def _request_for(
        self, chat_id: str, choice: ChatChoice, messages: list[MessageRow], begun_reply: str = ""
    ) -> GenerateRequest:
        turns = [Turn("system", choice.system_prompt)] if choice.system_prompt.strip() else []
        given = self.documents.texts(chat_id) if self.documents is not None else {}
        for message in messages:
            unwritten = self._unwritten.get(message.id)
            text = message.text if unwritten is None else unwritten.text
            is_users = message.role == Role.USER.value
            if shown := joined(given.get(message.id, ""), text) if is_users else thoughts.answer_of(text):
                turns.append(Turn("user" if is_users else "assistant", shown))
        return GenerateRequest(
            turns=tuple(turns),
            priority=Priority.INTERACTIVE,
            max_tokens=choice.max_reply_tokens,
            sampling=choice.sampling,
            begun_reply=begun_reply,
            cache_key=chat_id,
            is_temporary=self.is_temporary,
        )

    def _save_soon(self, writing: Writing) -> None:
        writing.is_saved = False
        if writing.save_timer is None:
            loop = asyncio.get_running_loop()
            writing.save_timer = loop.call_later(SAVE_EVERY_SECONDS, self._save, writing)

    def _save(self, writing: Writing) -> None:
        writing.save_timer = None
        if not writing.is_saved:
            writing.is_saved = self._tells_failure(
                lambda: self.store.save_text(writing.message_id, writing.text, MessageState.WRITING.value)
            )

    def _end(self, writing: Writing) -> None:
        if writing.save_timer is not None:
            writing.save_timer.cancel()
        del self._writing[writing.chat_id]
        state, error = _last_word(writing.last_event, has_text=bool(writing.text))
        if writing.is_stopped and writing.last_event is None:
            state, error = MessageState.STOPPED, ""
        ending = Ending(
            chat_id=writing.chat_id,
            message_id=writing.message_id,
            text=writing.text,
            state=state,
            error=error,
            figures=_figures(writing),
            model_name=writing.model_name,
            thinking_seconds=writing.thinking_seconds,
        )
        if not self._tells_failure(lambda: self._write_ending(ending)):
            self._unwritten[ending.message_id] = ending
            self._write_later()
        self.ended(ending)

    def _write_ending(self, ending: Ending) -> None:
        figures = None if ending.figures is None else dataclasses.asdict(ending.figures)
        self.store.finish_message(
            ending.message_id,
            text=ending.text,
            state=ending.state.value,
            error=ending.error,
            figures=figures,
            model_name=ending.model_name,
            thinking_seconds=ending.thinking_seconds,
        )

    def _write_later(self) -> None:
        if self._again is None:
            loop = asyncio.get_running_loop()
            self._again = loop.call_later(AGAIN_SECONDS, self.write_unwritten)

    def write_unwritten(self) -> None:
        """Try again to store the replies that the disk did not take; what it still does not take is kept."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        for ending in list(self._unwritten.values()):
            try:
                self._write_ending(ending)
            except KnownError:  # told when it happened
                self._write_later()
                return
            del self._unwritten[ending.message_id]

    def unwritten(self, message_id: str) -> Ending | None:
        """The last word on a reply that is not on the disk yet."""
        return self._unwritten.get(message_id)

    def _tells_failure(self, save: Callable[[], None]) -> bool:
        """False, and a notice, where the disk did not take it: the text is still shown, and in memory."""
        try:
            save()
        except KnownError as error:
            self.publish(NoticeShown(sentence=error.sentence, is_error=True))
            return False
        return True


def _figures(writing: Writing) -> Figures | None:
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
        dropped_messages=usage.dropped_turns,
        reread_reason=usage.reread_reason,
    )


def _last_word(event: LastWord | None, *, has_text: bool) -> tuple[MessageState, str]:
    if event is None:
        return MessageState.INTERRUPTED, BROKEN_OFF
    if isinstance(event, RequestFailed):
        # the engine died, or another model was chosen in the middle: what is there can be continued
        was_cut_off = event.kind is ErrorKind.ENGINE_CRASHED or (event.kind is ErrorKind.NO_MODEL and has_text)
        return (MessageState.INTERRUPTED if was_cut_off else MessageState.FAILED), event.sentence
    states = {FinishReason.CANCELLED: MessageState.STOPPED, FinishReason.LENGTH: MessageState.CUT}
    return states.get(event.reason, MessageState.COMPLETE), ""
