"""A Core that does what a test tells it to: calls are recorded, answers are given, events are sent by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.core.events import ChatChanged, ChatDeleted, Event, JobChanged, MessageAdded, ReplyEnded, ReplyGrew
from app.core.views import (
    ChatView,
    Figures,
    JobState,
    JobView,
    MessageState,
    MessageView,
    ModelView,
    OpenChat,
    Role,
    SummaryView,
)
from app.engine.messages import Preset
from app.errors import KnownError

NOW = 1_795_000_000.0
FIGURES = Figures(
    ttft_seconds=0.16, tokens_per_second=84.2, output_tokens=212, prompt_tokens=1_342, cached_tokens=1_306
)


class ScriptedCore:
    """Made on the core thread by the bridge; `sink` may be used from any thread."""

    def __init__(self, sink: Any) -> None:
        self.sink = sink
        self.calls: list[tuple[Any, ...]] = []
        self.read_aheads: list[tuple[str, str]] = []
        self.new_id: str | None = None  # of the last chat that was to be made
        self.messages: dict[str, list[MessageView]] = {}
        self.chat_views: dict[str, ChatView] = {}
        self.job_views: list[JobView] = []
        self.summaries: dict[str, SummaryView] = {}
        self.model_views: list[ModelView] = []
        self.error: KnownError | None = None
        self.is_closed = False
        self.close_waits: asyncio.Event | None = None
        self._ids = itertools.count(1)

    # for tests

    def emit(self, event: Event) -> None:
        self.sink(event)

    def add_chat(self, chat_id: str, title: str, *turns: tuple[str, str], updated: float = NOW) -> None:
        self.chat_views[chat_id] = ChatView(id=chat_id, title=title, updated_seconds=updated)
        self.messages[chat_id] = [
            message(f"{chat_id}-{n}", text, role=Role(role), chat_id=chat_id) for n, (role, text) in enumerate(turns)
        ]

    def called(self, name: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]

    def begin_reply(self, chat_id: str) -> str:
        reply = message(f"r{next(self._ids)}", "", state=MessageState.WRITING, chat_id=chat_id)
        self.messages[chat_id].append(reply)
        self.emit(MessageAdded(message=reply))
        return reply.id

    def grow(self, chat_id: str, message_id: str, text: str) -> None:
        self.messages[chat_id] = [
            replace(old, text=old.text + text) if old.id == message_id else old for old in self.messages[chat_id]
        ]
        self.emit(ReplyGrew(chat_id=chat_id, message_id=message_id, text=text))

    def end(self, chat_id: str, message_id: str, state: MessageState = MessageState.COMPLETE, error: str = "") -> None:
        old = next(old for old in self.messages[chat_id] if old.id == message_id)
        new = replace(old, state=state, error=error, figures=None if state is MessageState.FAILED else FIGURES)
        self.messages[chat_id] = [new if old.id == message_id else old for old in self.messages[chat_id]]
        self.emit(ReplyEnded(message=new))

    def _record(self, *call: Any) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error

    # Core

    async def start(self) -> None:
        self._record("start")

    async def close(self) -> None:
        self.calls.append(("close",))
        if self.close_waits is not None:
            await self.close_waits.wait()
        self.is_closed = True

    def chats(self) -> list[ChatView]:
        return list(self.chat_views.values())

    def search(self, text: str) -> list[ChatView]:
        self._record("search", text)
        return [chat for chat in self.chat_views.values() if text.lower() in chat.title.lower()]

    def open_chat(self, chat_id: str) -> OpenChat:
        self._record("open_chat", chat_id)
        return OpenChat(chat=self.chat_views[chat_id], messages=tuple(self.messages[chat_id]))

    def read_ahead(self, chat_id: str, typed: str) -> None:
        self.read_aheads.append((chat_id, typed))

    async def send(
        self, chat_id: str | None, text: str, *, new_id: str | None = None, entered_seconds: float | None = None
    ) -> str:
        self._record("send", chat_id, text)
        self.new_id = new_id
        if chat_id is None:
            chat_id = f"chat{next(self._ids)}"
            self.chat_views[chat_id] = ChatView(id=chat_id, title=text[:30], updated_seconds=NOW)
            self.messages[chat_id] = []
            self.emit(ChatChanged(chat=self.chat_views[chat_id]))
        written = message(f"u{next(self._ids)}", text, role=Role.USER, chat_id=chat_id)
        self.messages[chat_id].append(written)
        self.emit(MessageAdded(message=written))
        self.begin_reply(chat_id)
        return chat_id

    def stop(self, chat_id: str) -> None:
        self._record("stop", chat_id)

    async def regenerate(self, message_id: str) -> None:
        self._record("regenerate", message_id)

    async def continue_reply(self, message_id: str) -> None:
        self._record("continue_reply", message_id)

    async def edit(self, message_id: str, text: str) -> None:
        self._record("edit", message_id, text)

    def choose_version(self, message_id: str, version: int) -> None:
        self._record("choose_version", message_id, version)

    def rename_chat(self, chat_id: str, title: str) -> None:
        self._record("rename_chat", chat_id, title)

    def delete_chat(self, chat_id: str) -> None:
        self._record("delete_chat", chat_id)
        del self.chat_views[chat_id]
        self.emit(ChatDeleted(chat_id=chat_id))

    def restore_chat(self, chat_id: str) -> None:
        self._record("restore_chat", chat_id)
        self.chat_views[chat_id] = ChatView(id=chat_id, title="Restored", updated_seconds=NOW)

    def jobs(self) -> list[JobView]:
        return self.job_views

    async def summarize(self, files: Sequence[Path]) -> list[str]:
        self._record("summarize", tuple(files))
        made = []
        for file in files:
            made.append(f"job{next(self._ids)}")
            self.emit(JobChanged(job=job(made[-1], f"Summary of {file.name}", JobState.READING)))
        return made

    def pause_job(self, job_id: str) -> None:
        self._record("pause_job", job_id)

    def resume_job(self, job_id: str) -> None:
        self._record("resume_job", job_id)

    def cancel_job(self, job_id: str) -> None:
        self._record("cancel_job", job_id)

    def retry_job(self, job_id: str) -> None:
        self._record("retry_job", job_id)

    def remove_job(self, job_id: str) -> None:
        self._record("remove_job", job_id)

    def summary(self, job_id: str) -> SummaryView:
        self._record("summary", job_id)
        return self.summaries[job_id]

    def models(self) -> list[ModelView]:
        return self.model_views

    async def load_model(self, path: Path) -> None:
        self._record("load_model", path)

    def set_preset(self, preset: Preset) -> None:
        self._record("set_preset", preset)

    def change_settings(self, **changes: object) -> None:
        self._record("change_settings", changes)


def message(
    id: str,
    text: str,
    *,
    role: Role = Role.ASSISTANT,
    state: MessageState = MessageState.COMPLETE,
    chat_id: str = "chat",
    **more: Any,
) -> MessageView:
    is_done_reply = role is Role.ASSISTANT and state is not MessageState.WRITING
    return MessageView(
        id=id,
        chat_id=chat_id,
        role=role,
        text=text,
        state=state,
        created_seconds=NOW,
        **({"figures": FIGURES} if is_done_reply else {}) | more,
    )


def job(id: str, title: str, state: JobState, done: int = 0, total: int = 0, **more: Any) -> JobView:
    fields = {"items_failed": 0, "created_seconds": NOW} | more
    return JobView(id=id, title=title, state=state, items_done=done, items_total=total, **fields)
