"""Summaries of what a job has so far, from the database: of one of its documents, or of all together."""

from __future__ import annotations

import msgspec

from app.core import source_facts
from app.core.coverage import coverage
from app.core.kinds.summarize import SummarizeParams
from app.core.kinds.summary_result import collection_summary, document_summary
from app.core.levels import finished, last_results
from app.core.views import SummaryView
from app.store.items import Items
from app.store.jobs import JobRow, Jobs, SourceRow


class Summaries:
    """Of jobs that summarise. None: nothing is through so far."""

    def __init__(self, jobs: Jobs, items: Items) -> None:
        self._jobs = jobs
        self._items = items

    def of_document(self, job: JobRow, source: SourceRow) -> SummaryView | None:
        items = finished(self._items.levels(job.id, source.id))
        if not any(item.level == 0 for item in items):
            return None
        facts = source_facts.decode(source.facts)
        return document_summary(job.id, f"Summary of {source.name}", _params(job), facts, items)

    def of_all(self, job: JobRow) -> SummaryView | None:
        items = finished(self._items.levels(job.id, None))
        if not items:
            return None
        return collection_summary(
            job.id,
            job.title,
            _params(job),
            last_results(self._jobs, self._items, job.id),
            items,
            coverage=job.coverage or coverage(job, self._jobs, self._items),
            notes=[named_reason(source.name, source.error) for source in self._jobs.sources(job.id, state="failed")],
        )


def _params(job: JobRow) -> SummarizeParams:
    return msgspec.json.decode(job.params, type=SummarizeParams)


def named_reason(name: str, reason: str) -> str:
    """Why a document is not in a result, with its name, which the reason may have in it."""
    return reason if name in reason else f"{name}: {reason}"
