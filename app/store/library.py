"""What stands around chats: folders, personas, saved prompts, drafts, turns that wait to be sent."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from app.store.database import Database


@dataclass(frozen=True, kw_only=True)
class FolderRow:
    id: str
    name: str
    position: int


@dataclass(frozen=True, kw_only=True)
class PersonaRow:
    """`options` is JSON."""

    id: str
    name: str
    system_prompt: str
    greeting: str
    model: str
    options: str


@dataclass(frozen=True, kw_only=True)
class PromptRow:
    id: str
    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class QueuedRow:
    id: str
    chat_id: str
    text: str
    is_left: bool


class Library:
    def __init__(self, database: Database) -> None:
        self._database = database

    def folders(self) -> list[FolderRow]:
        return [FolderRow(**dict(row)) for row in self._database.read("SELECT * FROM folders ORDER BY position")]

    def add_folder(self, id: str, name: str) -> None:
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO folders SELECT ?, ?, coalesce(max(position), 0) + 1 FROM folders WHERE true", (id, name)
            )

    def rename_folder(self, id: str, name: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE folders SET name = ? WHERE id = ?", (name, id))

    def remove_folder(self, id: str) -> None:
        """Its chats are in none then."""
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET folder_id = '' WHERE folder_id = ?", (id,))
            sql.execute("DELETE FROM folders WHERE id = ?", (id,))

    def personas(self) -> list[PersonaRow]:
        return [PersonaRow(**dict(row)) for row in self._database.read("SELECT * FROM personas ORDER BY name, id")]

    def save_persona(self, persona: PersonaRow) -> None:
        with self._database.transaction() as sql:
            sql.execute("INSERT OR REPLACE INTO personas VALUES (?, ?, ?, ?, ?, ?)", astuple(persona))

    def remove_persona(self, id: str) -> None:
        """Its chats have none then."""
        with self._database.transaction() as sql:
            sql.execute("UPDATE chats SET persona_id = '' WHERE persona_id = ?", (id,))
            sql.execute("DELETE FROM personas WHERE id = ?", (id,))

    def prompts(self) -> list[PromptRow]:
        return [PromptRow(**dict(row)) for row in self._database.read("SELECT * FROM saved_prompts ORDER BY name, id")]

    def save_prompt(self, prompt: PromptRow) -> None:
        with self._database.transaction() as sql:
            sql.execute("INSERT OR REPLACE INTO saved_prompts VALUES (?, ?, ?)", astuple(prompt))

    def remove_prompt(self, id: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM saved_prompts WHERE id = ?", (id,))

    def draft(self, chat_id: str) -> str:
        rows = self._database.read("SELECT text FROM drafts WHERE chat_id = ?", chat_id)
        return str(rows[0]["text"]) if rows else ""

    def set_draft(self, chat_id: str, text: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM drafts WHERE chat_id = ?", (chat_id,))
            if text:
                sql.execute("INSERT INTO drafts VALUES (?, ?)", (chat_id, text))

    def queue(self, id: str, chat_id: str, text: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("INSERT INTO queued_turns (id, chat_id, text) VALUES (?, ?, ?)", (id, chat_id, text))

    def queued(self, chat_id: str) -> list[QueuedRow]:
        return self._queued("chat_id", chat_id)

    def queued_turn(self, id: str) -> QueuedRow | None:
        return next(iter(self._queued("id", id)), None)

    def edit_queued(self, id: str, text: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("UPDATE queued_turns SET text = ? WHERE id = ?", (text, id))

    def remove_queued(self, id: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM queued_turns WHERE id = ?", (id,))

    def leave_queued(self, chat_id: str = "") -> None:
        """They wait for the person from now on; empty: those of all chats."""
        with self._database.transaction() as sql:
            sql.execute("UPDATE queued_turns SET is_left = 1 WHERE ? IN ('', chat_id)", (chat_id,))

    def _queued(self, column: str, value: str) -> list[QueuedRow]:
        rows = self._database.read(f"SELECT * FROM queued_turns WHERE {column} = ? ORDER BY position", value)
        return [
            QueuedRow(id=row["id"], chat_id=row["chat_id"], text=row["text"], is_left=bool(row["is_left"]))
            for row in rows
        ]
