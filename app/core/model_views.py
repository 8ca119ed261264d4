"""What the faces see of models: the catalogue, files on this machine, the hub, downloads. Frozen, safe in any thread.

Sizes in bytes, times in seconds since 1970 where a name does not say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from app.engine.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class FitView:
    """Whether a model fits the memory that is free now. `sentence` has the figures, or says that they are a guess."""

    word: Verdict
    sentence: str
    needed_bytes: int
    free_bytes: int
    gpu_layers: int = 0
    expected_tokens_per_second: float | None = None  # of one chat; None: nothing was measured that tells


@dataclass(frozen=True, kw_only=True)
class CatalogueModel:
    """A model that Rubato knows. `source`: "pip", or the hub's repository. `path`: where it is on this machine."""

    id: str
    name: str
    n_parameters: int
    licence: str
    context_tokens: int
    good_at: str
    size_bytes: int
    source: str
    path: Path | None = None
    fit: FitView | None = None
    quantisation: str = ""
    is_size_estimated: bool = False  # the hub tells the true size when it is downloaded
    is_gated: bool = False  # its publisher asks for an account and consent
    read_share: float = 1.0  # of its weights, that are read for each token: of experts those that it uses
    quirks: tuple[str, ...] = ()  # what is peculiar about its template, one sentence each


class ModelPlace(Enum):
    """Where a model file was found."""

    OWN = "own"  # Rubato's folder; only these can be deleted
    OLLAMA = "ollama"
    LM_STUDIO = "lm studio"
    ADDED = "added"  # the person added it


@dataclass(frozen=True, kw_only=True)
class LocalModel:
    """A model on this machine; `path` is the first file of a split one. `problem`: why it can't be used, or empty."""

    path: Path
    name: str
    size_bytes: int  # of all its files
    place: ModelPlace
    is_loaded: bool = False
    is_kept: bool = False  # in memory besides, so that to switch to it loads nothing
    quantisation: str = ""
    fit: FitView | None = None
    problem: str = ""
    catalogue_id: str = ""


@dataclass(frozen=True, kw_only=True)
class HubModel:
    """A repository with GGUF files, as a search finds it."""

    repository: str
    downloads: int  # in the last 30 days
    likes: int
    is_gated: bool
    updated_seconds: float
    n_parameters: int = 0  # 0: the hub does not tell
    context_tokens: int = 0
    architecture: str = ""
    licence: str = ""


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """One quantisation of a repository: a GGUF file, or the parts of a split one, at one commit.

    `parts` are paths in the repository; `sha256s` go with them, empty where the hub names none.
    """

    repository: str
    revision: str
    name: str
    parts: tuple[str, ...]
    size_bytes: int
    quantisation: str
    sha256s: tuple[str, ...]
    sizes: tuple[int, ...] = ()  # of the parts
    fit: FitView | None = None
    path: Path | None = None  # where it is on this machine


class DownloadState(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    CHECKING = "checking"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class DownloadView:
    """`sentence`: why it failed, or what it waits for. `path`: the model, once it is done.

    A failed one is resumed like a paused one. `is_cancelled`: it is gone from the list with this event.
    """

    id: str
    name: str
    state: DownloadState
    done_bytes: int = 0
    total_bytes: int = 0
    bytes_per_second: float = 0.0
    seconds_left: float | None = None
    sentence: str = ""
    path: Path | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, kw_only=True)
class HubTokenState:
    """`account`: as the hub calls its owner. `endpoint`: the only hub that the token is sent to."""

    has_token: bool
    account: str = ""
    endpoint: str = ""
    sentence: str = ""  # why the token is not sent now, where it is not
