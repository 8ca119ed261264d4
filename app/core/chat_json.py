"""A chat with all of its versions as JSON: what is written, and read again. Pure.

{"format": "rubato-chat", "version": 1, "id", "title", "updated", "leaf": the end of the branch that is shown,
 "tags": [], "folder": its id, "persona": its id, "options": {}, "pinned", "archived", "draft",
 "waiting": [{"id", "text"}],
 "messages": [{"id", "parent": an id or null, "role": "user" | "assistant", "text", "state", "model", "created",
               "error", "thinking_seconds", "pinned", "figures": {} | null}]}

Times are ISO 8601 in UTC. What a model thought stands in its text, between <think> and </think>. A reader passes over
fields that it does not know, and does without all but "format", "version" and "messages".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from app.store.chats import ChatRow, MessageRow

FORMAT, VERSION = "rubato-chat", 1


def value_of(
    chat: ChatRow, messages: Sequence[MessageRow], *, draft: str = "", waiting: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """`messages`: all of the chat, parents first; `waiting`: turns (id, text) that have not been sent."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": chat.id,
        "title": chat.title,
        "updated": time_text(chat.updated_seconds),
        "tags": list(chat.tags),
        "folder": chat.folder_id,
        "persona": chat.persona_id,
        "options": json.loads(chat.options),
        "pinned": chat.is_pinned,
        "archived": chat.is_archived,
        "draft": draft,
        "waiting": [{"id": id, "text": text} for id, text in waiting],
        "leaf": chat.leaf_id,
        "messages": [
            {
                "id": message.id,
                "parent": message.parent_id,
                "role": message.role,
                "text": message.text,
                "state": message.state,
                "model": message.model_name,
                "created": time_text(message.created_seconds),
                "error": message.error,
                "thinking_seconds": message.thinking_seconds,
                "pinned": message.is_pinned,
                "figures": message.figures,
            }
            for message in messages
        ],
    }


def time_text(seconds: float) -> str:
    """To the microsecond: messages are in the order of their times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
