"""Results of a job, read from the database a few at a time: one an item, or one a document where items follow from
items. A document that could not be read is a result too, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.kinds.item_input import Call, ItemInput, Piece, Row
from app.core.kinds.kind import Finished, JobKind
from app.core.kinds.known import kind_of
from app.core.levels import finished
from app.core.summaries import Summaries
from app.core.summary_text import summary_cells, summary_markdown, summary_value
from app.store.items import ItemRow, Items
from app.store.jobs import JobRow, Jobs, SourceRow


@dataclass(frozen=True, kw_only=True)
class Result:
    """`part` of the document: "row 12", "pages 3–5"; empty: all of it. `row`: what a table had there.

    `cells`: the result as columns; `value`: the result as JSON has it; `text`: as a person reads it, in Markdown.
    """

    source_id: int | None  # None: of all documents together
    item: Finished | None  # None: of a whole document
    document: str
    part: str = ""
    row: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    value: Any = None
    text: str = ""
    error: str = ""


class Results:
    """Of any job, at any time."""

    def __init__(self, jobs: Jobs, items: Items) -> None:
        self._jobs = jobs
        self._items = items
        self._summaries = Summaries(jobs, items)

    def of_job(self, job: JobRow) -> Iterator[Result]:
        """All there are, in the order of the documents; what is about all of them together comes first."""
        kind, params = kind_of(job)
        if kind.has_levels:
            yield from self._of_all(job)
            for source in self._jobs.sources(job.id):
                yield from self._of_document(job, source)
            return
        failed = self._jobs.sources(job.id, state="failed")
        of: SourceRow | None = None
        for item in self._items.results(job.id):
            if of is None or of.id != item.source_id:
                of = self._source(item)
                while failed and failed[0].position < of.position:
                    yield _unread(failed.pop(0))
            yield _of_item(kind, params, of, item)
        yield from map(_unread, failed)

    def of_items(self, job: JobRow, item_ids: Sequence[int]) -> list[Result]:
        """Of those of these items that are through; where items follow from items, of documents that are."""
        kind, params = kind_of(job)
        items = [item for id in item_ids if (item := self._items.get(id)) is not None]
        if kind.has_levels:
            ids = dict.fromkeys(item.source_id for item in items if item.source_id is not None)
            sources = [source for id in ids if (source := self._jobs.source(id)) is not None]
            return [result for source in sources for result in self._of_document(job, source)]
        through = [item for item in items if item.state in ("done", "failed")]
        return [_of_item(kind, params, self._source(item), item) for item in through]

    def unread(self, job_id: str) -> list[Result]:
        """The documents that could not be read."""
        return [_unread(source) for source in self._jobs.sources(job_id, state="failed")]

    def _source(self, item: ItemRow) -> SourceRow:
        source = self._jobs.source(item.source_id) if item.source_id is not None else None
        assert source is not None, "items of level 0 have a document"
        return source

    def _of_all(self, job: JobRow) -> Iterator[Result]:
        if self._items.level(job.id, None, 0) and (summary := self._summaries.of_all(job)) is not None:
            yield Result(
                source_id=None,
                item=None,
                document="All documents",
                cells=summary_cells(summary),
                value=summary_value(summary),
                text=summary_markdown(summary),
            )

    def _of_document(self, job: JobRow, source: SourceRow) -> Iterator[Result]:
        if source.state == "failed":
            yield _unread(source)
        if source.state != "done" or (summary := self._summaries.of_document(job, source)) is None:
            return
        yield Result(
            source_id=source.id,
            item=None,
            document=source.name,
            cells=summary_cells(summary),
            value=summary_value(summary),
            text=summary_markdown(summary),
            error="" if summary.paragraphs else "; ".join(summary.notes),
        )


def _unread(source: SourceRow) -> Result:
    return Result(source_id=source.id, item=None, document=source.name, error=source.error)


def _of_item(kind: JobKind, params: Any, source: SourceRow, item: ItemRow) -> Result:
    (one,) = finished([item])
    cells = kind.cells(params, one)
    value = _value(one, cells)
    return Result(
        source_id=source.id,
        item=one,
        document=source.name,
        part=part_of(one, source.n_items),
        row=one.input.values if isinstance(one.input, Row) else {},
        cells=cells,
        value=value,
        text="" if one.error else value if isinstance(value, str) else _bullets(cells),
        error=one.error,
    )


def part_of(item: Finished, n_items: int) -> str:
    """Which part of its document an item is; empty: the only one."""
    input: ItemInput = item.input
    if isinstance(input, Row):
        return f"row {item.position + 1}"
    if isinstance(input, Call):
        return f"line {item.position + 1}"
    if n_items == 1:
        return ""
    if isinstance(input, Piece) and input.first_page is not None:
        first, last = input.first_page, input.last_page
        return f"page {first}" if first == last else f"pages {first}–{last}"
    return f"part {item.position + 1}"


def _value(item: Finished, cells: Mapping[str, str]) -> Any:
    """What a kind writes as JSON, as JSON; a kind whose column is its whole output writes text."""
    if item.error:
        return None
    if item.output in cells.values():
        return item.output
    try:
        return json.loads(item.output)
    except ValueError:
        return item.output


def _bullets(cells: Mapping[str, str]) -> str:
    return "\n".join(f"- **{name}**: {' '.join(value.split())}" for name, value in cells.items())
