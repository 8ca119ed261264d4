"""Jobs and the documents they are made from.

States of a job: draft, queued, running, paused, done, failed, cancelled; of a document: waiting, read (its items are
queued), done (nothing follows from it any more), failed; of a folder or an archive: unfolded (its documents are there).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields

from app.store.database import Database


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """`params` is JSON of the job's kind, `options` JSON of JobOptions."""

    id: str
    kind: str
    title: str
    state: str
    params: str
    options: str
    model: str
    error: str
    position: int
    is_first: bool
    created_seconds: float
    coverage: str  # what went in, once the job is done
    n_expected: int
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """`facts` is JSON: pages, notes. `n_items` of level 0, with `n_tokens` of their own text in all."""

    id: int
    job_id: str
    position: int
    path: str
    name: str
    state: str
    error: str
    facts: str
    n_items: int
    n_tokens: int


@dataclass(frozen=True, kw_only=True)
class SourceTotals:
    """Over all documents of a job."""

    n: int
    n_waiting: int
    n_failed: int
    n_items: int
    n_tokens: int


@dataclass(frozen=True, kw_only=True)
class SpeedRow:
    """Tokens and the seconds they took, of a model's bulk work on this machine."""

    read_tokens: float
    read_seconds: float
    written_tokens: float
    written_seconds: float


class Jobs:
    """See `Items` for what they are cut into."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # jobs

    def all(self) -> list[JobRow]:
        return [_job(row) for row in self._database.read("SELECT * FROM jobs ORDER BY is_first DESC, position")]

    def begun(self) -> list[JobRow]:
        """Those that are to be worked on, in their order."""
        return [
            _job(row)
            for row in self._database.read(
                "SELECT * FROM jobs WHERE state IN ('queued', 'running') ORDER BY is_first DESC, position"
            )
        ]

    def get(self, job_id: str) -> JobRow | None:
        rows = self._database.read("SELECT * FROM jobs WHERE id = ?", job_id)
        return _job(rows[0]) if rows else None

    def add(
        self,
        *,
        id: str,
        kind: str,
        title: str,
        params: str,
        options: str,
        model: str,
        sources: Sequence[tuple[str, str]],
        now_seconds: float,
    ) -> None:
        """A draft at the end of the queue, its documents (path, name) still to be read."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO jobs (id, kind, title, state, params, options, model, created_seconds, position) VALUES"
                " (?, ?, ?, 'draft', ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM jobs))",
                (id, kind, title, params, options, model, now_seconds),
            )
        self.add_sources(id, sources)

    def update(self, job_id: str, **changes: object) -> None:
        """Set columns of a job by their names."""
        names = ", ".join(f"{name} = ?" for name in changes)
        with self._database.transaction() as sql:
            sql.execute(f"UPDATE jobs SET {names} WHERE id = ?", (*changes.values(), job_id))

    def set_state(self, job_id: str, state: str, error: str = "") -> None:
        self.update(job_id, state=state, error=error)

    def remove(self, job_id: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def move(self, job_id: str, places: int) -> None:
        """Up (negative) or down among the others."""
        ids = [job.id for job in self.all()]
        if job_id not in ids:
            return
        start = ids.index(job_id)
        ids.insert(max(0, min(len(ids) - 1, start + places)), ids.pop(start))
        with self._database.transaction() as sql:
            sql.executemany("UPDATE jobs SET position = ? WHERE id = ?", [(n, id) for n, id in enumerate(ids, 1)])

    # documents

    def add_sources(self, job_id: str, sources: Sequence[tuple[str, str]]) -> None:
        """Documents (path, name) behind those that are there."""
        with self._database.transaction() as sql:
            start = sql.execute("SELECT count(*) AS n FROM sources WHERE job_id = ?", (job_id,)).fetchone()["n"]
            sql.executemany(
                "INSERT INTO sources (job_id, position, path, name, state) VALUES (?, ?, ?, ?, 'waiting')",
                [(job_id, start + n, path, name) for n, (path, name) in enumerate(sources)],
            )

    def source(self, source_id: int) -> SourceRow | None:
        rows = self._database.read("SELECT * FROM sources WHERE id = ?", source_id)
        return _source(rows[0]) if rows else None

    def sources(self, job_id: str, *, state: str = "") -> list[SourceRow]:
        """In the order in which they were given."""
        rows = self._database.read(
            "SELECT * FROM sources WHERE job_id = ? AND (? = '' OR state = ?) ORDER BY position", job_id, state, state
        )
        return [_source(row) for row in rows]

    def source_totals(self, job_id: str) -> SourceTotals:
        (row,) = self._database.read(
            "SELECT count(*) AS n, coalesce(sum(state = 'waiting'), 0) AS n_waiting,"
            " coalesce(sum(state = 'failed'), 0) AS n_failed, coalesce(sum(n_items), 0) AS n_items,"
            " coalesce(sum(n_tokens), 0) AS n_tokens FROM sources WHERE job_id = ? AND state <> 'unfolded'",
            job_id,
        )
        return SourceTotals(**{key: row[key] for key in row.keys()})  # noqa: SIM118 (a row is no dict)

    def has_source_in(self, job_id: str, *states: str) -> bool:
        marks = ", ".join("?" * len(states))
        return bool(
            self._database.read(
                f"SELECT 1 FROM sources WHERE job_id = ? AND state IN ({marks}) LIMIT 1", job_id, *states
            )
        )

    def source_was_read(self, source: SourceRow, *, facts: str, n_items: int, n_tokens: int, n_expected: int) -> None:
        """Its items are queued: call it in one transaction with them."""
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE sources SET state = 'read', error = '', facts = ?, n_items = ?, n_tokens = ? WHERE id = ?",
                (facts, n_items, n_tokens, source.id),
            )
            sql.execute("UPDATE jobs SET n_expected = n_expected + ? WHERE id = ?", (n_expected, source.job_id))

    def next_to_read(self, busy: Sequence[int]) -> SourceRow | None:
        """The next document of any job that is not being read now: drafts first, somebody looks at them."""
        rows = self._database.read(
            "SELECT sources.* FROM sources JOIN jobs ON sources.job_id = jobs.id"
            " WHERE sources.state = 'waiting' AND jobs.state IN ('draft', 'queued', 'running')"
            " AND sources.id NOT IN (SELECT value FROM json_each(?))"
            " ORDER BY jobs.state = 'draft' DESC, jobs.is_first DESC, jobs.position, sources.position LIMIT 1",
            json.dumps(list(busy)),
        )
        return _source(rows[0]) if rows else None

    def set_source(self, source_id: int, state: str, error: str = "") -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE sources SET state = ?, error = ? WHERE id = ?", (state, error, source_id))

    def unfold(
        self, source: SourceRow, found: Sequence[tuple[str, str]], refused: Sequence[tuple[str, str]], facts: str
    ) -> None:
        """A folder or an archive becomes the documents in it: (path, name) each, and (name, why it is not read)."""
        with self._database.transaction() as sql:
            self.add_sources(source.job_id, [*found, *(("", name) for name, _ in refused)])
            sql.executemany(
                "UPDATE sources SET state = 'failed', error = ? WHERE job_id = ? AND path = '' AND name = ?",
                [(why, source.job_id, name) for name, why in refused],
            )
            sql.execute("UPDATE sources SET state = 'unfolded', facts = ? WHERE id = ?", (facts, source.id))

    def reread_failed(self, job_id: str) -> bool:
        """Documents that could not be read are to be tried again. False: there is none."""
        with self._database.transaction() as sql:
            return bool(
                sql.execute(
                    "UPDATE sources SET state = 'waiting', error = '' WHERE job_id = ? AND state = 'failed'", (job_id,)
                ).rowcount
            )

    # speeds

    def speed(self, model: str) -> SpeedRow | None:
        rows = self._database.read("SELECT * FROM speeds WHERE model = ?", model)
        return SpeedRow(**{field.name: rows[0][field.name] for field in fields(SpeedRow)}) if rows else None

    def set_speed(self, model: str, speed: SpeedRow) -> None:
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO speeds VALUES (?, ?, ?, ?, ?)",
                (model, speed.read_tokens, speed.read_seconds, speed.written_tokens, speed.written_seconds),
            )


_JOB_FIELDS = tuple(field.name for field in fields(JobRow))
_SOURCE_FIELDS = tuple(field.name for field in fields(SourceRow))


def _job(row: sqlite3.Row) -> JobRow:
    # by name: profiles from before the first release have a column that nothing uses
    return JobRow(**{**{name: row[name] for name in _JOB_FIELDS}, "is_first": bool(row["is_first"])})


def _source(row: sqlite3.Row) -> SourceRow:
    return SourceRow(**{name: row[name] for name in _SOURCE_FIELDS})
