"""A Core that does what a test tells it to: calls are recorded, answers are given, events are sent by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from app.core.chat_views import (
    AttachmentState,
    AttachmentUse,
    AttachmentView,
    ChatOptions,
    ChatView,
    ContextUse,
    Figures,
    FolderView,
    MessageState,
    MessageView,
    OpenChat,
    PersonaView,
    QueuedTurn,
    Role,
    SavedPrompt,
    SearchHit,
)
from app.core.events import (
    AttachmentsChanged,
    ChatChanged,
    ChatDeleted,
    Event,
    FoldersChanged,
    JobChanged,
    MessageAdded,
    QueuedTurnsChanged,
    ReplyEnded,
    ReplyGrew,
)
from app.core.job_options import JobOptions, OutputFormat
from app.core.views import (
    DocumentView,
    ItemDetail,
    ItemPage,
    ItemState,
    ItemView,
    JobPreview,
    JobState,
    JobView,
    SummaryView,
)
from app.engine.messages import Preset
from app.errors import KnownError
from tests.gui.scripted_models import ScriptedModels

NOW = 1_795_000_000.0
FIGURES = Figures(
    ttft_seconds=0.16, tokens_per_second=84.2, output_tokens=212, prompt_tokens=1_342, cached_tokens=1_306
)
ALWAYS = JobOptions()
PREVIEW = JobPreview(
    job_id="",
    title="Summary of lease.pdf",
    is_reading=False,
    documents=(DocumentView(name="lease.pdf", state="read", n_items=9, n_tokens=11_402),),
    n_documents=1,
    n_failed=0,
    n_items=12,
    read_tokens=13_240,
    written_tokens=1_900,
    columns=(),
    first_prompt="[user]\nText:\n\nThe lease.",
    seconds=720.0,
)


class ScriptedCore(ScriptedModels):
    """Made on the core thread by the bridge; `sink` may be used from any thread."""

    def __init__(self, sink: Any) -> None:
        self.sink = sink
        self.calls: list[tuple[Any, ...]] = []
        self.read_aheads: list[tuple[str, str]] = []
        self.new_id: str | None = None  # of the last chat that was to be made
        self.messages: dict[str, list[MessageView]] = {}
        self.chat_views: dict[str, ChatView] = {}
        self.folder_views: list[FolderView] = []
        self.turns: list[QueuedTurn] = []
        self.attachment_views: list[AttachmentView] = []
        self.persona_views: list[PersonaView] = []
        self.prompt_views: list[SavedPrompt] = []
        self.context = ContextUse(system=6, history=1_300, documents=0, typed=0, reply=2_048, limit=8_192)
        self.uncounted: dict[str, asyncio.Event] = {}  # texts that the engine has not counted, and when it has
        self.job_views: list[JobView] = []
        self.summaries: dict[str, SummaryView] = {}
        self.drafts: set[str] = set()
        self.job_kinds: dict[str, str] = {}
        self.params: dict[str, Any] = {}
        self.options: dict[str, JobOptions] = {}
        self.job_documents: dict[str, list[DocumentView]] = {}
        self.item_counts = {ItemState.QUEUED: 0, ItemState.RUNNING: 0, ItemState.DONE: 0, ItemState.FAILED: 0}
        self.output = "The tenant reports a fault within seven days."
        self.preview = PREVIEW
        self.error: KnownError | None = None
        self.refused: tuple[str, ...] = ()  # the calls that fail with it; none named: all
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
        if self.error is not None and (not self.refused or call[0] in self.refused):
            raise self.error

    # Core

    async def start(self) -> None:
        self._record("start")

    async def close(self) -> None:
        self.calls.append(("close",))
        if self.close_waits is not None:
            await self.close_waits.wait()
        self.is_closed = True

    def chats(self, archived: bool = False) -> list[ChatView]:
        return [chat for chat in self.chat_views.values() if chat.is_archived == archived]

    def search(self, text: str, limit: int = 50) -> list[SearchHit]:
        self._record("search", text)
        return [
            SearchHit(chat=chat, message_id="", snippet=chat.title)
            for chat in self.chat_views.values()
            if text.lower() in chat.title.lower()
        ]

    def folders(self) -> list[FolderView]:
        return self.folder_views

    def add_folder(self, name: str) -> str:
        self._record("add_folder", name)
        made = FolderView(id=f"folder{next(self._ids)}", name=name, position=len(self.folder_views))
        self.folder_views.append(made)
        self.emit(FoldersChanged(folders=tuple(self.folder_views)))
        return made.id

    def _change(self, chat_id: str, **changes: Any) -> None:
        self.chat_views[chat_id] = replace(self.chat_views[chat_id], **changes)
        self.emit(ChatChanged(chat=self.chat_views[chat_id]))

    def rename_folder(self, folder_id: str, name: str) -> None:
        self._record("rename_folder", folder_id, name)

    def delete_folder(self, folder_id: str) -> None:
        self._record("delete_folder", folder_id)

    def move_chat(self, chat_id: str, folder_id: str) -> None:
        self._record("move_chat", chat_id, folder_id)
        self._change(chat_id, folder_id=folder_id)

    def set_tags(self, chat_id: str, tags: tuple[str, ...]) -> None:
        self._record("set_tags", chat_id, tags)
        self._change(chat_id, tags=tags)

    def pin_chat(self, chat_id: str, is_pinned: bool) -> None:
        self._record("pin_chat", chat_id, is_pinned)
        self._change(chat_id, is_pinned=is_pinned)

    def archive_chat(self, chat_id: str, is_archived: bool) -> None:
        self._record("archive_chat", chat_id, is_archived)
        self._change(chat_id, is_archived=is_archived)

    def duplicate_chat(self, chat_id: str) -> str:
        self._record("duplicate_chat", chat_id)
        self.add_chat("copy", "Copy")
        return "copy"

    def queue_turn(self, chat_id: str, text: str) -> str:
        self._record("queue_turn", chat_id, text)
        made = QueuedTurn(id=f"q{next(self._ids)}", chat_id=chat_id, text=text)
        self.turns.append(made)
        self.emit(QueuedTurnsChanged(chat_id=chat_id, turns=tuple(self.turns)))
        return made.id

    def queued_turns(self, chat_id: str) -> list[QueuedTurn]:
        return [turn for turn in self.turns if turn.chat_id == chat_id]

    def edit_queued(self, turn_id: str, text: str) -> None:
        self._record("edit_queued", turn_id, text)

    def remove_queued(self, turn_id: str) -> None:
        self._record("remove_queued", turn_id)
        chat_id = next(turn.chat_id for turn in self.turns if turn.id == turn_id)
        self.turns = [turn for turn in self.turns if turn.id != turn_id]
        self.emit(QueuedTurnsChanged(chat_id=chat_id, turns=tuple(self.turns)))

    async def send_queued(self, turn_id: str) -> None:
        self._record("send_queued", turn_id)

    def save_draft(self, chat_id: str, text: str) -> None:
        self._record("save_draft", chat_id, text)

    def draft(self, chat_id: str) -> str:
        return ""

    async def context_use(self, chat_id: str, typed: str = "") -> ContextUse:
        if typed in self.uncounted:
            self._record("count", typed)
            await self.uncounted[typed].wait()
        return replace(self.context, typed=len(typed.split()))

    def personas(self) -> list[PersonaView]:
        return self.persona_views

    def saved_prompts(self) -> list[SavedPrompt]:
        return self.prompt_views

    def attachments(self, chat_id: str) -> list[AttachmentView]:
        return [view for view in self.attachment_views if view.chat_id == chat_id]

    def adopt_attachments(self, chat_id: str, *, is_temporary: bool = False) -> list[AttachmentView]:
        return self.attachments(chat_id)

    def attach(self, chat_id: str, paths: Sequence[Path], *, is_temporary: bool = False) -> list[str]:
        self._record("attach", chat_id, list(paths))
        return [self._attached(chat_id, path.name) for path in paths]

    def attach_text(self, chat_id: str, name: str, text: str, *, is_temporary: bool = False) -> str:
        self._record("attach_text", chat_id, name, text)
        return self._attached(chat_id, name)

    def _attached(self, chat_id: str, name: str) -> str:
        made = AttachmentView(
            id=f"a{next(self._ids)}", chat_id=chat_id, name=name, state=AttachmentState.READY, n_tokens=1_204
        )
        self.attachment_views.append(made)
        self.emit(AttachmentsChanged(chat_id=chat_id, attachments=tuple(self.attachment_views)))
        return made.id

    def detach(self, attachment_id: str) -> None:
        self._record("detach", attachment_id)
        chat_id = next(view.chat_id for view in self.attachment_views if view.id == attachment_id)
        self.attachment_views = [view for view in self.attachment_views if view.id != attachment_id]
        self.emit(AttachmentsChanged(chat_id=chat_id, attachments=tuple(self.attachment_views)))

    def set_attachment_use(self, attachment_id: str, use: AttachmentUse) -> None:
        self._record("set_attachment_use", attachment_id, use)

    def set_chat_options(self, chat_id: str, options: ChatOptions) -> None:
        self._record("set_chat_options", chat_id, options)
        self._change(chat_id, options=options)

    def set_chat_persona(self, chat_id: str, persona_id: str) -> None:
        self._record("set_chat_persona", chat_id, persona_id)
        self._change(chat_id, persona_id=persona_id)

    def save_persona(self, persona: PersonaView) -> str:
        self._record("save_persona", persona)
        return persona.id or "p"

    def delete_persona(self, persona_id: str) -> None:
        self._record("delete_persona", persona_id)

    def save_prompt(self, prompt: SavedPrompt) -> str:
        self._record("save_prompt", prompt)
        return prompt.id or "s"

    def delete_prompt(self, prompt_id: str) -> None:
        self._record("delete_prompt", prompt_id)

    async def export_chat(self, chat_id: str, path: Path, format: str) -> None:
        self._record("export_chat", chat_id, path, format)
        path.write_text("<h1>Chat</h1><p>Hello</p>")

    def open_chat(self, chat_id: str) -> OpenChat:
        self._record("open_chat", chat_id)
        return OpenChat(chat=self.chat_views[chat_id], messages=tuple(self.messages[chat_id]))

    def read_ahead(self, chat_id: str, typed: str) -> None:
        self.read_aheads.append((chat_id, typed))

    async def send(
        self,
        chat_id: str | None,
        text: str,
        *,
        new_id: str | None = None,
        entered_seconds: float | None = None,
        persona_id: str = "",
        is_temporary: bool = False,
        folder_id: str = "",
        options: ChatOptions | None = None,
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

    async def regenerate(self, message_id: str, *, options: ChatOptions | None = None) -> None:
        self._record("regenerate", message_id, *([options] if options else []))

    def delete_message(self, message_id: str) -> None:
        self._record("delete_message", message_id)

    def restore_message(self, message_id: str) -> None:
        self._record("restore_message", message_id)

    def pin_message(self, message_id: str, is_pinned: bool) -> None:
        self._record("pin_message", message_id, is_pinned)

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

    async def add_job(
        self,
        kind: str,
        params: msgspec.Struct,
        paths: Sequence[Path],
        options: JobOptions = ALWAYS,
        *,
        is_draft: bool = False,
    ) -> str:
        self._record("add_job", kind, params, tuple(paths), options, is_draft)
        job_id = f"job{next(self._ids)}"
        self.job_kinds[job_id], self.params[job_id], self.options[job_id] = kind, params, options
        if is_draft:
            self.drafts.add(job_id)
        state = JobState.DRAFT if is_draft else JobState.READING
        title = f"Summary of {paths[0].name}" if len(paths) == 1 else f"{len(paths)} documents"
        self.emit(JobChanged(job=job(job_id, title, state, kind=kind)))
        return job_id

    async def preview_job(self, job_id: str) -> JobPreview:
        self._record("preview_job", job_id)
        return replace(self.preview, job_id=job_id)

    def change_job(
        self, job_id: str, *, params: msgspec.Struct | None = None, options: JobOptions | None = None
    ) -> None:
        self._record("change_job", job_id, params, options)
        self.params[job_id] = params or self.params[job_id]
        self.options[job_id] = options or self.job_options(job_id)

    def start_job(self, job_id: str) -> None:
        self._record("start_job", job_id)
        self.drafts.discard(job_id)
        self.emit(
            JobChanged(job=job(job_id, "Summary", JobState.READING, kind=self.job_kinds.get(job_id, "summarize")))
        )

    async def clone_job(self, job_id: str) -> str:
        self._record("clone_job", job_id)
        made = await self.add_job(
            self.job_kinds[job_id], self.params[job_id], (Path("a.txt"),), self.options[job_id], is_draft=True
        )
        self.job_views.append(job(made, "Another", JobState.DRAFT, kind=self.job_kinds[job_id]))
        return made

    def job_params(self, job_id: str) -> msgspec.Struct:
        return self.params[job_id]

    def job_options(self, job_id: str) -> JobOptions:
        return self.options.get(job_id, JobOptions())

    def move_job(self, job_id: str, places: int) -> None:
        self._record("move_job", job_id, places)

    def put_job_first(self, job_id: str, is_first: bool) -> None:
        self._record("put_job_first", job_id, is_first)

    def use_loaded_model(self, job_id: str) -> None:
        self._record("use_loaded_model", job_id)

    def retry_item(self, item_id: int) -> None:
        self._record("retry_item", item_id)

    def documents(self, job_id: str) -> list[DocumentView]:
        return self.job_documents.get(job_id, [])

    def items(self, job_id: str, *, state: ItemState | None = None, offset: int = 0, limit: int = 100) -> ItemPage:
        self._record("items", job_id, state, offset, limit)
        total = sum(n for found, n in self.item_counts.items() if state in (None, found))
        return ItemPage(
            job_id=job_id,
            state=state,
            offset=offset,
            total=total,
            items=tuple(self._item(job_id, state, n) for n in range(offset, min(offset + limit, total))),
        )

    def item(self, item_id: int) -> ItemDetail:
        self._record("item", item_id)
        view = self._item("j", None, item_id)
        is_failed = view.state is ItemState.FAILED
        return ItemDetail(
            item=view,
            source=f"Row {item_id} as it was given.",
            prompt=f"[user]\nWhat is row {item_id}?",
            output="" if is_failed or view.state is not ItemState.DONE else self.output,
            error="The answer was cut after 64 tokens." if is_failed else "",
            saved_tokens=640,
        )

    async def export_job(self, job_id: str, path: Path, format: OutputFormat) -> Path:
        self._record("export_job", job_id, path, format)
        return path

    def _item(self, job_id: str, state: ItemState | None, number: int) -> ItemView:
        """Items stand by their states: waiting, running, done, failed."""
        found, rest = state, number
        for each, n in self.item_counts.items():
            if found is None and rest < n:
                found = each
            rest -= n
        shown = found or ItemState.QUEUED
        is_over = shown in (ItemState.DONE, ItemState.FAILED)
        said = "The answer was cut after 64 tokens." if shown is ItemState.FAILED else " ".join(self.output.split())
        return ItemView(
            id=number,
            job_id=job_id,
            name=f"tickets.csv, row {number + 1:,}",
            state=shown,
            input=f"Row {number} as it was given.",
            output=said[:200] if is_over else "",
            tokens=812 if is_over else 0,
            seconds=2.13 if is_over else 0.0,
        )

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
        self.drafts.discard(job_id)

    def summary(self, job_id: str, document: int = 0) -> SummaryView:
        self._record("summary", job_id, document)
        return self.summaries[job_id]

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
