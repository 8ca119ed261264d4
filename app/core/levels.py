"""What follows when an item has ended: the next level of its document, the items over all documents, the job's end.

Called inside the transaction that records the item, so that a job is never found between two of its levels.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.coverage import coverage
from app.core.kinds import item_input
from app.core.kinds.kind import Finished, JobKind
from app.core.kinds.known import kind_of
from app.core.views import JobState
from app.store.items import ItemRow, Items
from app.store.jobs import JobRow, Jobs

_UNDER_WAY = (JobState.QUEUED.value, JobState.RUNNING.value)


class Levels:
    """Over all jobs."""

    def __init__(self, jobs: Jobs, items: Items) -> None:
        self._jobs = jobs
        self._items = items

    def item_ended(self, item: ItemRow) -> None:
        """It is done or failed."""
        job = self._jobs.get(item.job_id)
        if job is None:
            return
        kind, params = kind_of(job)
        if kind.has_levels:
            self._level_up(kind, params, item)
        self.settle(job.id)

    def settle(self, job_id: str) -> None:
        """End a job that is through, or queue what is made from all of its documents."""
        job = self._jobs.get(job_id)
        if job is None or job.state not in _UNDER_WAY:
            return
        counts = self._items.count(job_id)
        if counts.queued or counts.running:
            return
        kind, params = kind_of(job)
        open_states = ("waiting", "read") if kind.has_levels else ("waiting",)
        if self._jobs.has_source_in(job_id, *open_states):
            return
        if kind.has_levels and not self._items.levels(job_id, None):
            follows = kind.combine(params, last_results(self._jobs, self._items, job_id))
            if follows:
                self._items.add(job_id, None, 0, [item_input.encode(input) for input in follows])
                return
        self._end(job, n_done=counts.done)

    def _level_up(self, kind: JobKind, params: object, item: ItemRow) -> None:
        if not self._items.is_level_through(item.job_id, item.source_id, item.level):
            return
        level = finished(self._items.level(item.job_id, item.source_id, item.level))
        follows = kind.follows(params, level)
        if follows:
            inputs = [item_input.encode(input) for input in follows]
            self._items.add(item.job_id, item.source_id, item.level + 1, inputs)
        elif item.source_id is not None:
            self._jobs.set_source(item.source_id, "done")

    def _end(self, job: JobRow, *, n_done: int) -> None:
        if n_done:
            state, error = JobState.DONE, ""
        else:
            failed = [source.error for source in self._jobs.sources(job.id, state="failed")]
            failed += [item.error for item in self._items.page(job.id, state="failed", limit=1)]
            state, error = JobState.FAILED, failed[0] if failed else "There was nothing to work on."
        self._jobs.update(job.id, state=state.value, error=error, coverage=coverage(job, self._jobs, self._items))


def finished(items: Sequence[ItemRow]) -> list[Finished]:
    """Rows of the database as the kinds know them."""
    return [
        Finished(
            id=item.id,
            position=item.position,
            level=item.level,
            input=item_input.decode(item.input),
            output=item.output,
            error=item.error if item.state == "failed" else "",
        )
        for item in items
        if item.state in ("done", "failed")
    ]


def last_results(jobs: Jobs, items: Items, job_id: str) -> list[tuple[str, Finished]]:
    """Of each document that is through: the last item of its last level."""
    results = []
    for source in jobs.sources(job_id, state="done"):
        rows = items.levels(job_id, source.id)
        results += [(source.name, item) for item in finished(rows[-1:])]
    return results
