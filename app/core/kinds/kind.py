"""What a kind of job is: one small pure module with one of these in it, named in `kinds/__init__.py`.

A kind says what the engine is asked for an item, what becomes of the answer, and what follows when a document is
through. It knows nothing of queues, files and clocks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from app.core.kinds.item_input import ItemInput
from app.engine.messages import GenerateRequest, Usage


class ItemFailed(Exception):
    """An answer that is of no use; `str(error)` is the sentence that says why."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the engine said to one request of an item. `scores` as in RequestFinished, for requests with `score`."""

    text: str
    is_complete: bool  # False: it was cut at max_tokens
    usage: Usage
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finished:
    """An item that is through: with `output`, or failed with `error`."""

    id: int
    position: int  # in its level
    level: int
    input: ItemInput
    output: str
    error: str = ""

    @property
    def is_done(self) -> bool:
        return not self.error


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a job is about to be made from: for titles, and for checking its parameters."""

    names: tuple[str, ...]  # of the documents, as a person sees them
    columns: tuple[str, ...] | None = None  # of the tables, where all that was given are tables


class JobKind(ABC):
    """`params` below is always an instance of `params_type`."""

    name: ClassVar[str]  # in the database and on the command line: "summarize"
    params_type: ClassVar[type[msgspec.Struct]]
    cuts_documents: ClassVar[bool] = False
    """Documents are cut into pieces that fit; else each is one item, and fails where it is too long.

    Rows of tables are items of their own in kinds that do not cut; kinds that cut read a table as a document.
    """
    reads_lines: ClassVar[bool] = False  # each line of a file is an item (`Call`), as in a batch file
    has_levels: ClassVar[bool] = False  # items follow from items: see `follows` and `combine`

    @abstractmethod
    def check(self, params: Any, material: Material) -> None:
        """Raises KnownError for parameters that can't be used with this."""

    @abstractmethod
    def title(self, params: Any, material: Material) -> str:
        """As the job's card shows it: "Summary of report.pdf", "12 documents into 5 labels"."""

    @abstractmethod
    def output_tokens(self, params: Any) -> int:
        """The most that an item writes: for estimates. 0 where nothing is written but scored."""

    @abstractmethod
    def requests(self, params: Any, input: ItemInput) -> tuple[GenerateRequest, ...]:
        """What the engine is asked; all of it bulk. What requests of a job have in common stands at their beginning.

        Raises ItemFailed for an item of which nothing can be asked.
        """

    @abstractmethod
    def output(self, params: Any, input: ItemInput, answers: Sequence[Answer]) -> str:
        """What is stored, one answer a request; never empty. Raises ItemFailed."""

    @abstractmethod
    def cells(self, params: Any, item: Finished) -> dict[str, str]:
        """The columns that an item adds to a table of results, the same for each item of a job."""

    def fitted(self, params: Any, bulk_context: int) -> Any:
        """The parameters for a model that reads so many tokens at a time, to be stored in their place.

        Asked when the first document is cut, and again when the parameters or the model are others. Raises KnownError
        for a model that is too small for the job.
        """
        return params

    def first_requests(self, params: Any) -> tuple[GenerateRequest, ...]:
        """What is asked once before the items, of this model and these parameters: its answers go to `prepared`."""
        return ()

    def prepared(self, params: Any, answers: Sequence[Answer]) -> Any:
        """The parameters with what the first requests told, for `requests` and `output`; not to be stored."""
        return params

    def piece_tokens(self, params: Any, bulk_context: int) -> int:
        """Tokens that a piece of a document may have. Raises KnownError for a model that is too small for the job."""
        return bulk_context

    def id_of_line(self, line: str) -> str:
        """What a line calls itself; empty where it has no name. Asked where the kind `reads_lines`."""
        return ""

    def expected_items(self, params: Any, n_pieces: int) -> int:
        """Items of all levels of one document of so many pieces, where none fails."""
        return n_pieces

    def follows(self, params: Any, level: Sequence[Finished]) -> list[ItemInput]:
        """The items that follow when a level of a document, or of all together, is through; none: so is the document.

        The last item of its last level is a document's result.
        """
        return []

    def combine(self, params: Any, documents: Sequence[tuple[str, Finished]]) -> list[ItemInput]:
        """The items that follow when all documents are through: their names, each with its last result."""
        return []
