"""Chats and jobs that come from a file. They are added beside what is here, never over it.

What arrives lies in the bin, under a mark of its own, until `settle`: a crash before that leaves nothing, since
the next start empties the bin.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.store.chats import ChatRow, MessageRow
from app.store.database import Database

_IDS_AT_ONCE = 500


class Unfit(Exception):
    """A row has values that its table does not take."""


@dataclass(frozen=True, kw_only=True)
class Added:
    is_new: bool
    message_ids: frozenset[str]  # of those that are new


class Arrivals:
    """One import. `mark_seconds` stands as the time of deletion: a negative number that no other import has."""

    def __init__(self, database: Database, mark_seconds: float) -> None:
        self._database, self._mark = database, mark_seconds
        self._leaves: list[tuple[str, str, float]] = []  # of chats that were here: chat, leaf, time
        self._drafts: list[tuple[str, str]] = []
        self._jobs: list[tuple[str, Any]] = []  # with the state that they will have
        self._job = ""  # whose lines come now; empty: it is here already
        self._sources: dict[object, int] = {}  # of that job: its number in the file, and here
        self._unread: list[int] = []
        self._columns: dict[str, list[str]] = {}

    def add_chat(self, chat: ChatRow, messages: Sequence[MessageRow], draft: str = "") -> Added | None:
        """Messages with their parents first. To a chat that is here, what it lacks is added.

        None, and nothing is added: a message of it is here in another chat.
        """
        with self._database.transaction() as sql:
            known = self._known_messages([message.id for message in messages])
            if any(chat_id != chat.id for chat_id in known.values()):
                return None
            rows = sql.execute("SELECT updated_seconds, deleted_seconds FROM chats WHERE id = ?", (chat.id,)).fetchall()
            here = rows[0] if rows else None
            if here is not None and here["deleted_seconds"] not in (None, self._mark):
                sql.execute("DELETE FROM chats WHERE id = ?", (chat.id,))  # from the bin
                here, known = None, {}
            missing = [message for message in messages if message.id not in known]
            if here is None:
                self._insert_chat(chat, min((m.created_seconds for m in messages), default=chat.updated_seconds))
                if draft:
                    self._drafts.append((chat.id, draft))
            elif missing and chat.leaf_id is not None and chat.updated_seconds > here["updated_seconds"]:
                self._leaves.append((chat.id, chat.leaf_id, chat.updated_seconds))
            sql.executemany(
                "INSERT INTO messages (id, chat_id, parent_id, role, text, state, error, figures, created_seconds,"
                " is_pinned, deleted_seconds, model_name, thinking_seconds)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        row.id,
                        chat.id,
                        row.parent_id,
                        row.role,
                        row.text,
                        row.state,
                        row.error,
                        None if row.figures is None else json.dumps(row.figures),
                        row.created_seconds,
                        row.is_pinned,
                        None if here is None else self._mark,
                        row.model_name,
                        row.thinking_seconds,
                    )
                    for row in missing
                ],
            )
        return Added(is_new=here is None, message_ids=frozenset(message.id for message in missing))

    def add_waiting(self, chat_id: str, turns: Sequence[tuple[str, str]]) -> None:
        """Turns (id, text) that had not been sent: they wait for the person."""
        with self._database.transaction() as sql:
            sql.executemany(
                "INSERT OR IGNORE INTO queued_turns (id, chat_id, text, is_left) VALUES (?, ?, ?, 1)",
                [(id, chat_id, text) for id, text in turns],
            )

    def add_job_lines(self, lines: Iterable[tuple[str, dict[str, Any]]]) -> int:
        """Jobs, each followed by its documents and its items, by their columns; returns how many of them are new.

        One job may come in several calls. Until `settle` it is a draft, which a start without that would remove; one
        that was not over waits then until somebody lets it go on. Raises Unfit.
        """
        n_new = 0
        with self._database.transaction() as sql:
            for what, columns in lines:
                if what == "job":
                    job_id = str(columns["id"])
                    self._sources = {}
                    is_here = sql.execute("SELECT 1 FROM jobs WHERE id = ?", (job_id,)).fetchone()
                    self._job = "" if is_here else job_id
                    if is_here:
                        continue
                    (place,) = sql.execute("SELECT coalesce(max(position), 0) + 1 FROM jobs").fetchone()
                    self._insert("jobs", {**columns, "position": place, "is_first": 0, "state": "draft"})
                    self._jobs.append((job_id, _rested(columns)))
                    n_new += 1
                elif self._job and what == "source":
                    is_waiting = columns.get("state") == "waiting"
                    own = {"id": None, "job_id": self._job, "state": "failed" if is_waiting else columns.get("state")}
                    id = self._sources[columns["id"]] = self._insert("sources", {**columns, **own})
                    self._unread += [id] if is_waiting else []
                elif self._job and what == "item":
                    state = "queued" if columns.get("state") == "running" else columns.get("state")
                    own = {"id": None, "job_id": self._job, "source_id": self._sources.get(columns.get("source_id"))}
                    self._insert("items", {**columns, **own, "state": state, "lease": ""})
        return n_new

    def drop_job(self) -> None:
        """The last one can't be taken over after all."""
        if self._job:
            with self._database.transaction() as sql:
                sql.execute("DELETE FROM jobs WHERE id = ?", (self._job,))
            self._jobs = [(id, state) for id, state in self._jobs if id != self._job]
            self._job = ""

    @property
    def job_ids(self) -> list[str]:
        """Those that are new."""
        return [id for id, _ in self._jobs]

    def settle(self) -> None:
        """What has arrived is there from now on."""
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET deleted_seconds = NULL WHERE deleted_seconds = ?", (self._mark,))
            sql.execute("UPDATE messages SET deleted_seconds = NULL WHERE deleted_seconds = ?", (self._mark,))
            sql.executemany("INSERT OR IGNORE INTO drafts VALUES (?, ?)", self._drafts)
            sql.executemany(
                "UPDATE chats SET leaf_id = ?, updated_seconds = ? WHERE id = ? AND NOT EXISTS"
                " (SELECT 1 FROM messages WHERE chat_id = chats.id AND state = 'writing')",
                [(leaf, seconds, chat_id) for chat_id, leaf, seconds in self._leaves],
            )
            sql.executemany("UPDATE jobs SET state = ? WHERE id = ?", [(state, id) for id, state in self._jobs])
            sql.executemany("UPDATE sources SET state = 'waiting' WHERE id = ?", [(id,) for id in self._unread])

    def undo(self) -> None:
        """Nothing has arrived."""
        with self._database.transaction() as sql:
            sql.execute(
                "DELETE FROM attachments WHERE message_id IN (SELECT messages.id FROM messages JOIN chats"
                " ON chats.id = chat_id WHERE ? IN (messages.deleted_seconds, chats.deleted_seconds))",
                (self._mark,),
            )
            sql.execute("DELETE FROM messages WHERE deleted_seconds = ?", (self._mark,))
            sql.execute("DELETE FROM chats WHERE deleted_seconds = ?", (self._mark,))
            sql.executemany("DELETE FROM jobs WHERE id = ?", [(id,) for id in self.job_ids])

    def _known_messages(self, ids: Sequence[str]) -> dict[str, str]:
        """Those of `ids` that are here, and their chats."""
        known: dict[str, str] = {}
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = json.dumps(ids[start : start + _IDS_AT_ONCE])
            rows = self._database.read(
                "SELECT id, chat_id FROM messages WHERE id IN (SELECT value FROM json_each(?))", some
            )
            known.update({row["id"]: row["chat_id"] for row in rows})
        return known

    def _insert_chat(self, chat: ChatRow, created_seconds: float) -> None:
        self._insert(
            "chats",
            {
                "id": chat.id,
                "title": chat.title,
                "leaf_id": chat.leaf_id,
                "created_seconds": created_seconds,
                "updated_seconds": chat.updated_seconds,
                "deleted_seconds": self._mark,
                "folder_id": chat.folder_id,
                "persona_id": chat.persona_id,
                "tags": json.dumps(list(chat.tags), ensure_ascii=False),
                "options": chat.options,
                "is_pinned": chat.is_pinned,
                "is_archived": chat.is_archived,
            },
        )

    def _insert(self, table: str, columns: dict[str, Any]) -> int:
        """What the table has no column for is left out: a newer program wrote it."""
        if table not in self._columns:
            self._columns[table] = self._database.columns(table)
        known = {name: columns[name] for name in self._columns[table] if name in columns}
        with self._database.transaction() as sql:
            try:
                added = sql.execute(
                    f"INSERT INTO {table} ({', '.join(known)}) VALUES ({', '.join('?' * len(known))})",
                    tuple(known.values()),
                )
            except (sqlite3.IntegrityError, sqlite3.ProgrammingError, OverflowError) as error:
                raise Unfit(str(error)) from error
        return int(added.lastrowid or 0)


def _rested(columns: dict[str, Any]) -> Any:
    state = columns.get("state")
    return "paused" if state in ("queued", "running") else state
