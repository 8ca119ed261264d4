"""How much of what was given went into a job's result: "312 of 312 pages", "99,990 of 100,000 rows"."""

from __future__ import annotations

from app.core import source_facts
from app.core.kinds import item_input
from app.store.items import Items
from app.store.jobs import JobRow, Jobs

_MOST_FAILED = 10_000  # items that are looked at for their pages


def coverage(job: JobRow, jobs: Jobs, items: Items) -> str:
    """Of a job that is through. A page of which a part failed does not count."""
    totals = jobs.source_totals(job.id)
    counts = items.count(job.id, 0)
    sources = {source.id: source_facts.decode(source.facts) for source in jobs.sources(job.id)}
    n_read = totals.n - totals.n_failed - totals.n_waiting
    parts = [f"{n_read:,} of {totals.n:,} documents"] if totals.n > 1 else []
    if sources and all(facts.n_pages is not None for facts in sources.values() if facts != source_facts.SourceFacts()):
        n_pages = sum(facts.n_pages or 0 for facts in sources.values())
        missing: set[tuple[int | None, int]] = {
            (id, page) for id, facts in sources.items() for page in facts.unread_pages
        }
        for item in items.page(job.id, state="failed", limit=_MOST_FAILED):
            input = item_input.decode(item.input)
            if isinstance(input, item_input.Piece) and input.first_page is not None and input.last_page is not None:
                missing |= {(item.source_id, page) for page in range(input.first_page, input.last_page + 1)}
        if n_pages:
            return ", ".join([*parts, f"{n_pages - len(missing):,} of {n_pages:,} pages"])
    has_rows = any(facts.columns is not None for facts in sources.values())
    return ", ".join([*parts, f"{counts.done:,} of {counts.total:,} {'rows' if has_rows else 'parts'}"])
