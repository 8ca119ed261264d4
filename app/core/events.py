"""What Core tells its face. Past tense, frozen, delivered on the core thread in the order in which they happened."""

from __future__ import annotations

from pathlib import Path

import msgspec

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


class ModelStateChanged(msgspec.Struct, frozen=True, kw_only=True):
    state: ModelState
    name: str
    size_bytes: int = 0
    fraction: float = 0.0
    sentence: str = ""  # why, where the state is FAILED


class EngineRestarted(msgspec.Struct, frozen=True, kw_only=True):
    """The engine process died and is being started again. `sentence` is for the person."""

    sentence: str


class ChatChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A chat is new, renamed, moved up, or began or ended answering."""

    chat: ChatView


class ChatDeleted(msgspec.Struct, frozen=True, kw_only=True):
    chat_id: str


class ManyChatsChanged(msgspec.Struct, frozen=True, kw_only=True):
    """So many at once that it is better to ask for all of them again."""


class MessagesReplaced(msgspec.Struct, frozen=True, kw_only=True):
    """The shown branch of a chat is another one: a message was edited, another version chosen."""

    chat_id: str
    messages: tuple[MessageView, ...]


class MessageAdded(msgspec.Struct, frozen=True, kw_only=True):
    message: MessageView


class PromptProgressed(msgspec.Struct, frozen=True, kw_only=True):
    """The engine reads the prompt of this reply: `n_read` of `n_total` tokens."""

    chat_id: str
    message_id: str
    n_read: int
    n_total: int


class ReplyWaits(msgspec.Struct, frozen=True, kw_only=True):
    """A reply waits for documents. `attachment_id`: of one whose passages could be used instead; empty: none."""

    chat_id: str
    message_id: str
    sentence: str
    attachment_id: str = ""


class ReplyGrew(msgspec.Struct, frozen=True, kw_only=True):
    chat_id: str
    message_id: str
    text: str  # what is new


class ReplyEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The last word on a reply; `message` has its whole text, its state and its figures."""

    message: MessageView


class MessageChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Something about a message other than its text is new."""

    message: MessageView


class QueuedTurnsChanged(msgspec.Struct, frozen=True, kw_only=True):
    """`turns` is all that waits in this chat, in the order in which it will be sent."""

    chat_id: str
    turns: tuple[QueuedTurn, ...]


class AttachmentsChanged(msgspec.Struct, frozen=True, kw_only=True):
    """`attachments` is all that waits at the composer of this chat."""

    chat_id: str
    attachments: tuple[AttachmentView, ...]


class FoldersChanged(msgspec.Struct, frozen=True, kw_only=True):
    folders: tuple[FolderView, ...]


class PersonasChanged(msgspec.Struct, frozen=True, kw_only=True):
    personas: tuple[PersonaView, ...]


class PromptsChanged(msgspec.Struct, frozen=True, kw_only=True):
    prompts: tuple[SavedPrompt, ...]


class JobChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A job is new or has moved on."""

    job: JobView


class JobRemoved(msgspec.Struct, frozen=True, kw_only=True):
    job_id: str


class StatusChanged(msgspec.Struct, frozen=True, kw_only=True):
    status: StatusView


class DownloadChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A download is new, has moved on, or ended."""

    download: DownloadView


class ModelsChanged(msgspec.Struct, frozen=True, kw_only=True):
    """There are other model files on this machine than before."""


class NoticeShown(msgspec.Struct, frozen=True, kw_only=True):
    """Something the person should know that has no other place."""

    sentence: str
    is_error: bool = False


class WindowRaised(msgspec.Struct, frozen=True, kw_only=True):
    """Another start of the program asks this one to come to the front, and to open these files."""

    files: tuple[Path, ...] = ()


class MeasurementAdvanced(msgspec.Struct, frozen=True, kw_only=True):
    """The lab has found something: `found` is of its own kind, `n_left` are to come."""

    what: str
    found: object
    n_left: int


class QuickAskShown(msgspec.Struct, frozen=True, kw_only=True):
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
