"""Documents in chats: what was read of them, where they are used, and what the model was given of them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields

from app.store.database import Database

_MOST_WORDS = 64  # of a question that are looked for


@dataclass(frozen=True, kw_only=True)
class DocumentRow:
    """`path`: the file that was added. `source`: the copy of it, below the profile's folder of attachments."""

    id: str
    name: str
    path: str
    source: str
    state: str
    error: str
    notes: tuple[str, ...]
    n_pages: int
    n_tokens: int
    job_id: str
    summary: str
    summary_error: str


@dataclass(frozen=True, kw_only=True)
class AttachmentRow:
    """`message_id` and `queued_id` empty: it waits at the composer."""

    id: str
    document: DocumentRow
    chat_id: str
    message_id: str
    queued_id: str
    use: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class PassageRow:
    id: int
    document_id: str
    position: int
    place: str
    text: str
    n_tokens: int


@dataclass(frozen=True, kw_only=True)
class GivenRow:
    """`passages` is JSON."""

    message_id: str
    text: str
    passages: str


_COLUMNS = ", ".join(f"chat_documents.{field.name} AS document_{field.name}" for field in fields(DocumentRow))
_ATTACHMENTS = (
    f"SELECT attachments.*, {_COLUMNS} FROM attachments JOIN chat_documents"
    " ON chat_documents.id = attachments.document_id"
)
_UNMADE = "message_id IS NULL AND queued_id IS NULL AND chat_id NOT IN (SELECT id FROM chats)"


class Attachments:
    def __init__(self, database: Database) -> None:
        self._database = database

    def together(self) -> AbstractContextManager[sqlite3.Connection]:
        """What is written in this block is one commit."""
        return self._database.transaction()

    # where they are used

    def add(self, id: str, chat_id: str, *, document_id: str, name: str, path: str, use: str, state: str) -> None:
        """A document that nobody has read so far, at the composer of a chat."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO chat_documents (id, name, path, state) VALUES (?, ?, ?, ?)",
                (document_id, name, path, state),
            )
            sql.execute(
                "INSERT INTO attachments (id, document_id, chat_id, use) VALUES (?, ?, ?, ?)",
                (id, document_id, chat_id, use),
            )

    def get(self, id: str) -> AttachmentRow | None:
        return next(iter(self._attachments("attachments.id = ?", id)), None)

    def waiting(self, chat_id: str) -> list[AttachmentRow]:
        """At the composer."""
        return self._attachments("chat_id = ? AND message_id IS NULL AND queued_id IS NULL", chat_id)

    def of_unmade_chats(self) -> list[AttachmentRow]:
        """What waits at the composer of chats that were never made."""
        return self._attachments(_UNMADE)

    def not_given(self, chat_id: str) -> list[AttachmentRow]:
        """At the composer, in turns that wait, and in messages that the model has not been given so far."""
        return self._attachments(
            "chat_id = ? AND (message_id IS NULL OR message_id NOT IN (SELECT message_id FROM given_texts))", chat_id
        )

    def of_queued(self, queued_id: str) -> list[AttachmentRow]:
        return self._attachments("queued_id = ?", queued_id)

    def of_message(self, message_id: str) -> list[AttachmentRow]:
        return self._attachments("message_id = ?", message_id)

    def of_chat(self, chat_id: str) -> list[AttachmentRow]:
        """Wherever in it they are."""
        return self._attachments("chat_id = ?", chat_id)

    def of_document(self, document_id: str) -> list[AttachmentRow]:
        return self._attachments("document_id = ?", document_id)

    def is_used(self, chat_id: str) -> bool:
        """Whether anything was added to this chat, made or to be made."""
        return bool(self._database.read("SELECT 1 FROM attachments WHERE chat_id = ? LIMIT 1", chat_id))

    def chats_with_waiting(self) -> list[str]:
        """Chats at whose composer something waits."""
        rows = self._database.read(
            "SELECT DISTINCT chat_id FROM attachments WHERE message_id IS NULL AND queued_id IS NULL"
        )
        return [row["chat_id"] for row in rows]

    def set_use(self, id: str, use: str, *, is_chosen: bool) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE attachments SET use = ?, is_chosen = ? WHERE id = ?", (use, is_chosen, id))

    def send(self, chat_id: str, message_id: str) -> None:
        """What waits at the composer goes with this message."""
        self._move("message_id = ?", "chat_id = ? AND message_id IS NULL AND queued_id IS NULL", message_id, chat_id)

    def queue(self, chat_id: str, queued_id: str) -> None:
        """What waits at the composer goes with a turn that waits too."""
        self._move("queued_id = ?", "chat_id = ? AND message_id IS NULL AND queued_id IS NULL", queued_id, chat_id)

    def send_queued(self, queued_id: str, message_id: str) -> None:
        self._move("message_id = ?, queued_id = NULL", "queued_id = ?", message_id, queued_id)

    def adopt(self, chat_id: str) -> None:
        """What waits in chats that were never made waits in this one, which is to be made."""
        self._move("chat_id = ?", _UNMADE, chat_id)

    def _move(self, change: str, where: str, *values: str) -> None:
        with self._database.transaction() as sql:
            sql.execute(f"UPDATE attachments SET {change} WHERE {where}", values)

    def copy(self, message_ids: Mapping[str, str], new_id: Callable[[], str], *, with_texts: bool) -> None:
        """What went with the first messages goes with the second too; `with_texts`: as it was given."""
        with self._database.transaction() as sql:
            for old, new in message_ids.items():
                for row in self.of_message(old):
                    sql.execute(
                        "INSERT INTO attachments (id, document_id, chat_id, message_id, use, is_chosen)"
                        " SELECT ?, ?, chat_id, id, ?, ? FROM messages WHERE id = ?",
                        (new_id(), row.document.id, row.use, row.is_chosen, new),
                    )
                if with_texts:
                    sql.execute(
                        "INSERT INTO given_texts SELECT ?, text, passages FROM given_texts WHERE message_id = ?",
                        (new, old),
                    )

    def remove(self, ids: Iterable[str]) -> None:
        """Documents that are used nowhere else are gone with them, and their words from the file."""
        with self._database.transaction() as sql:
            sql.executemany("DELETE FROM attachments WHERE id = ?", [(id,) for id in ids])
            sql.execute("INSERT INTO passage_index (passage_index) VALUES ('optimize')")
        self._database.empty_log()

    def _attachments(self, where: str, *values: str) -> list[AttachmentRow]:
        return [
            AttachmentRow(
                id=row["id"],
                document=_document(row, "document_"),
                chat_id=row["chat_id"],
                message_id=row["message_id"] or "",
                queued_id=row["queued_id"] or "",
                use=row["use"],
                is_chosen=bool(row["is_chosen"]),
            )
            for row in self._database.read(f"{_ATTACHMENTS} WHERE {where} ORDER BY position", *values)
        ]

    # documents

    def document(self, id: str) -> DocumentRow | None:
        rows = self._database.read("SELECT * FROM chat_documents WHERE id = ?", id)
        return _document(rows[0]) if rows else None

    def documents(self) -> list[DocumentRow]:
        return [_document(row) for row in self._database.read("SELECT * FROM chat_documents ORDER BY rowid")]

    def documents_of_job(self, job_id: str) -> list[DocumentRow]:
        """Those that this job summarises."""
        return [
            _document(row)
            for row in self._database.read("SELECT * FROM chat_documents WHERE job_id = ? AND job_id <> ''", job_id)
        ]

    def text(self, document_id: str) -> str:
        rows = self._database.read("SELECT text FROM chat_documents WHERE id = ?", document_id)
        return str(rows[0]["text"]) if rows else ""

    def change_document(self, id: str, **columns: str | int) -> None:
        with self._database.transaction() as sql:
            sql.execute(
                f"UPDATE chat_documents SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?",
                (*columns.values(), id),
            )

    def save_read(
        self,
        id: str,
        *,
        text: str,
        notes: Sequence[str],
        n_pages: int,
        passages: Sequence[tuple[str, str, int]],
    ) -> None:
        """What was read of a document, in place of what was there; passages as (place, text, tokens), in order."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM passages WHERE document_id = ?", (id,))
            sql.executemany(
                "INSERT INTO passages (document_id, position, place, text, n_tokens) VALUES (?, ?, ?, ?, ?)",
                [(id, n, place, words, tokens) for n, (place, words, tokens) in enumerate(passages)],
            )
            sql.execute(
                "UPDATE chat_documents SET text = ?, notes = ?, n_pages = ?, n_tokens = ? WHERE id = ?",
                (text, json.dumps(list(notes)), n_pages, sum(tokens for _, _, tokens in passages), id),
            )

    # passages

    def passages(self, document_id: str) -> list[PassageRow]:
        """In the order of the document."""
        return self._passages("document_id = ? ORDER BY position", document_id)

    def passages_at(self, ids: Sequence[int]) -> list[PassageRow]:
        """In the order of `ids`."""
        found = {row.id: row for row in self._passages(f"id IN ({', '.join('?' * len(ids))})", *ids)}
        return [found[id] for id in ids if id in found]

    def search(self, document_ids: Sequence[str], question: str, limit: int) -> list[int]:
        """Passages that have any word of the question, best first (bm25)."""
        words = list(dict.fromkeys(re.findall(r"[^\W_]+", question.lower())))[:_MOST_WORDS]
        if not words or not document_ids:
            return []
        rows = self._database.read(
            "SELECT passages.id FROM passage_index JOIN passages ON passages.id = passage_index.rowid"
            f" WHERE passage_index MATCH ? AND passages.document_id IN ({', '.join('?' * len(document_ids))})"
            " ORDER BY rank, passages.id LIMIT ?",
            " OR ".join(f'"{word}"' for word in words),
            *document_ids,
            limit,
        )
        return [row["id"] for row in rows]

    def set_tokens(self, tokens: Mapping[int, int], document_id: str) -> None:
        """Counted anew, by passage: another model is loaded."""
        with self._database.transaction() as sql:
            sql.executemany("UPDATE passages SET n_tokens = ? WHERE id = ?", [(n, id) for id, n in tokens.items()])
            sql.execute("UPDATE chat_documents SET n_tokens = ? WHERE id = ?", (sum(tokens.values()), document_id))

    def vectors(self, document_ids: Sequence[str], model: str) -> dict[int, bytes]:
        """By passage, those that this model made."""
        rows = self._database.read(
            "SELECT id, vector FROM passages WHERE vector_model = ?"
            f" AND document_id IN ({', '.join('?' * len(document_ids))})",
            model,
            *document_ids,
        )
        return {row["id"]: row["vector"] for row in rows}

    def save_vectors(self, model: str, vectors: Mapping[int, bytes]) -> None:
        with self._database.transaction() as sql:
            sql.executemany(
                "UPDATE passages SET vector = ?, vector_model = ? WHERE id = ?",
                [(vector, model, id) for id, vector in vectors.items()],
            )

    def _passages(self, where: str, *values: str | int) -> list[PassageRow]:
        rows = self._database.read(
            f"SELECT id, document_id, position, place, text, n_tokens FROM passages WHERE {where}", *values
        )
        return [PassageRow(**dict(row)) for row in rows]

    # what the model was given

    def given(self, message_id: str) -> GivenRow | None:
        rows = self._database.read("SELECT * FROM given_texts WHERE message_id = ?", message_id)
        return GivenRow(**dict(rows[0])) if rows else None

    def all_given(self, chat_id: str) -> dict[str, str]:
        """By message of a chat."""
        rows = self._database.read(
            "SELECT message_id, given_texts.text FROM given_texts JOIN messages ON messages.id = message_id"
            " WHERE chat_id = ?",
            chat_id,
        )
        return {row["message_id"]: row["text"] for row in rows}

    def give(self, given: GivenRow) -> None:
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO given_texts VALUES (?, ?, ?)", (given.message_id, given.text, given.passages)
            )


def _document(row: sqlite3.Row, prefix: str = "") -> DocumentRow:
    columns = {field.name: row[prefix + field.name] for field in fields(DocumentRow)}
    return DocumentRow(**{**columns, "notes": tuple(json.loads(columns["notes"]))})
