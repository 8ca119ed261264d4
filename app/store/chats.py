"""Chats and their messages: a tree a chat, of which one branch is shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import Any

from app.store.database import Database
from app.store.search import Found, find


@dataclass(frozen=True, kw_only=True)
class ChatRow:
    id: str
    title: str
    leaf_id: str | None
    updated_seconds: float
    folder_id: str = ""
    persona_id: str = ""
    tags: tuple[str, ...] = ()
    options: str = "{}"  # JSON
    is_pinned: bool = False
    is_archived: bool = False
    title_by: str = "person"  # or "model", or "words": its first ones, until there is a better one


@dataclass(frozen=True, kw_only=True)
class MessageRow:
    """`figures` is the kind of JSON that `finish_message` was given, or None."""

    id: str
    chat_id: str
    parent_id: str | None
    role: str
    text: str
    state: str
    error: str
    figures: dict[str, Any] | None
    created_seconds: float
    is_pinned: bool = False
    deleted_seconds: float | None = None
    model_name: str = ""
    thinking_seconds: float = 0.0


class Chats:
    def __init__(self, database: Database) -> None:
        self._database = database

    # chats

    def together(self) -> AbstractContextManager[sqlite3.Connection]:
        """What is written in this block is one commit."""
        return self._database.transaction()

    def all(self, *, archived: bool = False) -> list[ChatRow]:
        """Newest first, without those in the bin."""
        return [
            _chat(row)
            for row in self._database.read(
                "SELECT * FROM chats WHERE deleted_seconds IS NULL AND is_archived = ? ORDER BY updated_seconds DESC",
                archived,
            )
        ]

    def get(self, chat_id: str) -> ChatRow | None:
        rows = self._database.read("SELECT * FROM chats WHERE id = ? AND deleted_seconds IS NULL", chat_id)
        return _chat(rows[0]) if rows else None

    def is_in_bin(self, chat_id: str) -> bool:
        return bool(self._database.read("SELECT 1 FROM chats WHERE id = ? AND deleted_seconds IS NOT NULL", chat_id))

    def search(self, text: str, limit: int) -> list[Found]:
        return find(self._database, text, limit)

    def change(self, chat_id: str, **columns: Any) -> None:
        """Set columns of a chat."""
        with self._database.transaction() as sql:
            sql.execute(
                f"UPDATE chats SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?",
                (*columns.values(), chat_id),
            )

    def duplicate(self, chat_id: str, copy_id: str, new_id: Callable[[], str], now_seconds: float) -> dict[str, str]:
        """The chat with all of its branches, under new ids: those of messages by the old ones."""
        rows = self._database.read(
            "SELECT * FROM messages WHERE chat_id = ? AND deleted_seconds IS NULL ORDER BY rowid", chat_id
        )
        ids = {row["id"]: new_id() for row in rows}
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO chats (id, title, leaf_id, created_seconds, updated_seconds, folder_id, persona_id, tags,"
                " options) SELECT ?, title, NULL, ?, ?, folder_id, persona_id, tags, options FROM chats WHERE id = ?",
                (copy_id, now_seconds, now_seconds, chat_id),
            )
            for row in rows:
                copied = {**dict(row), "id": ids[row["id"]], "chat_id": copy_id, "parent_id": ids.get(row["parent_id"])}
                marks = ", ".join("?" * len(copied))
                sql.execute(f"INSERT INTO messages ({', '.join(copied)}) VALUES ({marks})", tuple(copied.values()))
            (leaf,) = sql.execute("SELECT leaf_id FROM chats WHERE id = ?", (chat_id,)).fetchall()
            sql.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (ids.get(leaf["leaf_id"]), copy_id))
        return ids

    def put_in_bin(self, chat_id: str, now_seconds: float) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET deleted_seconds = ? WHERE id = ?", (now_seconds, chat_id))

    def take_out_of_bin(self, chat_id: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET deleted_seconds = NULL WHERE id = ?", (chat_id,))

    def empty_bin(self, chat_id: str = "") -> None:
        """Chats in the bin (one, or all) and deleted messages of all chats are gone, and their words from the file."""
        with self._database.transaction() as sql:
            sql.execute(
                "DELETE FROM attachments WHERE chat_id IN"
                " (SELECT id FROM chats WHERE deleted_seconds IS NOT NULL AND ? IN ('', id))",
                (chat_id,),
            )
            n_gone = sql.execute(
                "DELETE FROM chats WHERE deleted_seconds IS NOT NULL AND ? IN ('', id)", (chat_id,)
            ).rowcount
            n_gone += sql.execute("DELETE FROM drafts WHERE chat_id = ?", (chat_id,)).rowcount if chat_id else 0
            if not chat_id:
                n_gone += sql.execute("DELETE FROM messages WHERE deleted_seconds IS NOT NULL").rowcount
                n_gone += sql.execute(
                    "DELETE FROM drafts WHERE chat_id <> '' AND chat_id NOT IN (SELECT id FROM chats)"
                ).rowcount
            if n_gone:
                for index in ("title_index", "message_index", "passage_index"):
                    sql.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")
        if n_gone:
            self._database.empty_log()

    # messages

    def message(self, message_id: str) -> MessageRow | None:
        rows = self._database.read("SELECT * FROM messages WHERE id = ?", message_id)
        return _message(rows[0]) if rows else None

    def messages(self, chat_id: str) -> list[MessageRow]:
        """All that are not deleted, of every branch, parents before what follows them."""
        rows = self._database.read(
            "SELECT * FROM messages WHERE chat_id = ? AND deleted_seconds IS NULL ORDER BY created_seconds, rowid",
            chat_id,
        )
        return [_message(row) for row in rows]

    def branch(self, leaf_id: str | None) -> list[MessageRow]:
        """From the first message of the chat to `leaf_id`."""
        if leaf_id is None:
            return []
        rows = self._database.read(
            "WITH RECURSIVE branch (id, depth) AS ("
            " SELECT ?, 0 UNION ALL"
            " SELECT messages.parent_id, depth + 1 FROM messages JOIN branch ON messages.id = branch.id"
            " WHERE messages.parent_id IS NOT NULL)"
            " SELECT messages.* FROM messages JOIN branch ON messages.id = branch.id ORDER BY depth DESC",
            leaf_id,
        )
        return [_message(row) for row in rows]

    def versions(self, message: MessageRow) -> list[str]:
        """Ids of the messages that stand at the same fork, itself among them, oldest first."""
        rows = self._database.read(
            "SELECT id FROM messages WHERE chat_id = ? AND parent_id IS ? AND role = ?"
            " AND deleted_seconds IS NULL ORDER BY created_seconds, id",
            message.chat_id,
            message.parent_id,
            message.role,
        )
        return [row["id"] for row in rows]

    def forks(self, chat_id: str) -> dict[str, tuple[int, int]]:
        """Of each message that has other versions: which one it is, from 1 on, and how many there are."""
        rows = self._database.read(
            "SELECT * FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY parent_id, role ORDER BY created_seconds, id) AS"
            " version, COUNT(*) OVER (PARTITION BY parent_id, role) AS n_versions FROM messages"
            " WHERE chat_id = ? AND deleted_seconds IS NULL) WHERE n_versions > 1",
            chat_id,
        )
        return {row["id"]: (row["version"], row["n_versions"]) for row in rows}

    def newest_leaf_below(self, message_id: str) -> str:
        """The end of the newest branch that goes through a message."""
        while True:
            rows = self._database.read(
                "SELECT id FROM messages WHERE parent_id = ? AND deleted_seconds IS NULL"
                " ORDER BY created_seconds DESC, id DESC LIMIT 1",
                message_id,
            )
            if not rows:
                return message_id
            message_id = rows[0]["id"]

    def add_turn(self, *, new_title: str | None, chat_id: str, messages: list[MessageRow], now_seconds: float) -> None:
        """Messages of one turn, oldest first; the last one becomes the leaf. `new_title`: the chat is new."""
        with self._database.transaction() as sql:
            if new_title is not None:
                sql.execute(
                    "INSERT INTO chats (id, title, created_seconds, updated_seconds, title_by)"
                    " VALUES (?, ?, ?, ?, 'words')",
                    (chat_id, new_title, now_seconds, now_seconds),
                )
            sql.executemany(
                "INSERT INTO messages (id, chat_id, parent_id, role, text, state, created_seconds)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (row.id, chat_id, row.parent_id, row.role, row.text, row.state, row.created_seconds)
                    for row in messages
                ],
            )
            sql.execute(
                "UPDATE chats SET leaf_id = ?, updated_seconds = ? WHERE id = ?",
                (messages[-1].id, now_seconds, chat_id),
            )

    def pin_message(self, message_id: str, is_pinned: bool) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE messages SET is_pinned = ? WHERE id = ?", (is_pinned, message_id))

    def delete_message(self, message_id: str, now_seconds: float) -> None:
        """With all that follows it; the chat shows what is left."""
        self._mark_below(message_id, None, now_seconds)

    def undelete_message(self, message: MessageRow) -> None:
        """With all that was deleted with it."""
        self._mark_below(message.id, message.deleted_seconds, None)

    def _mark_below(self, message_id: str, old: float | None, new: float | None) -> None:
        with self._database.transaction() as sql:
            sql.execute(
                "WITH RECURSIVE below (id) AS (SELECT ? UNION ALL"
                " SELECT messages.id FROM messages JOIN below ON messages.parent_id = below.id)"
                " UPDATE messages SET deleted_seconds = ? WHERE id IN (SELECT id FROM below) AND deleted_seconds IS ?",
                (message_id, new, old),
            )

    def newest_beginning(self, chat_id: str) -> str | None:
        """The newest version of a chat's first message."""
        rows = self._database.read(
            "SELECT id FROM messages WHERE chat_id = ? AND parent_id IS NULL AND deleted_seconds IS NULL"
            " ORDER BY created_seconds DESC, id DESC LIMIT 1",
            chat_id,
        )
        return rows[0]["id"] if rows else None

    def set_leaf(self, chat_id: str, leaf_id: str | None) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (leaf_id, chat_id))

    def save_text(self, message_id: str, text: str, state: str) -> None:
        """A reply on its way: the text so far."""
        with self._database.transaction() as sql:
            sql.execute("UPDATE messages SET text = ?, state = ?, error = '' WHERE id = ?", (text, state, message_id))

    def finish_message(
        self,
        message_id: str,
        *,
        text: str,
        state: str,
        error: str,
        figures: dict[str, Any] | None,
        model_name: str = "",
        thinking_seconds: float = 0.0,
    ) -> None:
        said = None if figures is None else json.dumps(figures)
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE messages SET text = ?, state = ?, error = ?, figures = ?, model_name = ?, thinking_seconds = ?"
                " WHERE id = ?",
                (text, state, error, said, model_name, thinking_seconds, message_id),
            )

    def replace_state(self, old: str, new: str, error: str) -> int:
        """After a crash: replies that were being written. Returns how many."""
        with self._database.transaction() as sql:
            return sql.execute("UPDATE messages SET state = ?, error = ? WHERE state = ?", (new, error, old)).rowcount


def _chat(row: sqlite3.Row) -> ChatRow:
    columns = {field.name: row[field.name] for field in fields(ChatRow)}
    flags = {name: bool(row[name]) for name in ("is_pinned", "is_archived")}
    return ChatRow(**{**columns, **flags, "tags": tuple(json.loads(row["tags"]))})


def _message(row: sqlite3.Row) -> MessageRow:
    figures = json.loads(row["figures"]) if row["figures"] else None
    return MessageRow(**{**dict(row), "figures": figures, "is_pinned": bool(row["is_pinned"])})
