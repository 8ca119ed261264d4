"""Chats and their messages: a tree a chat, of which one branch is shown."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from app.store.database import Database


@dataclass(frozen=True, kw_only=True)
class ChatRow:
    id: str
    title: str
    leaf_id: str | None
    updated_seconds: float


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


class Chats:
    def __init__(self, database: Database) -> None:
        self._database = database

    # chats

    def all(self) -> list[ChatRow]:
        """Newest first, without those in the bin."""
        return [
            _chat(row)
            for row in self._database.read(
                "SELECT * FROM chats WHERE deleted_seconds IS NULL ORDER BY updated_seconds DESC"
            )
        ]

    def get(self, chat_id: str) -> ChatRow | None:
        rows = self._database.read("SELECT * FROM chats WHERE id = ? AND deleted_seconds IS NULL", chat_id)
        return _chat(rows[0]) if rows else None

    def is_in_bin(self, chat_id: str) -> bool:
        return bool(self._database.read("SELECT 1 FROM chats WHERE id = ? AND deleted_seconds IS NOT NULL", chat_id))

    def search(self, text: str) -> list[ChatRow]:
        """Chats whose title or messages hold the text, newest first."""
        pattern = "%" + text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        return [
            _chat(row)
            for row in self._database.read(
                r"SELECT * FROM chats WHERE deleted_seconds IS NULL AND (title LIKE ? ESCAPE '\' OR id IN"
                r" (SELECT chat_id FROM messages WHERE text LIKE ? ESCAPE '\')) ORDER BY updated_seconds DESC",
                pattern,
                pattern,
            )
        ]

    def rename(self, chat_id: str, title: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET title = ? WHERE id = ?", (title, chat_id))

    def put_in_bin(self, chat_id: str, now_seconds: float) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET deleted_seconds = ? WHERE id = ?", (now_seconds, chat_id))

    def take_out_of_bin(self, chat_id: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET deleted_seconds = NULL WHERE id = ?", (chat_id,))

    def empty_bin(self) -> None:
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM chats WHERE deleted_seconds IS NOT NULL")

    # messages

    def message(self, message_id: str) -> MessageRow | None:
        rows = self._database.read("SELECT * FROM messages WHERE id = ?", message_id)
        return _message(rows[0]) if rows else None

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
            "SELECT id FROM messages WHERE chat_id = ? AND parent_id IS ? AND role = ? ORDER BY created_seconds, id",
            message.chat_id,
            message.parent_id,
            message.role,
        )
        return [row["id"] for row in rows]

    def newest_leaf_below(self, message_id: str) -> str:
        """The end of the newest branch that goes through a message."""
        while True:
            rows = self._database.read(
                "SELECT id FROM messages WHERE parent_id = ? ORDER BY created_seconds DESC, id DESC LIMIT 1", message_id
            )
            if not rows:
                return message_id
            message_id = rows[0]["id"]

    def add_turn(self, *, new_title: str | None, chat_id: str, messages: list[MessageRow], now_seconds: float) -> None:
        """Messages of one turn, oldest first; the last one becomes the leaf. `new_title`: the chat is new."""
        with self._database.transaction() as sql:
            if new_title is not None:
                sql.execute(
                    "INSERT INTO chats (id, title, created_seconds, updated_seconds) VALUES (?, ?, ?, ?)",
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

    def set_leaf(self, chat_id: str, leaf_id: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (leaf_id, chat_id))

    def save_text(self, message_id: str, text: str, state: str) -> None:
        """A reply on its way: the text so far."""
        with self._database.transaction() as sql:
            sql.execute("UPDATE messages SET text = ?, state = ?, error = '' WHERE id = ?", (text, state, message_id))

    def finish_message(
        self, message_id: str, *, text: str, state: str, error: str, figures: dict[str, Any] | None
    ) -> None:
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE messages SET text = ?, state = ?, error = ?, figures = ? WHERE id = ?",
                (text, state, error, None if figures is None else json.dumps(figures), message_id),
            )

    def replace_state(self, old: str, new: str, error: str) -> int:
        """After a crash: replies that were being written. Returns how many."""
        with self._database.transaction() as sql:
            return sql.execute("UPDATE messages SET state = ?, error = ? WHERE state = ?", (new, error, old)).rowcount


def _chat(row: sqlite3.Row) -> ChatRow:
    return ChatRow(id=row["id"], title=row["title"], leaf_id=row["leaf_id"], updated_seconds=row["updated_seconds"])


def _message(row: sqlite3.Row) -> MessageRow:
    fields = dict(row)
    fields["figures"] = json.loads(row["figures"]) if row["figures"] else None
    return MessageRow(**fields)
