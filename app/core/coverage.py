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
    was_read = {one.id: one for one in jobs.sources(job.id) if one.state in ("read", "done")}
    facts = {id: source_facts.decode(source.facts) for id, source in was_read.items()}
    n_pages = {id: one.n_pages for id, one in facts.items() if one.n_pages is not None}
    missing = {(id, page) for id in n_pages for page in facts[id].unread_pages}
    n_failed = items.count(job.id, 0).failed
    for item in items.page(job.id, state="failed", limit=_MOST_FAILED):
        input = item_input.decode(item.input)
        if item.level == 0 and item.source_id in n_pages and isinstance(input, item_input.Piece):
            n_failed -= 1
            missing |= {(item.source_id, page) for page in range(input.first_page or 1, (input.last_page or 0) + 1)}
    n_parts = sum(source.n_items for id, source in was_read.items() if id not in n_pages)
    texts = []
    if totals.n > 1:
        texts.append(f"{totals.n - totals.n_failed - totals.n_waiting:,} of {totals.n:,} documents")
    if n_pages:
        texts.append(f"{sum(n_pages.values()) - len(missing):,} of {sum(n_pages.values()):,} pages")
    if n_parts:
        is_table = any(one.columns is not None for one in facts.values())
        done = n_parts - n_failed
        texts.append(f"{done:,} of {n_parts:,} rows" if is_table else f"{done:,} of {n_parts:,} parts")
    return ", ".join(texts)
