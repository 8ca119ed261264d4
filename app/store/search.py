"""Words in titles and messages, through SQLite's full-text index."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from app.store.database import Database
from app.store.excerpts import excerpt, words_of

MOST_RANKED = 5_000  # where more have the words, the newest come first: to weigh them all would take too long
_BEGIN, _END = "\ue000", "\ue001"  # around a word that was found: for private use, so in no text
_MARK = re.compile(f"{_BEGIN}(.*?){_END}", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Found:
    """`marks`: from ... to in the snippet. `message_id` empty: in the title."""

    chat_id: str
    message_id: str
    snippet: str
    marks: tuple[tuple[int, int], ...]


def find(database: Database, text: str, limit: int) -> list[Found]:
    """What has all words of `text`, or words that begin with them: titles first, then messages, best first."""
    words = words_of(text)
    if not words:
        return []
    wanted = _query(words)
    titles = database.read(
        "SELECT chats.id AS chat_id, '' AS message_id, highlight(title_index, 0, ?, ?) AS snippet"
        " FROM title_index JOIN chats ON chats.rowid = title_index.rowid"
        " WHERE title_index MATCH ? AND chats.deleted_seconds IS NULL ORDER BY rank LIMIT ?",
        _BEGIN,
        _END,
        wanted,
        limit,
    )
    (counted,) = database.read(
        "SELECT count(*) AS n FROM (SELECT 1 FROM message_index WHERE message_index MATCH ? LIMIT ?)",
        wanted,
        MOST_RANKED + 1,
    )
    order = "rank" if counted["n"] <= MOST_RANKED else "message_index.rowid DESC"
    messages = database.read(
        "SELECT messages.chat_id, messages.id AS message_id, messages.text"
        " FROM message_index JOIN messages ON messages.rowid = message_index.rowid"
        " JOIN chats ON chats.id = messages.chat_id WHERE message_index MATCH ?"
        " AND chats.deleted_seconds IS NULL AND messages.deleted_seconds IS NULL"
        f" ORDER BY {order} LIMIT ?",
        wanted,
        limit - len(titles),
    )
    return [*map(_title, titles), *(_message(row, words) for row in messages)]


def _query(words: Sequence[str]) -> str:
    """Each word in quotes, so that none of them is an operator; a star, so that its beginning is enough."""
    return " ".join(f'"{word}"*' for word in words)


def _message(row: sqlite3.Row, words: Sequence[str]) -> Found:
    snippet, marks = excerpt(row["text"], words)
    return Found(chat_id=row["chat_id"], message_id=row["message_id"], snippet=snippet, marks=marks)


def _title(row: sqlite3.Row) -> Found:
    plain, marks, end = "", [], 0
    for match in _MARK.finditer(row["snippet"]):
        plain += row["snippet"][end : match.start()]
        marks.append((len(plain), len(plain) + len(match[1])))
        plain, end = plain + match[1], match.end()
    plain += row["snippet"][end:]
    return Found(chat_id=row["chat_id"], message_id=row["message_id"], snippet=plain, marks=tuple(marks))
