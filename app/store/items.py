"""Items of jobs: the durable queue. A row leaves `running` only with its result, or back to the queue.

States: queued, running, done, failed. Nothing is recorded for an item that is not running under this run's lease.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields

from app.store.database import Database


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """`input` is JSON (core/kinds/item_input.py), `output` the text that came of it. Tokens and seconds: its cost."""

    id: int
    job_id: str
    source_id: int | None
    level: int
    position: int
    state: str
    input: str
    output: str
    error: str
    is_suspect: bool
    crashes: int
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one item; `cached_tokens` of the prompt did not have to be read."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0


NO_COST = Cost()


@dataclass(frozen=True, kw_only=True)
class ItemCounts:
    queued: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.queued + self.running + self.done + self.failed


class Items:
    """`lease` names this run of the program."""

    def __init__(self, database: Database, lease: str) -> None:
        self._database = database
        self._lease = lease

    def together(self) -> AbstractContextManager[sqlite3.Connection]:
        """What is recorded in this block is one commit."""
        return self._database.transaction()

    # what is added

    def add(self, job_id: str, source_id: int | None, level: int, inputs: Sequence[str], *, start: int = 0) -> None:
        """Queue items, at positions from `start` on."""
        with self._database.transaction() as sql:
            sql.executemany(
                "INSERT INTO items (job_id, source_id, level, position, state, input) VALUES (?, ?, ?, ?, 'queued', ?)",
                [(job_id, source_id, level, start + n, text) for n, text in enumerate(inputs)],
            )

    # what is worked on

    def claim(self, job_ids: Sequence[str], most: int, *, only_suspects: bool = False) -> list[ItemRow]:
        """The next items of these jobs, now running: of the jobs put first, then of the one with the fewest running.

        Later levels come first, so that what was begun is finished.
        """
        claimed: list[ItemRow] = []
        with self._database.transaction() as sql:
            while len(claimed) < most:
                row = sql.execute(_CLAIM, (self._lease, json.dumps(list(job_ids)), int(only_suspects))).fetchone()
                if row is None:
                    break
                sql.execute("UPDATE jobs SET state = 'running' WHERE id = ? AND state = 'queued'", (row["job_id"],))
                claimed.append(_item(row))
        return claimed

    def has_suspects(self, job_ids: Sequence[str]) -> bool:
        """Have these jobs items to run that were running when the engine crashed?"""
        return bool(
            self._database.read(
                "SELECT 1 FROM items INDEXED BY items_suspect JOIN jobs ON items.job_id = jobs.id"
                " WHERE items.is_suspect = 1 AND items.state = 'queued' AND jobs.state IN ('queued', 'running')"
                " AND jobs.id IN (SELECT value FROM json_each(?)) LIMIT 1",
                json.dumps(list(job_ids)),
            )
        )

    def end(self, item: ItemRow, *, output: str = "", error: str = "", cost: Cost = NO_COST) -> bool:
        """The result and its state in one commit. False: it was not running any more, and nothing is recorded."""
        with self._database.transaction() as sql:
            ended = sql.execute(
                "UPDATE items SET state = ?, output = ?, error = ?, is_suspect = 0, lease = '', prompt_tokens = ?,"
                " cached_tokens = ?, output_tokens = ?, seconds = ? WHERE id = ? AND state = 'running' AND lease = ?",
                (
                    "failed" if error else "done",
                    output,
                    error,
                    cost.prompt_tokens,
                    cost.cached_tokens,
                    cost.output_tokens,
                    cost.seconds,
                    item.id,
                    self._lease,
                ),
            ).rowcount
            if ended:
                sql.execute(
                    "UPDATE jobs SET prompt_tokens = prompt_tokens + ?, cached_tokens = cached_tokens + ?,"
                    " output_tokens = output_tokens + ? WHERE id = ?",
                    (cost.prompt_tokens, cost.cached_tokens, cost.output_tokens, item.job_id),
                )
        return bool(ended)

    def requeue(self, item_id: int) -> None:
        """It was not done; somebody else may do it."""
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE items SET state = 'queued', lease = '' WHERE id = ? AND state = 'running' AND lease = ?",
                (item_id, self._lease),
            )

    def requeue_suspect(self, item_id: int, crashes: int) -> None:
        """It was running when the engine crashed: it goes alone."""
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE items SET state = 'queued', lease = '', is_suspect = 1, crashes = ?"
                " WHERE id = ? AND state = 'running' AND lease = ?",
                (crashes, item_id, self._lease),
            )

    def requeue_all_running(self) -> int:
        """At the start of the program: what the run before had under its lease. Returns how many."""
        with self._database.transaction() as sql:
            return sql.execute(
                "UPDATE items SET state = 'queued', lease = '' WHERE state = 'running' AND lease <> ?", (self._lease,)
            ).rowcount

    def retry(self, job_id: str, item_id: int | None = None) -> bool:
        """Failed items go again (one, or all of the job); what was made from their level is made again.

        False: there was none.
        """
        with self._database.transaction() as sql:
            failed = sql.execute(
                "SELECT id, source_id, level FROM items"
                " WHERE job_id = ? AND state = 'failed' AND (? IS NULL OR id = ?)",
                (job_id, item_id, item_id),
            ).fetchall()
            lowest: dict[int | None, int] = {}
            for row in failed:
                source, level = row["source_id"], row["level"]
                lowest[source] = min(level, lowest.get(source, level))
            for source, level in lowest.items():
                sql.execute(
                    "DELETE FROM items WHERE job_id = ? AND source_id IS ? AND level > ?", (job_id, source, level)
                )
                if source is not None:
                    sql.execute("DELETE FROM items WHERE job_id = ? AND source_id IS NULL", (job_id,))
                    sql.execute("UPDATE sources SET state = 'read' WHERE id = ? AND state = 'done'", (source,))
            sql.execute(
                "UPDATE items SET state = 'queued', error = '', crashes = 0, is_suspect = 0"
                " WHERE job_id = ? AND state = 'failed' AND (? IS NULL OR id = ?)",
                (job_id, item_id, item_id),
            )
        return bool(failed)

    # what there is

    def get(self, item_id: int) -> ItemRow | None:
        rows = self._database.read("SELECT * FROM items WHERE id = ?", item_id)
        return _item(rows[0]) if rows else None

    def level(self, job_id: str, source_id: int | None, level: int) -> list[ItemRow]:
        """In their order."""
        rows = self._database.read(
            "SELECT * FROM items WHERE job_id = ? AND source_id IS ? AND level = ? ORDER BY position",
            job_id,
            source_id,
            level,
        )
        return [_item(row) for row in rows]

    def levels(self, job_id: str, source_id: int | None) -> list[ItemRow]:
        """All of a document, level by level."""
        rows = self._database.read(
            "SELECT * FROM items WHERE job_id = ? AND source_id IS ? ORDER BY level, position", job_id, source_id
        )
        return [_item(row) for row in rows]

    def is_level_through(self, job_id: str, source_id: int | None, level: int) -> bool:
        return not self._database.read(
            "SELECT 1 FROM items WHERE job_id = ? AND source_id IS ? AND level = ? AND state IN ('queued', 'running')"
            " LIMIT 1",
            job_id,
            source_id,
            level,
        )

    def page(self, job_id: str, *, state: str = "", offset: int = 0, limit: int = 100) -> list[ItemRow]:
        """A part of the list of all items, or of those in one state."""
        if state:
            rows = self._database.read(
                "SELECT * FROM items INDEXED BY items_to_claim WHERE job_id = ? AND state = ?"
                " ORDER BY is_suspect, level DESC, id LIMIT ? OFFSET ?",
                job_id,
                state,
                limit,
                offset,
            )
        else:
            rows = self._database.read(
                "SELECT * FROM items WHERE job_id = ? ORDER BY id LIMIT ? OFFSET ?", job_id, limit, offset
            )
        return [_item(row) for row in rows]

    def results(self, job_id: str) -> Iterator[ItemRow]:
        """Finished items of level 0, in the order of their documents; a few in memory at a time."""
        sources = self._database.read("SELECT id FROM sources WHERE job_id = ? ORDER BY position", job_id)
        for source in sources:
            after = -1
            while rows := self._database.read(
                "SELECT * FROM items WHERE source_id = ? AND level = 0 AND position > ? AND state IN ('done', 'failed')"
                " ORDER BY position LIMIT 500",
                source["id"],
                after,
            ):
                yield from map(_item, rows)
                after = rows[-1]["position"]

    def n_of_source(self, source_id: int) -> int:
        """How many items of level 0 a document has so far."""
        rows = self._database.read(
            "SELECT coalesce(max(position), -1) + 1 AS n FROM items WHERE source_id = ? AND level = 0", source_id
        )
        return int(rows[0]["n"])

    def first(self, job_id: str) -> ItemRow | None:
        rows = self._database.read("SELECT * FROM items WHERE job_id = ? ORDER BY id LIMIT 1", job_id)
        return _item(rows[0]) if rows else None

    def count(self, job_id: str, level: int | None = None) -> ItemCounts:
        """Of one level, or of all; costs the same for a job of any size."""
        rows = self._database.read(
            "SELECT state, sum(n) AS n FROM item_counts WHERE job_id = ? AND (? IS NULL OR level = ?) GROUP BY state",
            job_id,
            level,
            level,
        )
        return ItemCounts(**{row["state"]: row["n"] for row in rows})


_CLAIM = """
UPDATE items SET state = 'running', lease = ? WHERE id = (
    -- one look into the index a job: a sort over all items would take seconds for a large job
    SELECT (SELECT id FROM items WHERE job_id = jobs.id AND state = 'queued' AND is_suspect = ?3
            ORDER BY level DESC, id LIMIT 1) AS next_id
    FROM jobs
    WHERE jobs.id IN (SELECT value FROM json_each(?2)) AND jobs.state IN ('queued', 'running') AND next_id IS NOT NULL
    ORDER BY jobs.is_first DESC,
        (SELECT coalesce(sum(n), 0) FROM item_counts WHERE job_id = jobs.id AND state = 'running'), jobs.position
    LIMIT 1
) RETURNING *
"""

_FIELDS = tuple(field.name for field in fields(ItemRow))


def _item(row: sqlite3.Row) -> ItemRow:
    return ItemRow(**{**{name: row[name] for name in _FIELDS}, "is_suspect": bool(row["is_suspect"])})
