"""What the format process is asked and answers: a model file in another kind of numbers, and what that loses."""

from __future__ import annotations

from app.errors import ErrorKind
from app.wire import Message


class Requantise(Message, frozen=True, kw_only=True):
    """Write `source` as `kind` to `target`, a file that is not there. Paths as the file system has them."""

    source: bytes
    target: bytes
    kind: str
    n_threads: int


class CompareFiles(Message, frozen=True, kw_only=True):
    """What `other` says of each next token of `text`, beside what `source` says. One is loaded at a time."""

    source: bytes
    others: tuple[bytes, ...]
    text: str
    n_threads: int


class Requantised(Message, frozen=True, kw_only=True):
    n_bytes: int


class Loss(Message, frozen=True, kw_only=True):
    """`divergence`: mean Kullback-Leibler divergence of the other's probabilities from the source's, in nats.

    `agreement`: share of tokens of which both say the same is likeliest. `n_tokens`: that were compared.
    """

    divergence: float
    agreement: float
    n_tokens: int


class FilesCompared(Message, frozen=True, kw_only=True):
    """One for each of the others, in their order."""

    losses: tuple[Loss, ...]


class FormatFailed(Message, frozen=True, kw_only=True):
    kind: ErrorKind
    sentence: str


FormatCommand = Requantise | CompareFiles
FormatAnswer = Requantised | FilesCompared | FormatFailed
