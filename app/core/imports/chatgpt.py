"""A conversation of ChatGPT's export (conversations.json): a tree of nodes by their ids, in `mapping`. Pure.

Kept are what the person and the model wrote, and what the model thought. Left out, and counted: images and other files,
and what it said to its tools and they to it.
"""

from __future__ import annotations

import re
from typing import Any

from app.core.imports.arrivals import ArrivingChat, LeftOut, Thing, Unusable, number_in, text_in
from app.core.imports.foreign_chat import arriving
from app.core.imports.message_tree import Node

_MARKS = re.compile("\ue200[^\ue201]{0,2000}\ue201|[\ue200-\ue2ff]")  # citations that only its page can show
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_EVERYBODY = (None, "", "all")


def is_one(value: dict[str, Any]) -> bool:
    return isinstance(value.get("mapping"), dict)


def chat_of(value: dict[str, Any], left_out: LeftOut, now_seconds: float) -> ArrivingChat:
    """Raises Unusable."""
    nodes = [_node(id, node, left_out) for id, node in value["mapping"].items() if isinstance(node, dict)]
    id = text_in(value.get("conversation_id")) or text_in(value.get("id"))
    if not id:
        if not nodes:
            raise Unusable("has no text")
        id = nodes[0].id
    return arriving(
        "chatgpt",
        id,
        nodes,
        title=value.get("title"),
        shown=value.get("current_node"),
        updated_seconds=number_in(value.get("update_time")) or number_in(value.get("create_time")),
        now_seconds=now_seconds,
        is_archived=value.get("is_archived") is True,
        is_pinned=value.get("is_starred") is True,
    )


def _node(id: str, value: dict[str, Any], left_out: LeftOut) -> Node:
    parent = value.get("parent")
    parent = parent if isinstance(parent, str) else None
    message = value.get("message")
    message = message if isinstance(message, dict) else {}
    metadata = message.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    author = message.get("author")
    role = author.get("role") if isinstance(author, dict) else ""
    is_hidden = metadata.get("is_visually_hidden_from_conversation") is True or message.get("weight") == 0
    text = thought = ""
    if role in ("user", "assistant") and not is_hidden:
        content = message.get("content")
        if role == "assistant" and message.get("recipient") not in _EVERYBODY:
            left_out.things[Thing.TOOL] += 1
        elif isinstance(content, dict):
            text = _MARKS.sub("", _text(content, left_out)).strip()
            thought = _thought(content)
    return Node(
        id=id,
        parent=parent,
        role=str(role) if text or thought else "",
        text=text,
        thought=thought,
        seconds=number_in(message.get("create_time")),
        model=text_in(metadata.get("model_slug")) if role == "assistant" else "",
    )


def _text(content: dict[str, Any], left_out: LeftOut) -> str:
    kind = content.get("content_type")
    if kind == "code":
        language = text_in(content.get("language"))
        name = language if _LANGUAGE.fullmatch(language) and language != "unknown" else ""
        return f"```{name}\n{text_in(content.get('text'))}\n```"
    if kind in ("thoughts", "reasoning_recap", "user_editable_context", "model_editable_context"):
        return ""
    parts = content.get("parts")
    if not isinstance(parts, list):
        return text_in(content.get("text")) or text_in(content.get("result"))
    return "\n\n".join(part for part in (_part(part, left_out) for part in parts) if part)


def _thought(content: dict[str, Any]) -> str:
    thoughts = content.get("thoughts")
    steps = [step for step in thoughts if isinstance(step, dict)] if isinstance(thoughts, list) else []
    said = [f"{text_in(step.get('summary'))}\n{text_in(step.get('content'))}".strip() for step in steps]
    return "\n\n".join(part for part in said if part)


def _part(part: object, left_out: LeftOut) -> str:
    if isinstance(part, dict):
        if text := text_in(part.get("text")):  # what was said aloud, written down
            return text
        is_image = "image" in text_in(part.get("content_type"))
        left_out.things[Thing.IMAGE if is_image else Thing.FILE] += 1
        return "[image]" if is_image else ""
    return text_in(part)
