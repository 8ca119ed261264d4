"""A conversation of the web page of llama.cpp's server: {"conv": …, "messages": […]}, or lines of JSON. Pure.

Lines: one of type "session" with what `conv` has, then one of type "message" for each message.
"""

from __future__ import annotations

from typing import Any

from app.core.imports.arrivals import ArrivingChat, LeftOut, Thing, Unusable, number_in, text_in
from app.core.imports.foreign_chat import arriving
from app.core.imports.message_tree import Node

_NO_TEXT = {"image": Thing.IMAGE, "audio": Thing.FILE, "video": Thing.FILE}


def is_one(value: dict[str, Any]) -> bool:
    return isinstance(value.get("conv"), dict) and isinstance(value.get("messages"), list)


def chat_of(value: dict[str, Any], left_out: LeftOut, now_seconds: float) -> ArrivingChat:
    """Raises Unusable."""
    conv = value["conv"]
    id = text_in(conv.get("id"))
    if not id:
        raise Unusable("has no id")
    messages = [message for message in value["messages"] if isinstance(message, dict)]
    prompts = [text_in(message.get("content")) for message in messages if message.get("role") == "system"]
    return arriving(
        "llama.cpp",
        id,
        [_node(message, left_out) for message in messages],
        title=conv.get("name"),
        shown=conv.get("currNode"),
        updated_seconds=number_in(conv.get("lastModified")) / 1000,
        now_seconds=now_seconds,
        system_prompt=next((prompt for prompt in prompts if prompt.strip()), ""),
        is_pinned=conv.get("pinned") is True,
    )


def _node(message: dict[str, Any], left_out: LeftOut) -> Node:
    role = message.get("role")
    text = thought = ""
    if role == "tool":
        left_out.things[Thing.TOOL] += 1
    elif role in ("user", "assistant") and message.get("type") != "root":
        extra = message.get("extra")
        files = [_file(file, left_out) for file in extra if isinstance(file, dict)] if isinstance(extra, list) else []
        text = "\n\n".join(part for part in (text_in(message.get("content")).strip(), *files) if part)
        thought = text_in(message.get("reasoningContent")) or text_in(message.get("thinking"))
    parent = message.get("parent")
    return Node(
        id=str(message.get("id")),
        parent=str(parent) if parent not in (None, "", -1) else None,
        role=str(role) if text or thought else "",
        text=text,
        thought=thought,
        seconds=number_in(message.get("timestamp")) / 1000,
        model=text_in(message.get("model")),
    )


def _file(file: dict[str, Any], left_out: LeftOut) -> str:
    """The text of a document, as the page gave it to the model; nothing of what is no text."""
    kind = text_in(file.get("type")).lower()
    for word, thing in _NO_TEXT.items():
        if word in kind:
            left_out.things[thing] += 1
            return ""
    name, content = text_in(file.get("name")), text_in(file.get("content"))
    return f"{name}\n\n{content}".strip() if content.strip() else ""
