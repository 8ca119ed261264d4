"""What the faces see of chats: frozen values, safe in any thread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import msgspec


class SamplingChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the next token is chosen (see Sampling); None: as it would be anyway."""

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    typical_p: float | None = None
    repeat_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    dry_multiplier: float | None = None
    xtc_probability: float | None = None
    mirostat: int | None = None
    seed: int | None = None


NO_SAMPLING_CHOICE = SamplingChoice()


class ChatOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a chat, a persona or one reply sets otherwise; None: as it would be. `model` is the path of a file."""

    system_prompt: str | None = None
    model: str | None = None
    max_reply_tokens: int | None = None
    sampling: SamplingChoice = NO_SAMPLING_CHOICE


NO_CHAT_OPTIONS = ChatOptions()


class Role(Enum):
    USER = "user"
    ASSISTANT = "assistant"


class MessageState(Enum):
    """WRITING: being generated now. The others are last words."""

    WRITING = "writing"
    COMPLETE = "complete"
    STOPPED = "stopped"  # by the person
    CUT = "cut"  # at the length limit
    INTERRUPTED = "interrupted"  # by a crash or a quit; can be continued
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Measured while a reply was made. TTFT runs from the person's Enter."""

    ttft_seconds: float
    tokens_per_second: float
    output_tokens: int
    prompt_tokens: int
    cached_tokens: int
    dropped_messages: int = 0  # the oldest ones of the chat, which no longer fit the context
    reread_reason: str = ""  # why what had been read before was read again: a sentence


class AttachmentUse(Enum):
    """What of a document the model gets."""

    WHOLE = "whole"
    PASSAGES = "passages"  # those that fit the question
    SUMMARY = "summary"  # which a job makes


class AttachmentState(Enum):
    READING = "reading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class AttachmentView:
    """A document in a chat. `error` is a sentence, where the state is FAILED."""

    id: str
    chat_id: str
    name: str
    state: AttachmentState
    error: str = ""
    n_tokens: int = 0
    n_pages: int = 0  # 0: it has no pages
    use: AttachmentUse = AttachmentUse.WHOLE
    fits: bool = True  # whole, in what is left of the context
    job_id: str = ""  # that summarises it, where that is its use
    message_id: str = ""  # with which it was sent; empty: it waits at the composer
    notes: tuple[str, ...] = ()  # what of it could not be read, a sentence each
    summary_fraction: float | None = None  # of its summary that is made; None: none is being made
    can_summarize: bool = True


@dataclass(frozen=True, kw_only=True)
class PassageView:
    """A part of a document that the model was given for one reply."""

    attachment_id: str
    name: str  # of the document
    place: str  # "p. 12", "Section 3"
    text: str


@dataclass(frozen=True, kw_only=True)
class MessageView:
    id: str
    chat_id: str
    role: Role
    text: str
    state: MessageState
    created_seconds: float  # Unix time
    figures: Figures | None = None
    error: str = ""  # one sentence, where the state is FAILED or INTERRUPTED
    version: int = 1  # "< 2/3 >": this is version 2 ...
    n_versions: int = 1  # ... of 3
    attachments: tuple[AttachmentView, ...] = ()  # sent with it
    passages: tuple[PassageView, ...] = ()  # of documents, that a reply was made from
    parent_id: str = ""  # the message before it; empty: it begins its chat
    model_name: str = ""  # that wrote it
    thinking_seconds: float = 0.0
    is_pinned: bool = False


@dataclass(frozen=True, kw_only=True)
class ChatView:
    id: str
    title: str
    updated_seconds: float
    is_answering: bool = False
    folder_id: str = ""
    tags: tuple[str, ...] = ()
    is_pinned: bool = False
    is_archived: bool = False
    is_temporary: bool = False  # nothing of it is written to the disk
    persona_id: str = ""
    options: ChatOptions = NO_CHAT_OPTIONS
    draft: str = ""  # what was typed and not sent


@dataclass(frozen=True, kw_only=True)
class OpenChat:
    """One chat with the messages of the branch that is shown, oldest first."""

    chat: ChatView
    messages: tuple[MessageView, ...]


@dataclass(frozen=True, kw_only=True)
class FolderView:
    id: str
    name: str
    position: int


@dataclass(frozen=True, kw_only=True)
class SearchHit:
    """Where a search found its words. `marks`: from ... to in the snippet, in characters."""

    chat: ChatView
    message_id: str  # empty: in the title
    snippet: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class PersonaView:
    """Someone to talk to. `id` empty: not saved so far."""

    id: str
    name: str
    system_prompt: str = ""
    greeting: str = ""
    model: str = ""  # the path of a file; empty: any
    options: ChatOptions = NO_CHAT_OPTIONS


@dataclass(frozen=True, kw_only=True)
class SavedPrompt:
    """`text` may hold {placeholders}. `id` empty: not saved so far."""

    id: str
    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class QueuedTurn:
    """Sent while a reply was written: it goes when that has ended."""

    id: str
    chat_id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ContextUse:
    """What of the context a next turn takes, in tokens. `reply` is kept free for the answer."""

    system: int
    history: int
    documents: int
    typed: int
    reply: int
    limit: int


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """`skipped`: what could not be taken over, a sentence each. `known`: chats that were here already."""

    chats: int
    messages: int
    known: int = 0
    jobs: int = 0
    skipped: tuple[str, ...] = ()
