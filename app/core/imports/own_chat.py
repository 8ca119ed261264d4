"""Rubato's own JSON of a chat, as app/core/chat_json.py writes it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.core.chat_json import FORMAT, VERSION
from app.core.chat_views import ChatOptions, Figures, MessageState, Role
from app.core.imports import chat_documents
from app.core.imports.arrivals import (
    ArrivingChat,
    Unusable,
    check_length,
    derived_id,
    number_in,
    text_in,
    title_in,
)
from app.core.imports.chat_documents import ChatDocuments
from app.core.imports.message_tree import Node, in_order
from app.core.reply_writer import BROKEN_OFF
from app.store.chats import ChatRow, MessageRow

_ID = re.compile(r"[^\x00-\x1f]{1,200}")
_MOST_TAGS = 50


def chat_of(value: dict[str, Any], now_seconds: float) -> ArrivingChat:
    """Raises Unusable."""
    if number_in(value.get("version")) > VERSION:
        raise Unusable("was written by a newer Rubato")
    given = {}
    nodes = []
    for message in value.get("messages") or ():
        if isinstance(message, dict) and message.get("role") in (Role.USER.value, Role.ASSISTANT.value):
            id = _id(message.get("id"))
            given[id] = message
            parent = message.get("parent")
            nodes.append(
                Node(
                    id=id,
                    parent=_id(parent) if parent else None,
                    role=message["role"],
                    text=check_length(text_in(message.get("text"))),
                    seconds=_seconds(message.get("created")),
                    model=text_in(message.get("model")),
                )
            )
    id = _id(value.get("id"))
    messages = tuple(_message(id, node, given[node.id], now_seconds) for node in in_order(nodes))
    leaf = value.get("leaf")
    known = {message.id for message in messages}
    updated = _seconds(value.get("updated")) or max((m.created_seconds for m in messages), default=now_seconds)
    return ArrivingChat(
        chat=ChatRow(
            id=id,
            title=title_in(value.get("title"), messages),
            leaf_id=leaf if leaf in known else next(reversed([m.id for m in messages]), None),
            updated_seconds=min(updated, now_seconds),
            folder_id=text_in(value.get("folder")),
            persona_id=text_in(value.get("persona")),
            tags=_tags(value.get("tags")),
            options=options_text(value.get("options")),
            is_pinned=value.get("pinned") is True,
            is_archived=value.get("archived") is True,
        ),
        messages=messages,
        draft=text_in(value.get("draft")),
        waiting=tuple(_waiting(value.get("waiting"))),
        documents=_documents(value.get("sent")),
    )


def is_one(value: dict[str, Any]) -> bool:
    return value.get("format") == FORMAT


def _message(chat_id: str, node: Node, value: dict[str, Any], now_seconds: float) -> MessageRow:
    state = value.get("state")
    if state not in [known.value for known in MessageState]:
        state = MessageState.COMPLETE.value
    is_broken = state == MessageState.WRITING.value
    return MessageRow(
        id=node.id,
        chat_id=chat_id,
        parent_id=node.parent,
        role=node.role,
        text=node.text,
        state=MessageState.INTERRUPTED.value if is_broken else state,
        error=BROKEN_OFF if is_broken else text_in(value.get("error")),
        figures=_figures(value.get("figures")),
        created_seconds=node.seconds or now_seconds,
        is_pinned=value.get("pinned") is True,
        model_name=node.model,
        thinking_seconds=number_in(value.get("thinking_seconds")),
    )


def _id(value: object) -> str:
    """As it was, so that it is known when it comes again."""
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    return derived_id("rubato", json.dumps(value, sort_keys=True))


def _seconds(value: object) -> float:
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        return 0.0 if read is None else (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _tags(value: object) -> tuple[str, ...]:
    tags = [text_in(tag).strip() for tag in value] if isinstance(value, list) else []
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:_MOST_TAGS]


def options_text(value: object) -> str:
    try:
        return msgspec.json.encode(msgspec.convert(value or {}, ChatOptions)).decode()
    except msgspec.ValidationError:
        return "{}"


def _figures(value: object) -> dict[str, Any] | None:
    try:
        return msgspec.to_builtins(msgspec.convert(value, Figures)) if value else None
    except msgspec.ValidationError:
        return None


def _documents(value: object) -> ChatDocuments:
    try:
        return chat_documents.read(value)
    except msgspec.MsgspecError as error:
        raise Unusable("is damaged in the file") from error


def _waiting(value: object) -> Iterable[tuple[str, str]]:
    for turn in value if isinstance(value, list) else ():
        if isinstance(turn, dict) and text_in(turn.get("text")).strip():
            yield _id(turn.get("id")), text_in(turn["text"])
