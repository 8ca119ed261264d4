"""What the faces (window, command line) see of chats, jobs and models: frozen values, safe in any thread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class JobState(Enum):
    DRAFT = "draft"  # its documents are looked at; it begins when the person says so
    READING = "reading"  # it has begun, and none of its documents has been read so far
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class JobView:
    """A job as its card shows it. Rates are of the last seconds; tokens of what has been done so far."""

    id: str
    title: str
    state: JobState
    items_done: int
    items_failed: int
    items_total: int
    kind: str = "summarize"
    coverage: str = ""  # "36 of 36 pages"
    error: str = ""  # one sentence, where the state is FAILED
    waits: str = ""  # one sentence: why it does not go on by itself
    can_change_model: bool = False  # it waits for a model: it could take the one that is loaded
    created_seconds: float = 0.0
    seconds_left: float | None = None  # an estimate from measured speed, where there is one
    items_running: int = 0
    items_per_second: float = 0.0
    tokens_per_second: float = 0.0
    prompt_tokens: int = 0
    output_tokens: int = 0
    saved_tokens: int = 0  # of prompts, that did not have to be read because another item had read them
    documents: int = 1
    documents_read: int = 0
    documents_failed: int = 0
    is_first: bool = False
    output_path: str = ""  # where results are written as they come
    estimated_seconds: float | None = None  # once it is done: what it was to take when it began ...
    took_seconds: float | None = None  # ... and what it took


class ItemState(Enum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class ItemView:
    """An item as a row of a list. `name`: what it was made from, "report.pdf, pages 3–5"."""

    id: int
    job_id: str
    name: str
    state: ItemState
    input: str  # the beginning of its text, in one line
    output: str  # the beginning of its result, in one line; or why it failed
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ItemDetail:
    """One item, whole: its result beside what it was made from."""

    item: ItemView
    source: str
    prompt: str  # as the model gets it, turn by turn
    output: str
    error: str = ""
    saved_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class ItemPage:
    """A part of a job's list of items."""

    job_id: str
    state: ItemState | None  # None: all
    offset: int
    total: int  # in this state
    items: tuple[ItemView, ...]


@dataclass(frozen=True, kw_only=True)
class DocumentView:
    """A document of a job. `error`: why it could not be read; `notes`: what of it could not."""

    name: str
    state: str  # waiting, read, done, failed
    error: str = ""
    notes: tuple[str, ...] = ()
    n_items: int = 0
    n_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class JobPreview:
    """What a draft will do, as far as its documents have been read. Tokens and seconds are estimates."""

    job_id: str
    title: str
    is_reading: bool
    documents: tuple[DocumentView, ...]  # the first ones; there may be more
    n_documents: int
    n_failed: int
    n_items: int
    read_tokens: int
    written_tokens: int
    columns: tuple[str, ...]  # of its tables
    first_prompt: str  # what the model will be asked first
    problem: str = ""  # a sentence: why it can't begin like this
    notes: tuple[str, ...] = ()  # what was left out, before anything was read
    seconds: float | None = None  # from measured speeds


@dataclass(frozen=True, kw_only=True)
class Source:
    """A piece of a document that went into a paragraph."""

    label: str  # "page 12", "pages 12–14", or "part 3" where the document has no pages
    text: str


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    text: str
    label: str  # the pages it covers, as shown: "pages 3–9"
    sources: tuple[Source, ...]


@dataclass(frozen=True, kw_only=True)
class SummaryView:
    """The result of a summary job. The first paragraph is the overview."""

    job_id: str
    title: str
    coverage: str
    paragraphs: tuple[Paragraph, ...]
    notes: tuple[str, ...] = ()  # what was left out and why: "page 7 has no text"


class MachinePhase(Enum):
    """What the machine does now, for the status bar."""

    IDLE = "idle"
    CHAT = "chat"
    BULK = "bulk"
    BULK_PARKED = "bulk_parked"  # bulk stands still for a chat
    BOTH = "both"


@dataclass(frozen=True, kw_only=True)
class StatusView:
    """The status bar's figures."""

    phase: MachinePhase = MachinePhase.IDLE
    preset: str = "responsive"
    jobs_done: int = 0  # items done of all unfinished jobs ...
    jobs_total: int = 0  # ... of this many
    chat_tokens_per_second: float = 0.0
    bulk_tokens_per_second: float = 0.0
    kv_used_fraction: float = 0.0
    n_threads: int = 0
    last_ttft_seconds: float | None = None
    last_tokens_per_second: float | None = None
    context_limit: int = 0  # tokens that a chat can have
