"""Jobs and their items: the durable queue. A row leaves `running` only with its result, or back to the queue.

States of a job: reading, queued, running, paused, done, failed, cancelled. Of an item: queued, running, done, failed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields

from app.store.database import Database


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """`params` is JSON that the job's kind wrote."""

    id: str
    kind: str
    title: str
    state: str
    source: str
    params: str
    error: str
    position: int
    created_seconds: float
    coverage: str = ""  # what went in, once the job is done


@dataclass(frozen=True, kw_only=True)
class JobEnd:
    """The last word on a job, recorded in one commit with its last item."""

    state: str
    error: str = ""
    coverage: str = ""


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """`input` is JSON that the job's kind wrote, `output` the text that came of it."""

    id: int
    job_id: str
    level: int
    position: int
    state: str
    input: str
    output: str
    error: str
    is_suspect: bool
    crashes: int


@dataclass(frozen=True, kw_only=True)
class ItemCounts:
    queued: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0


class Jobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    # jobs

    def all(self) -> list[JobRow]:
        return [_job(row) for row in self._database.read("SELECT * FROM jobs ORDER BY position")]

    def get(self, job_id: str) -> JobRow | None:
        rows = self._database.read("SELECT * FROM jobs WHERE id = ?", job_id)
        return _job(rows[0]) if rows else None

    def add(self, *, id: str, kind: str, title: str, source: str, params: str, now_seconds: float) -> None:
        """A new job at the end of the queue, its document still to be read."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO jobs (id, kind, title, state, source, params, created_seconds, position) VALUES"
                " (?, ?, ?, 'reading', ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM jobs))",
                (id, kind, title, source, params, now_seconds),
            )

    def set_state(self, job_id: str, state: str, error: str = "") -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE jobs SET state = ?, error = ? WHERE id = ?", (state, error, job_id))

    def remove(self, job_id: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    # items

    def queue_items(self, job_id: str, level: int, inputs: Sequence[str], *, params: str | None = None) -> None:
        """The items of a level; the job is ready to run with the same commit. `params`: new ones for the job."""
        with self._database.transaction() as sql:
            _insert_items(sql, job_id, level, inputs)
            sql.execute("UPDATE jobs SET state = 'queued' WHERE id = ? AND state = 'reading'", (job_id,))
            if params is not None:
                sql.execute("UPDATE jobs SET params = ? WHERE id = ?", (params, job_id))

    def claim(self, *, only_suspects: bool) -> ItemRow | None:
        """The next item, and its job, now running: later levels first, so that what was begun is finished."""
        with self._database.transaction() as sql:
            row = sql.execute(
                "UPDATE items SET state = 'running' WHERE id = ("
                # one look into the index a job: a sort over all items would take seconds for a large job
                " SELECT (SELECT id FROM items WHERE job_id = jobs.id AND state = 'queued' AND is_suspect = ?"
                "         ORDER BY level DESC, position LIMIT 1) AS next_id"
                " FROM jobs WHERE jobs.state IN ('queued', 'running') AND next_id IS NOT NULL"
                " ORDER BY jobs.position LIMIT 1) RETURNING *",
                (int(only_suspects),),
            ).fetchone()
            if row:
                sql.execute("UPDATE jobs SET state = 'running' WHERE id = ? AND state = 'queued'", (row["job_id"],))
        return _item(row) if row else None

    def has_suspects(self) -> bool:
        """Are there items to run that were running when the engine crashed?"""
        return bool(
            self._database.read(
                "SELECT 1 FROM items INDEXED BY items_suspect JOIN jobs ON items.job_id = jobs.id"
                " WHERE items.is_suspect = 1 AND items.state = 'queued' AND jobs.state IN ('queued', 'running') LIMIT 1"
            )
        )

    def finish_item(
        self, item: ItemRow, output: str, *, next_level: Sequence[str] = (), job_end: JobEnd | None = None
    ) -> None:
        """The result and "done" in one commit, with the items that follow from it, or the end of the job."""
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE items SET state = 'done', output = ?, error = '', is_suspect = 0 WHERE id = ?",
                (output, item.id),
            )
            _level_up(sql, item, next_level, job_end)

    def fail_item(
        self, item: ItemRow, error: str, *, next_level: Sequence[str] = (), job_end: JobEnd | None = None
    ) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE items SET state = 'failed', error = ?, is_suspect = 0 WHERE id = ?", (error, item.id))
            _level_up(sql, item, next_level, job_end)

    def requeue(self, item_id: int) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE items SET state = 'queued' WHERE id = ? AND state = 'running'", (item_id,))

    def requeue_suspect(self, item_id: int, crashes: int) -> None:
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE items SET state = 'queued', is_suspect = 1, crashes = ? WHERE id = ?", (crashes, item_id)
            )

    def requeue_all_running(self) -> int:
        """At the start of the program: what a kill or a quit left running. Returns how many."""
        with self._database.transaction() as sql:
            return sql.execute("UPDATE items SET state = 'queued' WHERE state = 'running'").rowcount

    def retry_failed(self, job_id: str) -> None:
        """Failed items go again; what was made from the level they belong to is made again."""
        with self._database.transaction() as sql:
            row = sql.execute("SELECT min(level) AS level FROM items WHERE job_id = ? AND state = 'failed'", (job_id,))
            lowest = row.fetchone()["level"]
            if lowest is not None:
                sql.execute("DELETE FROM items WHERE job_id = ? AND level > ?", (job_id, lowest))
                sql.execute(
                    "UPDATE items SET state = 'queued', error = '', crashes = 0 WHERE job_id = ? AND state = 'failed'",
                    (job_id,),
                )

    def items(self, job_id: str, level: int | None = None) -> list[ItemRow]:
        rows = self._database.read(
            "SELECT * FROM items WHERE job_id = ? AND (? IS NULL OR level = ?) ORDER BY level, position",
            job_id,
            level,
            level,
        )
        return [_item(row) for row in rows]

    def count(self, job_id: str, level: int | None = None) -> ItemCounts:
        """Of one level, or of all; costs the same for a job of any size."""
        rows = self._database.read(
            "SELECT state, sum(n) AS n FROM item_counts WHERE job_id = ? AND (? IS NULL OR level = ?) GROUP BY state",
            job_id,
            level,
            level,
        )
        return ItemCounts(**{row["state"]: row["n"] for row in rows})


def _insert_items(sql: sqlite3.Connection, job_id: str, level: int, inputs: Sequence[str]) -> None:
    sql.executemany(
        "INSERT INTO items (job_id, level, position, state, input) VALUES (?, ?, ?, 'queued', ?)",
        [(job_id, level, position, text) for position, text in enumerate(inputs)],
    )


def _level_up(sql: sqlite3.Connection, item: ItemRow, next_level: Sequence[str], job_end: JobEnd | None) -> None:
    if next_level:
        _insert_items(sql, item.job_id, item.level + 1, next_level)
    if job_end is not None:
        sql.execute(
            "UPDATE jobs SET state = ?, error = ?, coverage = ? WHERE id = ?",
            (job_end.state, job_end.error, job_end.coverage, item.job_id),
        )


_JOB_FIELDS = tuple(field.name for field in fields(JobRow))


def _job(row: sqlite3.Row) -> JobRow:
    # by name: profiles from before the first release have a column that nothing uses
    return JobRow(**{name: row[name] for name in _JOB_FIELDS})


_ITEM_FIELDS = tuple(field.name for field in fields(ItemRow))


def _item(row: sqlite3.Row) -> ItemRow:
    return ItemRow(**{**{name: row[name] for name in _ITEM_FIELDS}, "is_suspect": bool(row["is_suspect"])})
