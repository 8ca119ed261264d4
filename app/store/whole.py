"""All that a person has, read for a file that holds everything. For a snapshot: see Database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.store.chats import ChatRow, Chats, MessageRow
from app.store.database import Database

_ITEMS_AT_ONCE = 1000


def all_chats(database: Database) -> Iterator[tuple[ChatRow, list[MessageRow]]]:
    """Without what lies in the bin; newest first."""
    chats = Chats(database)
    for archived in (False, True):
        for chat in chats.all(archived=archived):
            yield chat, chats.messages(chat.id)


def all_jobs(database: Database) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """Of each its own line, its documents, its items with their results: what it is, and its columns."""
    for job in database.read("SELECT * FROM jobs WHERE state <> 'draft' ORDER BY position"):
        yield _lines(database, dict(job))


def _lines(database: Database, job: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "job", job
    for source in database.read("SELECT * FROM sources WHERE job_id = ? ORDER BY position", job["id"]):
        yield "source", dict(source)
    last = 0
    while rows := database.read(
        "SELECT * FROM items WHERE job_id = ? AND id > ? ORDER BY id LIMIT ?", job["id"], last, _ITEMS_AT_ONCE
    ):
        for row in rows:
            yield "item", dict(row)
        last = rows[-1]["id"]
