"""What is in a job: its parameters, documents, items and summaries, as the faces see them."""

from __future__ import annotations

from typing import Any

from app.core import job_options, job_views
from app.core.job_options import JobOptions
from app.core.kinds.known import kind_of
from app.core.summaries import Summaries
from app.core.views import DocumentView, ItemDetail, ItemPage, ItemState, SummaryView
from app.errors import ErrorKind, KnownError
from app.store.items import Items
from app.store.jobs import JobRow, Jobs


class JobContents:
    """Of all jobs. Raises KnownError for what is not there any more."""

    def __init__(self, jobs: Jobs, items: Items) -> None:
        self._jobs = jobs
        self._items = items
        self._summaries = Summaries(jobs, items)

    def params(self, job_id: str) -> Any:
        return kind_of(self._job(job_id))[1]

    def options(self, job_id: str) -> JobOptions:
        return job_options.decode(self._job(job_id).options)

    def documents(self, job_id: str) -> list[DocumentView]:
        return [job_views.document_view(one) for one in self._jobs.sources(job_id) if one.state != "unfolded"]

    def page(self, job_id: str, state: ItemState | None, offset: int, limit: int) -> ItemPage:
        """A part of the list of a job's items, or of those in one state."""
        name = state.value if state is not None else ""
        rows = self._items.page(job_id, state=name, offset=offset, limit=limit)
        counts = self._items.count(job_id)
        sources = {id: self._jobs.source(id) for id in {row.source_id for row in rows} if id is not None}
        return ItemPage(
            job_id=job_id,
            state=state,
            offset=offset,
            total=getattr(counts, name) if name else counts.total,
            items=tuple(job_views.item_view(row, sources.get(row.source_id or 0)) for row in rows),
        )

    def item(self, item_id: int) -> ItemDetail:
        row = self._items.get(item_id)
        if row is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This part is not there any more.")
        source = self._jobs.source(row.source_id) if row.source_id is not None else None
        return job_views.item_detail(self._job(row.job_id), row, source)

    def summary(self, job_id: str, document: int) -> SummaryView:
        """Of one document of a summary job, by its place among them; -1: of all together. Raises KnownError."""
        job = self._job(job_id)
        if job.kind != "summarize" or job.state != "done":
            raise KnownError(ErrorKind.BAD_REQUEST, f"{job.title} is not finished yet.")
        if document < 0:
            found = self._summaries.of_all(job)
        else:
            sources = [source for source in self._jobs.sources(job_id) if source.state != "unfolded"]
            if document >= len(sources):
                raise KnownError(ErrorKind.BAD_REQUEST, "This document is not there any more.")
            found = self._summaries.of_document(job, sources[document])
            if found is None and sources[document].error:
                raise KnownError(ErrorKind.BAD_REQUEST, sources[document].error)
        if found is None:
            raise KnownError(ErrorKind.BAD_REQUEST, f"{job.title} has no such summary.")
        return found

    def _job(self, job_id: str) -> JobRow:
        job = self._jobs.get(job_id)
        if job is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This job is not there any more.")
        return job
