"""Documents that were sent in a chat, as they go into a file and come out of it: by columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.store.database import Database

_DOCUMENT = "id, name, state, error, notes, n_pages, n_tokens, text, summary"


def documents_of(database: Database, chat_id: str) -> dict[str, list[dict[str, Any]]]:
    """`documents` with their passages, `attachments` to messages, and the texts that the model was `given`."""
    sent = "SELECT document_id FROM attachments WHERE chat_id = ? AND message_id IS NOT NULL"
    documents = _rows(database, f"SELECT {_DOCUMENT} FROM chat_documents WHERE id IN ({sent})", chat_id)
    for document in documents:
        document["passages"] = _rows(
            database,
            "SELECT id, place, text, n_tokens FROM passages WHERE document_id = ? ORDER BY position",
            document["id"],
        )
    return {
        "documents": documents,
        "attachments": _rows(
            database,
            "SELECT id, document_id, message_id, use FROM attachments WHERE chat_id = ? AND message_id IS NOT NULL"
            " ORDER BY position",
            chat_id,
        ),
        "given": _rows(
            database,
            "SELECT message_id, given_texts.text, passages FROM given_texts JOIN messages ON messages.id = message_id"
            " WHERE chat_id = ?",
            chat_id,
        ),
    }


class ArrivingDocuments:
    """What is here already stays as it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_document(self, document: Mapping[str, Any], passages: Sequence[Mapping[str, Any]]) -> list[int]:
        """Returns the ids of its passages here, in the order of the document."""
        columns = _DOCUMENT.split(", ")
        with self._database.transaction() as sql:
            is_new = sql.execute(
                f"INSERT OR IGNORE INTO chat_documents ({_DOCUMENT}, path)"
                f" VALUES ({', '.join('?' * len(columns))}, '')",
                tuple(document[name] for name in columns),
            ).rowcount
            if is_new:
                sql.executemany(
                    "INSERT INTO passages (document_id, position, place, text, n_tokens) VALUES (?, ?, ?, ?, ?)",
                    [(document["id"], n, one["place"], one["text"], one["n_tokens"]) for n, one in enumerate(passages)],
                )
        query = "SELECT id FROM passages WHERE document_id = ? ORDER BY position"
        return [row["id"] for row in _rows(self._database, query, document["id"])]

    def add_attachment(self, chat_id: str, attachment: Mapping[str, Any]) -> None:
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT OR IGNORE INTO attachments (id, document_id, chat_id, message_id, use, is_chosen)"
                " VALUES (?, ?, ?, ?, ?, 1)",
                (attachment["id"], attachment["document_id"], chat_id, attachment["message_id"], attachment["use"]),
            )

    def add_given(self, message_id: str, text: str, passages: str) -> None:
        """`passages`: JSON."""
        with self._database.transaction() as sql:
            sql.execute("INSERT OR IGNORE INTO given_texts VALUES (?, ?, ?)", (message_id, text, passages))


def _rows(database: Database, query: str, *values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in database.read(query, *values)]
