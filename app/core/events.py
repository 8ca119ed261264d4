"""What Core tells its face. Past tense, frozen, delivered on the core thread in the order in which they happened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.chat_views import (
    AttachmentView,
    ChatView,
    FolderView,
    MessageView,
    PersonaView,
    QueuedTurn,
    SavedPrompt,
)
from app.core.model_views import DownloadView
from app.core.views import JobView, StatusView
from app.engine.interface import ModelState


@dataclass(frozen=True, kw_only=True)
class ModelStateChanged:
    state: ModelState
    name: str
    size_bytes: int = 0
    fraction: float = 0.0
    sentence: str = ""  # why, where the state is FAILED


@dataclass(frozen=True, kw_only=True)
class EngineRestarted:
    """The engine process died and is being started again. `sentence` is for the person."""

    sentence: str


@dataclass(frozen=True, kw_only=True)
class ChatChanged:
    """A chat is new, renamed, moved up, or began or ended answering."""

    chat: ChatView


@dataclass(frozen=True, kw_only=True)
class ChatDeleted:
    chat_id: str


@dataclass(frozen=True, kw_only=True)
class ManyChatsChanged:
    """So many at once that it is better to ask for all of them again."""


@dataclass(frozen=True, kw_only=True)
class MessagesReplaced:
    """The shown branch of a chat is another one: a message was edited, another version chosen."""

    chat_id: str
    messages: tuple[MessageView, ...]


@dataclass(frozen=True, kw_only=True)
class MessageAdded:
    message: MessageView


@dataclass(frozen=True, kw_only=True)
class PromptProgressed:
    """The engine reads the prompt of this reply: `n_read` of `n_total` tokens."""

    chat_id: str
    message_id: str
    n_read: int
    n_total: int


@dataclass(frozen=True, kw_only=True)
class ReplyWaits:
    """A reply waits for documents. `attachment_id`: of one whose passages could be used instead; empty: none."""

    chat_id: str
    message_id: str
    sentence: str
    attachment_id: str = ""


@dataclass(frozen=True, kw_only=True)
class ReplyGrew:
    chat_id: str
    message_id: str
    text: str  # what is new


@dataclass(frozen=True, kw_only=True)
class ReplyEnded:
    """The last word on a reply; `message` has its whole text, its state and its figures."""

    message: MessageView


@dataclass(frozen=True, kw_only=True)
class MessageChanged:
    """Something about a message other than its text is new."""

    message: MessageView


@dataclass(frozen=True, kw_only=True)
class QueuedTurnsChanged:
    """`turns` is all that waits in this chat, in the order in which it will be sent."""

    chat_id: str
    turns: tuple[QueuedTurn, ...]


@dataclass(frozen=True, kw_only=True)
class AttachmentsChanged:
    """`attachments` is all that waits at the composer of this chat."""

    chat_id: str
    attachments: tuple[AttachmentView, ...]


@dataclass(frozen=True, kw_only=True)
class FoldersChanged:
    folders: tuple[FolderView, ...]


@dataclass(frozen=True, kw_only=True)
class PersonasChanged:
    personas: tuple[PersonaView, ...]


@dataclass(frozen=True, kw_only=True)
class PromptsChanged:
    prompts: tuple[SavedPrompt, ...]


@dataclass(frozen=True, kw_only=True)
class JobChanged:
    """A job is new or has moved on."""

    job: JobView


@dataclass(frozen=True, kw_only=True)
class JobRemoved:
    job_id: str


@dataclass(frozen=True, kw_only=True)
class StatusChanged:
    status: StatusView


@dataclass(frozen=True, kw_only=True)
class DownloadChanged:
    """A download is new, has moved on, or ended."""

    download: DownloadView


@dataclass(frozen=True, kw_only=True)
class ModelsChanged:
    """There are other model files on this machine than before."""


@dataclass(frozen=True, kw_only=True)
class NoticeShown:
    """Something the person should know that has no other place."""

    sentence: str
    is_error: bool = False


@dataclass(frozen=True, kw_only=True)
class WindowRaised:
    """Another start of the program asks this one to come to the front, and to open these files."""

    files: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MeasurementAdvanced:
    """The lab has found something: `found` is of its own kind, `n_left` are to come."""

    what: str
    found: object
    n_left: int


@dataclass(frozen=True, kw_only=True)
class QuickAskShown:
    """Another start of the program asks for the quick ask; `text` is asked in it at once."""

    text: str = ""


Event = (
    ModelStateChanged
    | EngineRestarted
    | ChatChanged
    | ChatDeleted
    | ManyChatsChanged
    | MessagesReplaced
    | MessageAdded
    | PromptProgressed
    | ReplyWaits
    | ReplyGrew
    | ReplyEnded
    | MessageChanged
    | QueuedTurnsChanged
    | AttachmentsChanged
    | FoldersChanged
    | PersonasChanged
    | PromptsChanged
    | JobChanged
    | JobRemoved
    | StatusChanged
    | DownloadChanged
    | ModelsChanged
    | NoticeShown
    | WindowRaised
    | QuickAskShown
    | MeasurementAdvanced
)
