"""Every message between the program and a download process, or the process that asks the hub. Commands are imperative,
events past tense."""

from __future__ import annotations

from enum import Enum

import msgspec

from app.downloads.catalogue import Entry
from app.downloads.patience import Patience
from app.errors import ErrorKind
from app.wire import Message


class RepositoryFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a repository. `path`: there, with slashes. `sha256`: empty where the hub names none."""

    path: str
    size_bytes: int
    sha256: str = ""


class FileGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One quantisation: a GGUF file, or the parts of a split one in their order, at one commit."""

    repository: str
    revision: str
    name: str
    quantisation: str
    files: tuple[RepositoryFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


class FoundRepository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository with GGUF files. 0 and "": the hub does not tell."""

    repository: str
    downloads: int = 0
    likes: int = 0
    is_gated: bool = False
    updated_seconds: float = 0.0
    n_parameters: int = 0
    context_tokens: int = 0
    architecture: str = ""
    licence: str = ""


# Commands: program -> download process, which does one thing and ends. Folders are in the system's own bytes: their
# names need not be text.


class FetchModel(Message, frozen=True, kw_only=True):
    """Put this model's file into this folder."""

    entry: Entry
    folder: bytes


class FetchFiles(Message, frozen=True, kw_only=True):
    """Put these files of the hub below this folder, each at its path. `token_name`: in huggingface_hub's store."""

    group: FileGroup
    folder: bytes
    token_name: str = ""
    patience: Patience = Patience()


# Events: download process -> program


class Stage(Enum):
    DOWNLOADING = "downloading"
    WRITING = "writing"  # into the models folder, checking it on the way
    CHECKING = "checking"


class DownloadProgressed(Message, frozen=True, kw_only=True):
    """About a hundred times a stage at most, or some times a second. `done_bytes`: of all files together."""

    stage: Stage
    done_bytes: int
    total_bytes: int


class DownloadWaited(Message, frozen=True, kw_only=True):
    """Nothing comes now; it goes on by itself."""

    sentence: str


class ModelPlaced(Message, frozen=True, kw_only=True):
    """The last word: the file is whole, checked, and on the disk. `path` is in the system's own bytes."""

    path: bytes


class DownloadFailed(Message, frozen=True, kw_only=True):
    """The last word: nothing was put in place."""

    kind: ErrorKind
    sentence: str


Event = DownloadProgressed | DownloadWaited | ModelPlaced | DownloadFailed


# Commands: program -> the process that asks the hub, each answered once with its id


class SearchHub(Message, frozen=True, kw_only=True):
    text: str
    limit: int
    token_name: str = ""


class ListFiles(Message, frozen=True, kw_only=True):
    repository: str
    token_name: str = ""


class ReadBeginning(Message, frozen=True, kw_only=True):
    """The first bytes of a file: what a model says of itself stands there."""

    repository: str
    revision: str
    path: str
    n_bytes: int
    token_name: str = ""


class KeepToken(Message, frozen=True, kw_only=True):
    token: str


class ForgetToken(Message, frozen=True, kw_only=True):
    token_name: str


HubCommand = SearchHub | ListFiles | ReadBeginning | KeepToken | ForgetToken


class RepositoriesFound(Message, frozen=True, kw_only=True):
    repositories: tuple[FoundRepository, ...]


class FilesFound(Message, frozen=True, kw_only=True):
    groups: tuple[FileGroup, ...]


class BeginningRead(Message, frozen=True, kw_only=True):
    data: bytes


class TokenKept(Message, frozen=True, kw_only=True):
    """`token_name`: in huggingface_hub's store."""

    token_name: str
    account: str


class TokenForgotten(Message, frozen=True, kw_only=True):
    pass


class HubRefused(Message, frozen=True, kw_only=True):
    kind: ErrorKind
    sentence: str


HubAnswer = RepositoriesFound | FilesFound | BeginningRead | TokenKept | TokenForgotten | HubRefused
