"""How fast models wrote in chats, from the figures of their replies."""

from __future__ import annotations

import json

from app.store.database import Database

_LATEST = 300


def chat_speeds(database: Database) -> list[tuple[str, float, int]]:
    """Of the latest replies, the newest first: the model's name, tokens a second, tokens that it wrote."""
    rows = database.read(
        "SELECT model_name, figures FROM messages WHERE figures IS NOT NULL AND model_name != ''"
        " ORDER BY rowid DESC LIMIT ?",
        _LATEST,
    )
    made = []
    for row in rows:
        figures = json.loads(row["figures"])
        made.append((row["model_name"], figures.get("tokens_per_second", 0.0), figures.get("output_tokens", 0)))
    return made
